"""The limit moves on trial, under lock, with a reason, and the old one judges meanwhile."""

import pytest

from engine.types import EngineState, Verdict
from tests.fakes import LIMITS
from tests.workstation.inspection.conftest import FACTS, Line


def test_locked_it_does_not_move(line: Line) -> None:
    line.run()
    line.controller.limit.move(3.4)
    line.controller.limit.step(1)
    assert line.shown.limit.trial is None
    assert "unlock" in line.shown.notice


def test_a_trial_takes_the_other_limits_along_and_changes_nothing(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.controller.limit.move(6.4)
    assert line.shown.limit.trial == LIMITS.moved_to(6.4)
    assert line.shown.limit.trial.pixel == pytest.approx(4.0)
    assert line.shown.limit.limits == LIMITS
    assert line.worker.asked == []


def test_steps_of_one_percent_of_the_fitted_limit(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    for _ in range(3):
        line.controller.limit.step(1)
    line.controller.limit.step(-1)
    assert line.shown.limit.trial.t2 == pytest.approx(3.2 * 1.02)


def test_keeping_asks_for_a_release_and_locks(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.controller.limit.move(3.4)
    line.controller.limit.keep(" new lamp ")
    assert line.worker.asked == [("move_limits", LIMITS.moved_to(3.4), "new lamp")]
    assert line.shown.limit.locked
    assert line.shown.limit.trial is None


def test_without_a_reason_nothing_is_kept(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.controller.limit.move(3.4)
    line.controller.limit.keep("  ")
    assert line.worker.asked == []
    assert line.shown.limit.trial is not None


def test_undo_returns_to_the_old_limit(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.controller.limit.move(3.4)
    line.controller.limit.undo()
    assert line.shown.limit.trial is None
    assert not line.shown.limit.locked


def test_it_locks_after_sixty_seconds_and_drops_the_trial(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.clock.go_on(30)
    line.controller.limit.move(3.4)
    line.clock.go_on(59.9)
    assert line.shown.limit.trial is not None
    line.clock.go_on(0.2)
    assert line.shown.limit.locked
    assert line.shown.limit.trial is None
    line.controller.limit.keep("too late")
    assert line.worker.asked == []


def test_unlocking_again_does_not_bring_an_old_trial_back(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.controller.limit.move(3.4)
    line.clock.go_on(61)
    line.controller.limit.unlock()
    assert line.shown.limit.trial is None


def test_another_release_ends_the_trial(line: Line) -> None:
    line.run()
    line.controller.limit.unlock()
    line.controller.limit.move(3.4)
    moved = LIMITS.moved_to(5.0)
    line.worker.release_changed.emit(type(FACTS)("r-2", "ring", moved, 3.2, None))
    assert line.shown.limit.trial is None
    assert line.shown.limit.limits == moved
    assert line.shown.limit.fitted_t2 == 3.2


def test_nothing_to_unlock_without_a_release(line: Line) -> None:
    line.worker.state_changed.emit(EngineState.PREOPERATIONAL, "")
    line.controller.limit.unlock()
    assert line.shown.limit.locked
    assert line.shown.notice


def test_a_limit_stays_above_nothing(line: Line) -> None:
    line.run()
    line.part(Verdict.OK, 1)
    line.controller.limit.unlock()
    line.controller.limit.move(-3.0)
    assert line.shown.limit.trial.t2 > 0
