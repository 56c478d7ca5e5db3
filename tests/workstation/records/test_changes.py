"""What was changed last is said in words that fit into a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.workstation.records.conftest import STATION
from workstation.paths import DataFolder
from workstation.records.changes import Change
from workstation.records.database import Database
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.words import EventKind

AT = datetime(2026, 3, 2, 13, 2, tzinfo=UTC)
EAST = timezone(timedelta(hours=1))


@pytest.fixture
def statistics(database: Database, folder: DataFolder) -> Statistics:
    return Statistics(database, STATION, pictures=folder.pictures)


@pytest.mark.parametrize(
    ("kind", "old", "new", "words"),
    [
        (EventKind.LIMIT_CHANGED, 3.2, 3.4, "limit 3.20 → 3.40"),
        (EventKind.LIMIT_CHANGED, 0.00123, 1234.5, "limit 0.00123 → 1234"),
        (EventKind.LOT_CHANGED, "L7", "L8", "lot L7 → L8"),
        (EventKind.LOT_CHANGED, "L7", "", "lot L7 → none"),
        (EventKind.RELEASE_ACTIVATED, None, "r2", "release none → r2"),
        (EventKind.DEVICE_CHANGED, "cuda", "cpu", "device cuda → cpu"),
        (
            EventKind.SOURCE_CHANGED,
            {"kind": "folder", "path": "/line/top view"},
            {"kind": "camera", "device": "0"},
            "source folder top view → camera 0",
        ),
        (
            EventKind.SOURCE_CHANGED,
            None,
            {"kind": "stream", "url": "rtsp://ada:secret@camera-3.local:554/top"},
            "source none → stream camera-3.local",
        ),
        (
            EventKind.SOURCE_CHANGED,
            {"kind": "simulator", "seed": 1},
            {"kind": "simulator", "seed": 2},
            "source set anew (simulator)",
        ),
    ],
)
def test_a_change_is_said_in_words(
    store: Store, statistics: Statistics, kind: EventKind, old: Any, new: Any, words: str
) -> None:
    store.add_event(kind, old=old, new=new)
    (change,) = statistics.recent_changes(5)
    assert (change.kind, change.words, change.person) == (kind, words, "local")
    assert abs(change.at - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_newest_come_first_and_other_events_are_no_changes(
    store: Store, statistics: Statistics, database: Database
) -> None:
    for lot in ("A", "B", "C"):
        store.add_event(EventKind.LOT_CHANGED, old="", new=lot)
        store.add_event(EventKind.STOPPED)
    Store(database, "press 5").add_event(EventKind.LOT_CHANGED, old="", new="D")
    assert [change.words for change in statistics.recent_changes(2)] == [
        "lot none → C",
        "lot none → B",
    ]


def test_the_clock_on_the_wall_is_told_and_another_day_too() -> None:
    change = Change(EventKind.LIMIT_CHANGED, AT, "local", "limit 3.20 → 3.40")
    assert change.said(AT, zone=EAST) == "limit 3.20 → 3.40 at 14:02 by local"
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # the next day in the east
    assert change.said(late, zone=EAST) == "limit 3.20 → 3.40 on 2026-03-02 at 14:02 by local"
