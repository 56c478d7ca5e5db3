"""A part that comes again is the next attempt: all stay, the last one counts, none is mixed up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, text

from engine.sources.base import PartName
from engine.types import Verdict
from tests.workstation.records.conftest import NOON, STATION, fault, inspection, origin
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.errors import AlreadyRecorded
from workstation.records.shifts import Shift
from workstation.records.statistics import ShiftCounts, Statistics
from workstation.records.store import Store
from workstation.records.tables import EventRow, InspectionRow, SearchRow
from workstation.records.words import EventKind

SHIFT = Shift("06-14", NOON.replace(hour=6, minute=0), NOON.replace(hour=14, minute=0))
EAST = timezone(timedelta(hours=9))


@pytest.fixture
def statistics(database: Database, folder: DataFolder) -> Statistics:
    return Statistics(database, STATION, pictures=folder.pictures)


def _take(
    store: Store,
    code: str | None,
    second: int,
    verdict: Verdict = Verdict.OK,
    *,
    day: datetime = NOON,
) -> PartName:
    """Name a camera's part and record it, as the engine does."""
    taken_at = day + timedelta(seconds=second)
    name = store.name_part(code, taken_at)
    store.record(
        inspection(
            second,
            verdict,
            keyed=False,
            source="camera",
            part_id=name.part_id,
            attempt=name.attempt,
            taken_at=taken_at,
        )
    )
    return name


def _standing(statistics: Statistics, *, simulated: bool = False) -> ShiftCounts:
    return statistics.shift_counts(SHIFT, simulated=simulated)


def test_a_code_is_the_part_id_and_comes_again_as_the_next_attempt(store: Store) -> None:
    names = [_take(store, code, n) for n, code in enumerate(["A7", "B1", "A7", "A7"])]
    assert names == [PartName("A7", 1), PartName("B1", 1), PartName("A7", 2), PartName("A7", 3)]


def test_naming_alone_writes_nothing(store: Store, rows: Callable[..., list[object]]) -> None:
    assert store.name_part("A7", NOON) == store.name_part("A7", NOON) == PartName("A7", 1)
    assert rows(select(InspectionRow)) == []


def test_other_parts_with_the_same_id_are_no_attempts(store: Store, database: Database) -> None:
    for changes in (
        {"keyed": False, "simulated": True},
        {"keyed": False, "source": "replay"},
        {"keyed": True},
    ):
        store.record(inspection(1, part_id="A7", **changes))
    Store(database, "press 5").record(inspection(1, part_id="A7", keyed=False, source="camera"))
    assert store.name_part("A7", NOON) == PartName("A7", 1)


def test_without_a_code_parts_are_numbered_by_the_local_day(database: Database) -> None:
    store = Store(database, STATION, zone=EAST)  # noon UTC is 21:00 there
    evening = [_take(store, None, n).part_id for n in range(2)]
    assert evening == ["press 4-20260302-0001", "press 4-20260302-0002"]
    assert _take(store, None, 3 * 3600).part_id == "press 4-20260303-0001"
    assert _take(store, None, 10).part_id == "press 4-20260302-0003"


def test_numbers_go_on_from_the_highest_of_the_day(store: Store, database: Database) -> None:
    for n, number in enumerate(["0007", "0010", "9999", "12A", ""]):
        _take(store, f"press 4-{NOON.astimezone():%Y%m%d}-{number}", n)
    assert _take(store, None, 10).part_id.endswith("-10000")
    assert _take(Store(database, STATION), None, 11).part_id.endswith("-10001")


def test_a_number_that_was_scanned_meanwhile_is_passed_over(store: Store) -> None:
    first = _take(store, None, 0).part_id
    scanned = first.replace("-0001", "-0002")
    assert _take(store, scanned, 1) == PartName(scanned, 1)
    assert _take(store, None, 2) == PartName(first.replace("-0001", "-0003"), 1)
    assert _take(store, first, 3) == PartName(first, 2)


def test_a_code_that_is_no_unicode_is_kept_and_known_again(store: Store) -> None:
    names = [_take(store, "A\udcff\0", n) for n in range(2)]
    assert [name.attempt for name in names] == [1, 2]


