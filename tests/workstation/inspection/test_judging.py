"""The keys judge the part whose id stands beside them."""

from engine.types import Verdict
from tests.fakes import an_inspection
from tests.workstation.inspection.conftest import Line
from workstation.inspection.judging import KEPT_IN_MEMORY
from workstation.records.words import FeedbackVerdict, Outcome


def test_feedback_goes_to_the_held_part_while_live_parts_run_on(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 7)
    for number in range(8, 20):
        line.part(Verdict.OK, number)
    line.look()
    assert line.shown.live.inspection_id == 19
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert line.record.feedback == {1: (7, FeedbackVerdict.OK)}


def test_a_part_that_slipped_under_the_finger_is_not_judged(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.look()
    line.part(Verdict.NG, 2)
    line.clock.go_on(0.69)
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert line.record.feedback == {}
    assert line.shown.notice
    line.clock.go_on(0.02)
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert line.record.feedback == {1: (2, FeedbackVerdict.OK)}


def test_pressing_twice_does_not_judge_the_next_waiting_part(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.part(Verdict.REVIEW, 2)
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.NG)
    line.controller.judgements.judge(FeedbackVerdict.NG)
    assert line.record.feedback == {1: (2, FeedbackVerdict.NG)}
    assert line.shown.judging.held.inspection_id == 1


def test_waiting_parts_are_counted_and_come_newest_first(line: Line) -> None:
    line.run()
    for number in (1, 2, 3):
        line.part(Verdict.REVIEW, number)
    assert line.shown.unjudged == 3
    judged = []
    for _ in range(3):
        line.look()
        judged.append(line.shown.judging.held.inspection_id)
        line.controller.judgements.judge(FeedbackVerdict.UNSURE)
    assert judged == [3, 2, 1]
    assert line.shown.unjudged == 0
    assert line.shown.judging.held is None
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert len(line.record.feedback) == 3


def test_more_waiting_parts_than_fit_in_memory_come_from_the_record(line: Line) -> None:
    line.run()
    many = KEPT_IN_MEMORY + 5
    for number in range(1, many + 1):
        line.part(Verdict.NG, number)
    assert len(line.shown.judging.waiting) == KEPT_IN_MEMORY
    for _ in range(many):
        line.look()
        line.shown.tick()
        line.controller.judgements.judge(FeedbackVerdict.NG)
    assert sorted(part for part, _ in line.record.feedback.values()) == list(range(1, many + 1))


def test_undo_after_nine_seconds_appends_a_withdrawal(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 5)
    line.part(Verdict.OK, 6)
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.OK)
    line.clock.go_on(9.0)
    line.controller.judgements.undo()
    assert line.record.withdrawn == [1]
    assert line.record.feedback == {1: (5, FeedbackVerdict.OK)}
    assert line.shown.judging.held.inspection_id == 5
    assert line.shown.unjudged == 1


def test_undo_after_eleven_seconds_is_refused(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 5)
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.OK)
    line.clock.go_on(11.0)
    line.controller.judgements.undo()
    assert line.record.withdrawn == []
    assert line.shown.notice


def test_what_was_undone_cannot_be_undone_again(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 5)
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.OK)
    line.controller.judgements.undo()
    line.controller.judgements.undo()
    assert line.record.withdrawn == [1]


def test_a_person_can_judge_a_part_the_machine_called_ok(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.part(Verdict.OK, 2)
    line.look()
    line.shown.look_at(2)
    line.controller.judgements.choose_shown()
    line.controller.judgements.judge(FeedbackVerdict.NG)
    assert line.record.feedback == {1: (2, FeedbackVerdict.NG)}
    assert line.shown.judging.held.inspection_id == 1


def test_feedback_moves_the_yield_and_undo_moves_it_back(line: Line) -> None:
    line.run()
    line.part(Verdict.OK, 1)
    line.part(Verdict.NG, 2)
    line.look()
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert line.shown.counters.counts.yield_share == 1.0
    line.controller.judgements.undo()
    assert line.shown.counters.counts.yield_share == 0.5


def test_a_record_that_fails_keeps_the_part_and_says_so(line: Line) -> None:
    line.run()
    line.part(Verdict.NG, 1)
    line.look()
    line.record.failing = True
    line.controller.judgements.judge(FeedbackVerdict.OK)
    assert line.shown.judging.held.inspection_id == 1
    assert "disk is full" in line.shown.messages.newest.words
    assert line.shown.judging.undoable is None


def test_after_a_restart_the_waiting_parts_are_back(line: Line) -> None:
    for number, verdict in ((1, Verdict.NG), (2, Verdict.OK), (3, Verdict.REVIEW)):
        line.record.took(number, an_inspection(verdict, number=number))
    line.run()
    assert line.shown.unjudged == 2
    assert line.shown.judging.held.outcome is Outcome.REVIEW
    assert [part.inspection_id for part in line.shown.recent] == [3, 2, 1]
