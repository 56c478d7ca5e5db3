"""When nothing was inspected is on record, and when the station was last heard of can be told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.workstation.records.conftest import NOON, STATION, inspection
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.times import now_us, to_us
from workstation.records.words import EventKind, FeedbackVerdict, NotInspectingReason

HOUR = timedelta(hours=1)


@pytest.fixture
def statistics(database: Database, folder: DataFolder) -> Statistics:
    return Statistics(database, STATION, pictures=folder.pictures)


def test_a_span_comes_back_whole(store: Store, statistics: Statistics) -> None:
    store.person = "Ada"
    number = store.add_not_inspecting(
        NOON, NOON + HOUR, NotInspectingReason.NO_SOURCE, "The camera does not answer."
    )
    (span,) = statistics.not_inspecting(NOON, NOON + HOUR)
    assert (span.id, span.began_at, span.ended_at) == (number, NOON, NOON + HOUR)
    assert (span.reason, span.detail) == (
        NotInspectingReason.NO_SOURCE,
        "The camera does not answer.",
    )
    assert (span.person, span.seconds) == ("Ada", 3600)


def test_spans_that_reach_into_the_time_are_given_oldest_first(
    store: Store, statistics: Statistics, database: Database
) -> None:
    for hour in (6, 4, 2, 0):
        store.add_not_inspecting(
            NOON + hour * HOUR, NOON + (hour + 1) * HOUR, NotInspectingReason.STOPPED
        )
    Store(database, "press 5").add_not_inspecting(NOON, NOON + HOUR, NotInspectingReason.LOCKED)
    spans = statistics.not_inspecting(NOON + 0.5 * HOUR, NOON + 4.5 * HOUR)
    assert [(span.began_at - NOON) / HOUR for span in spans] == [0, 2, 4]
    assert statistics.not_inspecting(NOON + HOUR, NOON + 2 * HOUR) == []  # it only touches


def test_a_clock_that_was_set_back_leaves_a_span_of_no_length(
    store: Store, statistics: Statistics
) -> None:
    store.add_not_inspecting(NOON, NOON - HOUR, NotInspectingReason.LOCKED)
    (span,) = statistics.not_inspecting(NOON - HOUR, NOON + HOUR)
    assert (span.began_at, span.seconds) == (NOON, 0)


def test_only_known_reasons_are_written(store: Store) -> None:
    with pytest.raises(ValueError, match="lunch"):
        store.add_not_inspecting(NOON, NOON, "lunch")  # type: ignore[arg-type]


def test_whatever_is_written_is_a_sign_of_life(store: Store, statistics: Statistics) -> None:
    def now() -> datetime:
        return datetime.now(UTC)

    began = now()
    assert statistics.last_sign_of_life() is None  # the migration is none
    numbers: list[int] = []
    for write in (
        lambda: numbers.append(store.record(inspection(1, taken_at=NOON))),
        lambda: store.give_feedback(numbers[0], FeedbackVerdict.OK),
        lambda: store.add_event(EventKind.STARTED),
        lambda: store.add_not_inspecting(began, now(), NotInspectingReason.STOPPED),
    ):
        before = now()
        write()
        heard = statistics.last_sign_of_life()
        assert heard is not None
        assert before <= heard <= now()


def test_what_is_done_to_the_record_while_the_station_is_off_is_no_sign_of_life(
    store: Store, statistics: Statistics
) -> None:
    store.add_event(EventKind.STARTED)
    heard = statistics.last_sign_of_life()
    store.add_event(EventKind.REINDEXED, inspections=1)
    store.add_event(EventKind.SCHEMA_MIGRATED)
    assert statistics.last_sign_of_life() == heard


def test_a_clock_that_once_was_ahead_does_not_count_for_ever(
    store: Store, statistics: Statistics
) -> None:
    ahead = datetime.now(UTC) + 24 * HOUR
    store.add_not_inspecting(NOON, ahead, NotInspectingReason.STOPPED)
    assert statistics.last_sign_of_life() == ahead
    store.add_event(EventKind.STARTED)
    heard = statistics.last_sign_of_life()
    assert heard is not None
    assert to_us(heard) <= now_us()


def test_stations_do_not_speak_for_each_other(database: Database, statistics: Statistics) -> None:
    Store(database, "press 5").add_event(EventKind.STARTED)
    assert statistics.last_sign_of_life() is None
