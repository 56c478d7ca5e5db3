"""Whatever is done to the record behind the program's back is found, and the place is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from engine.types import Verdict
from tests.workstation.records.conftest import NOON, STATION, fault, inspection
from workstation.paths import DataFolder
from workstation.records.anchors import Anchor, read_anchors, write_anchor
from workstation.records.database import Database
from workstation.records.store import Store
from workstation.records.verify import verify
from workstation.records.words import EventKind, FeedbackVerdict, NotInspectingReason

pytestmark = pytest.mark.slow

Tamper = Callable[[str], None]


@pytest.fixture
def filled(store: Store) -> Store:
    """Eight links: the migration, an event, three inspections, feedback and its withdrawal, and
    a span without inspection."""
    store.add_event(EventKind.STARTED)  # 2
    store.record(inspection(1))  # 3
    number = store.record(inspection(2, Verdict.NG))  # 4
    store.withdraw_feedback(store.give_feedback(number, FeedbackVerdict.OK, "dust"))  # 5, 6
    store.record_fault(fault(3))  # 7
    store.add_not_inspecting(NOON, NOON, NotInspectingReason.STOPPED, "For lunch.")  # 8
    return store


@pytest.fixture
def tamper(folder: DataFolder, filled: Store) -> Tamper:
    def do(statement: str) -> None:
        with closing(sqlite3.connect(folder.database)) as connection, connection:
            connection.executescript(statement)

    return do


def test_an_untouched_record_is_sound(database: Database, filled: Store) -> None:
    report = verify(database, [])
    assert report.sound
    assert (report.rows, report.stations) == (8, 1)
    assert report.tables == {
        "inspection": 3, "feedback": 2, "picture": 0, "event": 2, "not_inspecting": 1,
    }  # fmt: skip


def test_a_map_whose_retention_has_ended_is_no_break(database: Database, tamper: Tamper) -> None:
    tamper("DELETE FROM compact_map WHERE inspection_id = 1")
    assert verify(database, []).sound


def test_an_empty_record_is_sound(database: Database) -> None:
    assert verify(database, []).sound


@pytest.mark.parametrize(
    ("statement", "seq", "words"),
    [
        ("UPDATE inspection SET outcome = 'OK' WHERE seq = 4", 4, "changed"),
        ("UPDATE inspection SET score = score + 1e-9 WHERE seq = 3", 3, "changed"),
        ("UPDATE inspection SET fault_reason = NULL WHERE seq = 7", 7, "changed"),
        ("UPDATE inspection SET lot = 'x' WHERE seq = 3", 3, "changed"),
        ("UPDATE feedback SET note = '' WHERE seq = 5", 5, "changed"),
        ("UPDATE feedback SET inspection_id = 1 WHERE seq = 5", 5, "changed"),
        ("UPDATE inspection SET id = 40 WHERE seq = 3", 3, "changed"),
        ("UPDATE event SET hash_version = 9 WHERE seq = 2", 2, "unknown hash version"),
        ("DELETE FROM event WHERE seq = 2", 2, "Missing"),
        ("DELETE FROM event", 1, "Missing"),
        ("DELETE FROM inspection WHERE seq IN (3, 4)", 3, "Missing from the chain: rows 3-4"),
        ("UPDATE inspection SET health = '{}' WHERE seq = 3", 3, "changed"),
        ("UPDATE event SET hash_version = 2 WHERE seq = 2", 2, "unknown hash version"),
        ("UPDATE not_inspecting SET began_at = began_at + 1 WHERE seq = 8", 8, "changed"),
        ("UPDATE not_inspecting SET person = 'Ada' WHERE seq = 8", 8, "changed"),
        ("DELETE FROM not_inspecting", 8, "removed from its end"),
        ("DELETE FROM inspection WHERE seq = 7", 7, "Missing"),
        ("UPDATE compact_map SET data = x'00' WHERE inspection_id = 1", 3, "anomaly map"),
        ("UPDATE compact_map SET width = 3, height = 4 WHERE inspection_id = 2", 4, "anomaly map"),
        (
            "INSERT INTO event SELECT 90, station, 3, hash_version, hash, happened_at, person, "
            "kind, detail FROM event WHERE seq = 2",
            3,
            "",
        ),
        (
            "UPDATE inspection SET seq = -1 WHERE seq = 3;"
            "UPDATE inspection SET seq = 3 WHERE seq = 4;"
            "UPDATE inspection SET seq = 4 WHERE seq = -1",
            3,
            "exchanged",
        ),
    ],
)
def test_what_was_done_is_found_where_it_was_done(
    database: Database, tamper: Tamper, statement: str, seq: int, words: str
) -> None:
    tamper(statement)
    (found,) = verify(database, []).breaks
    assert (found.station, found.seq) == (STATION, seq)
    assert words in found.reason


def test_a_tail_cut_with_its_head_is_found_by_the_anchor(
    database: Database, folder: DataFolder, tamper: Tamper
) -> None:
    write_anchor(database, folder.anchors, station=STATION)
    tamper(
        "DELETE FROM not_inspecting WHERE seq = 8;"
        "UPDATE chain_head SET seq = 7, hash = (SELECT hash FROM inspection WHERE seq = 7)"
    )
    assert verify(database, []).sound  # nothing inside the database tells
    (found,) = verify(database, read_anchors(folder.anchors)[0]).breaks
    assert found.seq == 8
    assert "end of the chain is missing" in found.reason


def test_a_database_that_was_put_in_another_ones_place_is_found(
    database: Database, filled: Store
) -> None:
    other = Anchor(station=STATION, seq=3, hash="0" * 64, at="2026-03-02T12:00:00+00:00")
    (found,) = verify(database, [other]).breaks
    assert (found.seq, "written anew" in found.reason) == (3, True)


def test_a_station_that_vanished_is_found(database: Database, filled: Store) -> None:
    gone = Anchor(station="press 5", seq=3, hash="0" * 64, at="2026-03-02T12:00:00+00:00")
    (found,) = verify(database, [gone]).breaks
    assert (found.station, found.seq) == ("press 5", 1)


def test_each_station_has_a_chain_of_its_own(
    database: Database, filled: Store, tamper: Tamper
) -> None:
    Store(database, "press 5").record(inspection(1))
    assert verify(database, []).rows == 9
    tamper("UPDATE inspection SET lot = 'x' WHERE station = 'press 5'")
    report = verify(database, [])
    assert [(found.station, found.seq) for found in report.breaks] == [("press 5", 1)]
    assert report.rows == 8


def test_long_chains_are_read_in_pages(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.records.verify._PAGE", 3)
    for number in range(10):
        store.record(inspection(number))
        store.add_event(EventKind.STARTED)
    assert verify(database, []).rows == 21


def test_anchors_survive_a_line_that_was_cut_off(
    database: Database, folder: DataFolder, filled: Store
) -> None:
    first = write_anchor(database, folder.anchors, station=STATION)
    with folder.anchors.open("a", encoding="utf-8") as file:
        file.write('{"station": "press')
    second = write_anchor(database, folder.anchors, station=STATION)
    assert read_anchors(folder.anchors) == ([first, second], 1)


def test_an_empty_chain_has_no_anchor(database: Database, folder: DataFolder) -> None:
    assert write_anchor(database, folder.anchors, station="press 9") is None
    assert read_anchors(folder.anchors) == ([], 0)
