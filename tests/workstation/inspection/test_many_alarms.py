"""The alarm on many alarms: once, with what changed last, and not again until it has fallen."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import EngineState, Verdict
from tests.fakes import NOON, FakeWorker, a_fault
from tests.workstation.inspection.conftest import Line
from workstation.inspection.alarm_watch import AlarmWatch
from workstation.inspection.controller import InspectController
from workstation.records.changes import Change
from workstation.records.statistics import ShiftCounts
from workstation.records.words import EventKind, Outcome
from workstation.settings import Settings

OK, NG, REVIEW, FAULT = Outcome.OK, Outcome.NG, Outcome.REVIEW, Outcome.FAULT


def test_five_of_ten_speak_once_and_again_only_after_they_have_fallen() -> None:
    watch = AlarmWatch()
    said = [watch.took(outcome) for outcome in [OK, NG, OK, REVIEW, NG, OK, FAULT, NG, NG, NG]]
    assert [place for place, spoke in enumerate(said) if spoke] == [7]
    assert [watch.took(outcome) for outcome in [OK] * 4 + [NG]] == [False] * 5
    assert watch.raised
    assert not any(watch.took(OK) for _ in range(10))
    assert not watch.raised
    assert [watch.took(NG) for _ in range(6)] == [False] * 4 + [True, False]


def test_a_short_line_can_have_many_alarms_too() -> None:
    watch = AlarmWatch(limit=3, of=10)
    assert [watch.took(NG) for _ in range(4)] == [False, False, True, False]
    watch.forget()
    assert [watch.took(NG) for _ in range(3)] == [False, False, True]


@given(
    st.integers(1, 12).flatmap(lambda of: st.tuples(st.integers(1, of), st.just(of))),
    st.lists(st.sampled_from(Outcome), max_size=80),
)
def test_it_speaks_only_with_enough_alarms_and_is_then_raised(
    limits: tuple[int, int], outcomes: list[Outcome]
) -> None:
    limit, of = limits
    watch = AlarmWatch(limit=limit, of=of)
    for number, outcome in enumerate(outcomes, start=1):
        before = watch.raised
        spoke = watch.took(outcome)
        alarms = sum(o is not OK for o in outcomes[max(0, number - of) : number])
        assert watch.alarms == alarms
        assert spoke == (not before and alarms >= limit)
        assert not spoke or watch.raised


def many(line: Line, *, first: int = 1) -> None:
    for number in range(first, first + 5):
        line.part(Verdict.NG, number)
    line.controller.afterwards.finish()


def test_the_message_says_how_many_against_what_and_what_changed(line: Line) -> None:
    line.record.counts = ShiftCounts(ok=97, review=1, ng=2, final_ok=97)
    line.record.changes = [
        Change(EventKind.LOT_CHANGED, NOON - timedelta(hours=1), "local", "lot 1 → 2"),
        Change(EventKind.LIMIT_CHANGED, NOON, "ada", "limit 3.20 → 2.90"),
    ]
    line.run()
    many(line)
    message = line.shown.messages.newest
    assert message.act
    assert message.words.startswith(
        "5 of the last 5 parts are NG, REVIEW or fault; before them it was 3.0 % in this shift. "
    )
    assert "limit 3.20 → 2.90" in message.words
    assert "lot 1 → 2" in message.words
    ((kind, detail),) = line.record.events
    assert kind is EventKind.MANY_ALARMS
    assert (detail["alarms"], detail["of"], detail["stopped"]) == (5, 5, False)
    assert line.worker.asked == []
    many(line, first=6)
    assert len(line.record.events) == 1


def test_faults_count_and_a_start_begins_anew(line: Line) -> None:
    line.run()
    for number in range(1, 5):
        line.worker.faulted.emit(number, a_fault(number))
    line.worker.state_changed.emit(EngineState.READY, "")
    line.worker.state_changed.emit(EngineState.CONTINUOUS_EXECUTION, "")
    line.part(Verdict.NG, 5)
    line.controller.afterwards.finish()
    assert line.record.events == []


@pytest.mark.parametrize("stops", [True, False])
def test_the_line_stops_where_that_is_wanted(line: Line, stops: bool) -> None:
    worker = FakeWorker()
    settings = Settings(alarm_parts=3, alarm_limit=2, alarm_stops=stops)
    line.controller = InspectController(
        line.record, line.standstill, settings=settings, clock=line.clock, now=line.clock.now
    )
    line.worker.inspected.connect(line.controller.inspected)
    line.controller.stop_requested.connect(worker.stop)
    many(line)
    assert worker.asked == ([("stop",)] if stops else [])
    assert ("stopped" in line.shown.messages.newest.words) is stops
