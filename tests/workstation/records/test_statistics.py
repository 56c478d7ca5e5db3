"""The counts of a shift mean what the words say, and simulated parts stay out of real figures."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, text

from engine.types import Verdict
from tests.workstation.records.conftest import NOON, STATION, fault, inspection
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.errors import RecordsError
from workstation.records.shifts import Shift
from workstation.records.statistics import ShiftCounts, Statistics
from workstation.records.store import Store
from workstation.records.tables import CompactMapRow
from workstation.records.words import FeedbackVerdict, Outcome

pytestmark = pytest.mark.slow

SHIFT = Shift("06-14", NOON.replace(hour=6, minute=0), NOON.replace(hour=14, minute=0))


@pytest.fixture
def statistics(database: Database, folder: DataFolder) -> Statistics:
    return Statistics(database, STATION, pictures=folder.pictures)


def _counts(statistics: Statistics, *, simulated: bool = False) -> ShiftCounts:
    return statistics.shift_counts(SHIFT, simulated=simulated)


def test_an_empty_shift_has_no_shares(statistics: Statistics) -> None:
    counts = _counts(statistics)
    assert (counts.parts, counts.yield_share, counts.first_pass_yield) == (0, None, None)
    assert counts.newest_id == 0


def test_yield_is_final_and_first_pass_yield_is_the_machines(
    store: Store, statistics: Statistics
) -> None:
    for number in range(6):
        store.record(inspection(number, Verdict.OK))
    overruled = store.record(inspection(6, Verdict.NG))
    store.record(inspection(7, Verdict.NG))
    unsure = store.record(inspection(8, Verdict.REVIEW))
    escaped = store.record(inspection(9, Verdict.OK))
    store.record_fault(fault(10))
    store.give_feedback(overruled, FeedbackVerdict.OK)
    store.give_feedback(unsure, FeedbackVerdict.UNSURE)
    store.give_feedback(escaped, FeedbackVerdict.NG)
    counts = _counts(statistics)
    assert (counts.ok, counts.review, counts.ng, counts.faults) == (7, 1, 2, 1)
    assert (counts.parts, counts.judged) == (11, 10)
    assert counts.yield_share == pytest.approx(0.7)  # 6 + the overruled one
    assert counts.first_pass_yield == pytest.approx(0.7)  # 6 + the escaped one


def test_a_part_that_came_again_counts_by_its_last_attempt(
    store: Store, statistics: Statistics
) -> None:
    store.record_fault(fault(1))
    store.record(inspection(1, attempt=2))
    counts = _counts(statistics)
    assert (counts.parts, counts.ok, counts.faults) == (1, 1, 0)
    assert (counts.yield_share, counts.first_pass_yield) == (1.0, 0.0)


def test_a_part_belongs_to_the_shift_in_which_it_was_taken(
    store: Store, statistics: Statistics
) -> None:
    moment = timedelta(microseconds=1)
    for number, taken_at in enumerate(
        [SHIFT.start - moment, SHIFT.start, SHIFT.end - moment, SHIFT.end]
    ):
        store.record(inspection(number, taken_at=taken_at))
    assert _counts(statistics).parts == 2


@pytest.mark.parametrize(
    ("start", "end"),
    [((6, 0), (14, 0)), ((6, 30), (13, 45)), ((11, 50), (12, 10)), ((12, 5), (12, 9))],
)
def test_shifts_need_not_begin_at_whole_hours(
    store: Store, statistics: Statistics, start: tuple[int, int], end: tuple[int, int]
) -> None:
    """Whole hours are read from the hourly counts: both ways must give the same."""
    for number, minutes in enumerate(range(-400, 200, 7)):
        verdict = list(Verdict)[number % 3]
        store.record(inspection(number, verdict, taken_at=NOON + timedelta(minutes=minutes)))
    for number in range(1, 80, 5):
        store.give_feedback(number, list(FeedbackVerdict)[number % 3])
    shift = Shift(
        "x",
        NOON.replace(hour=start[0], minute=start[1]),
        NOON.replace(hour=end[0], minute=end[1]),
    )
    parts = [part for part in statistics.recent(200) if shift.start <= part.taken_at < shift.end]
    counts = statistics.shift_counts(shift)
    assert counts.parts == len(parts)
    for outcome, count in (("OK", counts.ok), ("REVIEW", counts.review), ("NG", counts.ng)):
        assert count == sum(part.outcome == outcome for part in parts)
    assert counts.final_ok == sum(part.final == Outcome.OK for part in parts)


def test_simulated_parts_and_other_stations_stay_apart(
    store: Store, statistics: Statistics, database: Database
) -> None:
    store.record(inspection(1))
    store.record(inspection(2, Verdict.NG, keyed=False, simulated=True))
    Store(database, "press 5").record(inspection(1, Verdict.NG))
    real, simulated = _counts(statistics), _counts(statistics, simulated=True)
    assert (real.ok, real.ng) == (1, 0)
    assert (simulated.ok, simulated.ng) == (0, 1)
    assert statistics.lot_count("") == 1
    assert [part.part_id for part in statistics.recent(9)] == ["part-0001"]
    assert [part.part_id for part in statistics.recent(9, simulated=True)] == ["part-0002"]
    assert statistics.waiting(SHIFT).count == 0
    assert statistics.waiting(SHIFT, simulated=True).count == 1


def test_counts_say_up_to_which_part_they_hold(store: Store, statistics: Statistics) -> None:
    store.record(inspection(1))
    newest = store.record(inspection(2, taken_at=SHIFT.end))
    store.record(inspection(3, keyed=False, simulated=True))
    assert _counts(statistics).newest_id == newest


def test_waiting_parts_leave_when_a_person_has_spoken(store: Store, statistics: Statistics) -> None:
    ids = [
        store.record(inspection(n, verdict, taken_at=NOON + timedelta(seconds=n)))
        for n, verdict in enumerate([Verdict.NG, Verdict.OK, Verdict.REVIEW, Verdict.NG])
    ]
    waiting = statistics.waiting(SHIFT, limit=2)
    assert (waiting.count, [part.id for part in waiting.newest]) == (3, [ids[3], ids[2]])
    answer = store.give_feedback(ids[3], FeedbackVerdict.UNSURE)
    assert statistics.waiting(SHIFT).count == 2
    store.withdraw_feedback(answer)
    assert statistics.waiting(SHIFT).count == 3


def test_the_newest_parts_come_first(store: Store, statistics: Statistics) -> None:
    ids = [store.record(inspection(number)) for number in range(5)]
    assert [part.id for part in statistics.recent(3)] == ids[:1:-1]


def test_a_second_look_is_not_the_newest_part(store: Store, statistics: Statistics) -> None:
    assert statistics.newest_part_id(simulated=True) is None
    for number, attempt in ((1, 1), (2, 1), (1, 2)):
        store.record(inspection(number, keyed=False, simulated=True, attempt=attempt))
    store.record(inspection(9))
    assert statistics.newest_part_id(simulated=True) == "part-0002"


def test_the_lot_counts_over_all_shifts(store: Store, statistics: Statistics) -> None:
    store.lot = "L7"
    for day in range(3):
        store.record(inspection(day, taken_at=NOON + timedelta(days=day)))
    assert (statistics.lot_count("L7"), statistics.lot_count("L8")) == (3, 0)


def test_a_map_whose_retention_has_ended_or_that_is_damaged_is_left_out(
    store: Store, statistics: Statistics, database: Database
) -> None:
    gone, damaged = store.record(inspection(1)), store.record(inspection(2))
    with database.writing(STATION) as session:
        session.execute(delete(CompactMapRow).where(CompactMapRow.inspection_id == gone))
        session.execute(text("UPDATE compact_map SET data = x'00'"))
    assert statistics.inspection(gone).map is None
    assert statistics.inspection(damaged).map is None


def test_an_unknown_inspection_is_a_sentence(statistics: Statistics) -> None:
    with pytest.raises(RecordsError, match="no inspection 4"):
        statistics.inspection(4)


def test_the_counts_of_a_shift_are_read_from_indexes_alone(database: Database) -> None:
    """Five million rows later the page still refreshes in a moment."""
    outcomes = ", ".join(f"'{word}'" for word in (Outcome.REVIEW, Outcome.NG))
    questions = {
        "INDEX ix_search_waiting": "SELECT inspection_id FROM inspection_search WHERE "
        "station = 's' AND simulated IS 0 AND taken_at >= 0 AND taken_at < 9 AND human IS NULL "
        f"AND machine IN ({outcomes}) ORDER BY taken_at DESC, inspection_id DESC LIMIT 20",
        "INDEX ix_search_newest": "SELECT inspection_id FROM inspection_search WHERE "
        "station = 's' AND simulated IS 0 ORDER BY inspection_id DESC LIMIT 12",
        "COVERING INDEX ix_search_shift": "SELECT machine, final, attempt, count(*) FROM "
        "inspection_search WHERE station = 's' AND simulated IS 0 AND taken_at >= 0 AND "
        "taken_at < 9 AND superseded IS 0 GROUP BY machine, final, attempt",
        "INDEX sqlite_autoindex_hourly_count_1": "SELECT outcome, final, first_attempt, "
        "sum(count) FROM hourly_count WHERE station = 's' AND hour >= 0 AND hour < 9 AND "
        "simulated IS 0 GROUP BY outcome, final, first_attempt",
        "INDEX ix_hourly_count_lot": "SELECT sum(count) FROM hourly_count WHERE station = 's' "
        "AND lot = 'l' AND simulated IS 0",
    }
    for index, question in questions.items():
        with database.reading() as session:
            plan = session.execute(text(f"EXPLAIN QUERY PLAN {question}")).all()
        assert index in str(plan)


def test_outcomes_are_the_verdicts_and_fault() -> None:
    assert {Outcome.of(verdict) for verdict in Verdict} == set(Outcome) - {Outcome.FAULT}
