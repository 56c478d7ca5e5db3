"""What is written is what was found, once, and nothing is lost on the way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import select

from engine.types import FaultKind, FileKey, HealthReading, Verdict
from tests.workstation.records.conftest import NOON, STATION, fault, inspection
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.errors import AlreadyRecorded, RecordsError
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.tables import EventRow, HourlyCountRow, InspectionRow, SearchRow
from workstation.records.words import EventKind, FeedbackVerdict, Outcome


@pytest.fixture
def statistics(database: Database, folder: DataFolder) -> Statistics:
    return Statistics(database, STATION, pictures=folder.pictures)


def test_an_inspection_comes_back_whole(store: Store, statistics: Statistics) -> None:
    store.lot, store.recipe, store.person = "L7", "ring", "Ada"
    given = inspection(3, Verdict.REVIEW)
    part = statistics.inspection(store.record(given))
    assert (part.part_id, part.station, part.outcome) == ("part-0003", STATION, Outcome.REVIEW)
    assert part.taken_at == NOON
    assert (part.score, part.limits, part.regions) == (1.5, given.limits, given.regions)
    assert part.stage_ms == given.stage_ms
    assert (part.lot, part.recipe, part.person) == ("L7", "ring", "Ada")
    assert part.file == given.frame.origin.file
    assert part.release_id == "release-1"
    assert part.fault_kind is None
    assert part.map is not None and given.map is not None
    np.testing.assert_allclose(part.map, given.map, rtol=1e-3)


def test_a_fault_has_a_reason_and_no_score(store: Store, statistics: Statistics) -> None:
    part = statistics.inspection(store.record_fault(fault()))
    assert part.outcome is Outcome.FAULT
    assert part.fault_kind is FaultKind.PICTURE
    assert part.fault_reason == "The file is cut off; save it again."
    assert (part.score, part.limits, part.map, part.regions) == (None, None, None, ())


def test_a_file_is_recorded_once_per_attempt(store: Store) -> None:
    first = store.record(inspection(1))
    with pytest.raises(AlreadyRecorded) as caught:
        store.record(inspection(1))
    assert caught.value.inspection_id == first
    assert store.record(inspection(1, attempt=2)) != first


def test_what_was_measured_on_the_picture_comes_back(store: Store, statistics: Statistics) -> None:
    measured = HealthReading(
        values={"brightness": 117.123456789, "sharpness": np.float64(840.0)},
        sigmas={"brightness": -3.25, "sharpness": math.inf},
        warning="The light is 12 % darker than on the good pictures.",
    )
    good = store.record(replace(inspection(1), health=measured))
    bad = store.record_fault(replace(fault(2), health=measured))
    for number in (good, bad):
        health = statistics.inspection(number).health
        assert health is not None
        assert health.values == {"brightness": 117.123, "sharpness": 840.0}
        assert health.sigmas["brightness"] == -3.25
        assert math.isnan(health.sigmas["sharpness"])  # no number that JSON has
        assert health.warning == measured.warning
    assert statistics.inspection(store.record(inspection(3))).health is None


def test_seen_knows_the_very_file_only(store: Store) -> None:
    key = FileKey("/line/1.png", 1000, 10**18 + 1)
    assert not store.seen(key)
    store.record(inspection(1))
    assert store.seen(key)
    assert not store.seen(FileKey(key.path, key.size, key.mtime_ns + 1))
    assert not store.seen(FileKey(key.path, key.size + 1, key.mtime_ns))


def test_file_names_that_are_no_unicode_are_kept_and_seen(store: Store) -> None:
    key = FileKey("/line/\udcff\0.png", 1, 1)
    store.record(inspection(1, file=key))
    assert store.seen(key)


def test_a_fault_after_the_row_was_written_becomes_an_event(
    store: Store, rows: Callable[..., list[EventRow]]
) -> None:
    number = store.record(inspection(1))
    assert store.record_fault(fault(1)) == number
    (event,) = rows(select(EventRow).where(EventRow.kind == EventKind.FAULT_REPEATED))
    assert json.loads(event.detail)["inspection"] == number


def test_a_score_that_is_no_number_writes_nothing(
    store: Store, rows: Callable[..., list[object]]
) -> None:
    with pytest.raises(ValueError, match="no score"):
        store.record(inspection(1, score=float("nan")))
    assert rows(select(InspectionRow)) == []


def test_the_last_standing_human_verdict_is_final(store: Store, statistics: Statistics) -> None:
    number = store.record(inspection(1, Verdict.NG))

    def final() -> Outcome:
        return statistics.inspection(number).final

    store.give_feedback(number, FeedbackVerdict.OK, note="only oil")
    assert final() == Outcome.OK
    again = store.give_feedback(number, FeedbackVerdict.NG)
    assert final() == Outcome.NG
    store.withdraw_feedback(again)
    assert final() == Outcome.OK
    store.give_feedback(number, FeedbackVerdict.UNSURE)
    assert final() == Outcome.OK  # unsure decides nothing
    assert statistics.inspection(number).human is FeedbackVerdict.UNSURE


def test_the_search_row_says_what_the_part_says(
    store: Store, statistics: Statistics, rows: Callable[..., list[SearchRow]]
) -> None:
    number = store.record(inspection(1, Verdict.NG))
    store.give_feedback(number, FeedbackVerdict.OK)
    (row,) = rows(select(SearchRow))
    assert (row.machine, row.human, row.final) == ("NG", "OK", "OK")


def test_feedback_on_nothing_and_double_withdrawal_are_refused(store: Store) -> None:
    with pytest.raises(RecordsError, match="no inspection 9"):
        store.give_feedback(9, FeedbackVerdict.OK)
    given = store.give_feedback(store.record(inspection(1)), FeedbackVerdict.OK)
    withdrawal = store.withdraw_feedback(given)
    for number in (given, withdrawal):
        with pytest.raises(RecordsError, match="withdrawn"):
            store.withdraw_feedback(number)


def test_a_later_attempt_counts_and_the_earlier_does_not(
    store: Store, rows: Callable[..., list[HourlyCountRow]]
) -> None:
    store.record_fault(fault(1))
    store.record(inspection(1, attempt=2))
    (count,) = rows(select(HourlyCountRow))
    assert (count.outcome, count.count) == (Outcome.OK, 1)


def test_events_keep_their_detail(store: Store, rows: Callable[..., list[EventRow]]) -> None:
    store.add_event(EventKind.LOT_CHANGED, old="A", new="B", count=np.int64(4))
    event = rows(select(EventRow).where(EventRow.kind == EventKind.LOT_CHANGED))[0]
    assert json.loads(event.detail) == {"old": "A", "new": "B", "count": 4}


def test_the_hour_is_that_in_which_the_part_was_taken(
    store: Store, rows: Callable[..., list[HourlyCountRow]]
) -> None:
    for number in range(3):
        store.record(inspection(number, taken_at=NOON + timedelta(minutes=30 * number)))
    counts = {row.hour % 24: row.count for row in rows(select(HourlyCountRow))}
    assert counts == {12: 2, 13: 1}
