"""When a run without people ends, and whether that is what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from pytestqt.qtbot import QtBot

from engine.sources.base import SourceStatus
from engine.types import EngineState
from tests.fakes import a_fault
from tests.workstation.headless.conftest import FakeRunning
from workstation.headless.ending import Ending
from workstation.running import RunningStation


def following(running: FakeRunning, **how: Any) -> Ending:
    ending = Ending(**how)
    ending.follow(cast(RunningStation, running))
    return ending


def status(**changes: Any) -> SourceStatus:
    return SourceStatus(name="folder", sentence="", healthy=True, **changes)


def test_all_parts(running: FakeRunning) -> None:
    ending = following(running)
    running.worker.parts_done.emit()
    running.worker.parts_done.emit()
    assert (running.ends, ending.failure) == (1, "")
    assert "All parts" in ending.reason


def test_a_source_at_its_end(running: FakeRunning) -> None:
    ending = following(running)
    running.worker.source_changed.emit(status(empty=True))
    assert running.ends == 0, "it was not asked to end when the folder is empty"
    running.worker.source_changed.emit(status(exhausted=True))
    assert (running.ends, ending.failure) == (1, "")


def test_an_empty_folder_is_no_end_while_something_cannot_be_recorded(
    running: FakeRunning,
) -> None:
    ending = following(running, until_empty=True)
    running.worker.state_changed.emit(EngineState.ERROR, "The record cannot be written.")
    running.worker.source_changed.emit(status(empty=True))
    assert running.ends == 0
    running.worker.state_changed.emit(EngineState.CONTINUOUS_EXECUTION, "Inspecting.")
    running.worker.source_changed.emit(status(empty=True))
    assert (running.ends, ending.failure) == (1, "")


@pytest.mark.parametrize(
    "fail",
    [
        lambda running: running.worker.refused.emit("No such release."),
        lambda running: running.watchdog.hung.emit("No such release."),
        lambda running: running.refused.emit("No such release."),
        lambda running: running.failed.emit("No such release."),
        lambda running: running.worker.fit_ended.emit(None, "No such release."),
    ],
)
def test_what_cannot_go_on(running: FakeRunning, fail: Callable[[FakeRunning], None]) -> None:
    ending = following(running, endless=True)
    fail(running)
    running.failed.emit("What follows from it.")
    assert (running.ends, ending.failure, ending.reason) == (1, *["No such release."] * 2)


def test_a_fit_that_went_well_is_no_end(running: FakeRunning) -> None:
    following(running)
    running.worker.fit_ended.emit("a release", "")
    assert running.ends == 0


def test_a_failure_on_the_way_out_counts(running: FakeRunning) -> None:
    ending = following(running)
    running.worker.parts_done.emit()
    running.watchdog.hung.emit("The engine has not answered for 5 s.")
    assert (running.ends, ending.failure) == (1, "The engine has not answered for 5 s.")
    assert "All parts" in ending.reason


@pytest.mark.parametrize(("endless", "failure"), [(True, ""), (False, "Ended by SIGTERM before")])
def test_a_signal(qtbot: QtBot, running: FakeRunning, endless: bool, failure: str) -> None:
    ending = following(running, endless=endless)
    with qtbot.waitSignal(ending.due):
        ending.interrupt("SIGTERM")
        assert running.ends == 0, "not between two instructions"
    assert ending.failure.startswith(failure) and bool(ending.failure) is bool(failure)
    assert running.ends == 1


def test_a_part_that_is_not_in_the_record_at_the_end_is_said(running: FakeRunning) -> None:
    ending = following(running)
    running.worker.faulted.emit(0, a_fault(7))
    running.worker.state_changed.emit(EngineState.ERROR, "The record cannot be written.")
    running.worker.parts_done.emit()
    running.worker.state_changed.emit(EngineState.HALTED, "The engine has ended.")
    running.ended.emit()
    assert "may not be in the record" in ending.failure


def test_a_part_that_was_recorded_later_is_no_failure(running: FakeRunning) -> None:
    ending = following(running)
    running.worker.faulted.emit(0, a_fault(7))
    running.worker.state_changed.emit(EngineState.ERROR, "The record cannot be written.")
    running.worker.state_changed.emit(EngineState.SINGLE_EXECUTION, "Inspecting.")
    running.worker.parts_done.emit()
    running.ended.emit()
    assert ending.failure == ""