def test_an_attempt_that_was_taken_meanwhile_becomes_the_next_free_one(
    store: Store, statistics: Statistics
) -> None:
    """Of two that were named before either was recorded, neither verdict is lost."""
    numbers = [
        store.record(inspection(n, keyed=False, source="camera", part_id="A7", taken_at=NOON + gap))
        for n, gap in enumerate([timedelta(0), timedelta(seconds=1)])
    ]
    assert [statistics.inspection(number).attempt for number in numbers] == [1, 2]
    assert _standing(statistics).ok == 1


def test_the_very_same_frame_is_recorded_once(
    store: Store, rows: Callable[..., list[EventRow]]
) -> None:
    """The fault of a part whose row was written is no further attempt: it must not replace it."""
    number = store.record(inspection(1, keyed=False, source="camera"))
    with pytest.raises(AlreadyRecorded, match="part-0001") as caught:
        store.record(inspection(1, keyed=False, source="camera"))
    assert caught.value.inspection_id == number
    assert store.record_fault(fault(1, keyed=False, source="camera")) == number
    (event,) = rows(select(EventRow).where(EventRow.kind == EventKind.FAULT_REPEATED))
    assert json.loads(event.detail)["inspection"] == number


def test_the_last_attempt_counts_and_the_first_is_the_first_pass(
    store: Store, statistics: Statistics
) -> None:
    for n, (code, verdict) in enumerate(
        [("A", Verdict.NG), ("B", Verdict.OK), ("A", Verdict.REVIEW), ("A", Verdict.OK)]
    ):
        _take(store, code, n, verdict)
    counts = _standing(statistics)
    assert (counts.parts, counts.ok) == (2, 2)
    assert (counts.yield_share, counts.first_pass_yield) == (1.0, 0.5)
    assert statistics.waiting(SHIFT).count == 0
    assert len(statistics.recent(9)) == 4  # all stay


@pytest.mark.parametrize("changes", [{"source": "replay"}, {"simulated": True}])
def test_a_part_id_seen_again_by_itself_stays_a_part_of_its_own(
    store: Store, statistics: Statistics, changes: dict[str, object]
) -> None:
    def take(second: int, attempt: int) -> None:
        taken_at = NOON + timedelta(seconds=second)
        store.record(inspection(1, keyed=False, attempt=attempt, taken_at=taken_at, **changes))

    def parts() -> int:
        return _standing(statistics, simulated="simulated" in changes).parts

    for second in range(3):
        take(second, attempt=1)
    assert parts() == 3
    again = origin(1, keyed=False, **changes)
    assert store.next_attempt(again) == 2
    take(9, attempt=2)
    assert parts() == 3  # it replaces the last one only
    assert store.next_attempt(again) == 3


def test_a_file_inspected_again_is_known_by_its_key(store: Store) -> None:
    assert store.next_attempt(origin(1)) == 1
    store.record(inspection(1))
    store.record(inspection(2, part_id="part-0001"))
    assert store.next_attempt(origin(1, part_id="another")) == 2
    store.record(inspection(1, attempt=2))
    assert store.next_attempt(origin(1)) == 3


def test_inspecting_again_follows_the_part_id_of_a_camera(store: Store) -> None:
    name = _take(store, None, 0)
    again = origin(5, keyed=False, source="camera", part_id=name.part_id)
    assert store.next_attempt(again) == 2


def test_attempts_are_found_by_index(database: Database) -> None:
    """It is asked once per part of a camera, in the engine's thread."""
    question = (
        "SELECT id, attempt FROM inspection WHERE station = 's' AND part_id = 'p' AND "
        "file_path IS NULL AND simulated IS 0 AND source != 'replay' ORDER BY id DESC LIMIT 1"
    )
    with database.reading() as session:
        plan = str(session.execute(text(f"EXPLAIN QUERY PLAN {question}")).all())
    assert "INDEX ix_inspection_part (station=? AND part_id=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_the_search_rows_say_which_attempt_counts(
    store: Store, rows: Callable[..., list[SearchRow]]
) -> None:
    for n in range(3):
        _take(store, "A7", n)
    found = rows(select(SearchRow).order_by(SearchRow.inspection_id))
    assert [(row.attempt, row.superseded) for row in found] == [(1, True), (2, True), (3, False)]
