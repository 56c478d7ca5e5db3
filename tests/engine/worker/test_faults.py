"""What cannot be inspected or recorded is a fault, and the line goes on."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import SourceError
from engine.inspector import Inspector
from engine.recipe import Roi
from engine.sources.base import FolderConfig
from engine.types import EngineState, Fault, FaultKind, Inspection
from tests.running_line import (
    RunningLine,
    frames,
)
from tests.small_parts import (
    fitted,
    frame_of,
    good_image,
    save_good,
    small_recipe,
    the_release,
)

# Faults, after which the line goes on


def test_a_fault_of_the_source_is_recorded_with_the_release(judging: RunningLine) -> None:
    fault = Fault(frame_of(good_image(0), 9).origin, FaultKind.PICTURE, "It is empty.")
    judging.take(fault, *frames(1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    ((number, told),) = judging.heard.faulted
    assert judging.recorder.rows[number - 1] is told
    assert (told.reason, told.release_id) == ("It is empty.", the_release().manifest.id)


def test_a_part_that_cannot_be_inspected_is_a_fault(line: RunningLine) -> None:
    release = line.library.add(fitted(small_recipe(roi=Roi(x=40, y=20, width=50, height=50))))
    line.engine.release_requested.emit(str(release.folder))
    line.take(frame_of(good_image(1)[:50, :50], 1), frame_of(good_image(2), 2))
    line.engine.start_requested.emit()
    line.until(lambda: line.heard.inspected)
    ((number, fault),) = line.heard.faulted
    assert line.recorder.rows[number - 1] is fault
    assert fault.kind is FaultKind.ENGINE
    assert "Part part 1 could not be inspected: The ROI" in fault.reason
    assert (fault.release_id, fault.frame is not None) == (release.id, True)
    assert line.heard.inspected[0][1].frame.origin.number == 2


def test_a_bug_in_the_inspector_is_a_fault(
    judging: RunningLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect = Inspector.inspect

    def stumble(self: Inspector, frame: object) -> Inspection:
        monkeypatch.setattr(Inspector, "inspect", inspect)
        raise ZeroDivisionError

    monkeypatch.setattr(Inspector, "inspect", stumble)
    judging.take(*frames(2))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    ((_, fault),) = judging.heard.faulted
    assert (fault.kind, "ZeroDivisionError" in fault.reason) == (FaultKind.ENGINE, True)


def _fail_once(line: RunningLine, *, also_faults: bool) -> None:
    """Let the recorder fail with the first part; with its fault, too, where wanted."""

    def fail(thing: Inspection | Fault) -> None:
        origin = thing.origin if isinstance(thing, Fault) else thing.frame.origin
        if origin.number == 1 and (also_faults or isinstance(thing, Inspection)):
            raise RuntimeError("The disk is full.")

    line.recorder.before = fail


def test_a_verdict_that_cannot_be_recorded_is_not_announced(judging: RunningLine) -> None:
    _fail_once(judging, also_faults=False)
    judging.take(*frames(2))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    ((number, fault),) = judging.heard.faulted
    assert (fault.kind, number) == (FaultKind.RECORD, 1)
    assert "could not be recorded: The disk is full." in fault.reason
    assert [row[0] for row in judging.heard.inspected] == [2]


def test_while_nothing_can_be_recorded_no_further_part_is_taken(judging: RunningLine) -> None:
    _fail_once(judging, also_faults=True)
    judging.take(*frames(2))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.states[-1][0] is EngineState.ERROR)
    ((number, fault),) = judging.heard.faulted
    assert (number, fault.kind) == (0, FaultKind.RECORD)
    assert "cannot be written" in judging.heard.states[-1][1]
    assert not judging.recorder.rows

    judging.recorder.before = lambda _: None
    judging.until(lambda: judging.heard.inspected)
    late, following = judging.recorder.rows
    assert isinstance(late, Fault)
    assert late.origin.number == 1
    assert isinstance(following, Inspection)
    assert len(judging.heard.faulted) == 1


def test_every_fault_that_cannot_be_recorded_waits_for_the_record(judging: RunningLine) -> None:
    judging.take()
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.state is EngineState.CONTINUOUS_EXECUTION)

    def fail(_: object) -> None:
        raise RuntimeError("The disk is full.")

    judging.recorder.before = fail
    codes = ["4711", "4712", "4713"]
    for code in codes:
        judging.engine.scan_requested.emit(code)
        judging.engine.trigger_requested.emit()
    judging.take()  # another source: none of the three is taken any more
    judging.until(lambda: len(judging.heard.faulted) == len(codes))
    judging.until(lambda: judging.heard.state is EngineState.ERROR)
    assert [number for number, _ in judging.heard.faulted] == [0, 0, 0]

    judging.engine.stop_requested.emit()
    judging.recorder.before = lambda _: None
    judging.until(lambda: judging.heard.state is EngineState.READY)  # stopped as it is
    assert [row.origin.part_id for row in judging.recorder.rows if isinstance(row, Fault)] == codes


def test_a_line_that_is_stopped_has_lost_nothing(judging: RunningLine) -> None:
    gone = SourceError("The folder is gone; check the network.")
    judging.take(*[gone] * 50)
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.state is EngineState.ERROR)
    judging.engine.stop_requested.emit()
    judging.until(lambda: judging.heard.state is EngineState.READY)


@pytest.mark.parametrize(
    "error",
    [SourceError("The folder is gone; check the network."), RuntimeError("The record is locked.")],
    ids=["lost", "bug"],
)
def test_a_lost_source_is_an_error_until_it_is_back(judging: RunningLine, error: Exception) -> None:
    judging.take(*frames(1), error, error, *frames(1, first=2))
    judging.engine.start_requested.emit()
    running = EngineState.CONTINUOUS_EXECUTION
    judging.until(lambda: len(judging.heard.inspected) == 2 and judging.heard.state is running)
    states = [state for state, _ in judging.heard.states[-3:]]
    assert states == [running, EngineState.ERROR, running]
    assert str(error) in judging.heard.states[-2][1]
    assert judging.heard.faulted == []


def test_a_file_is_not_lost_when_the_record_cannot_be_asked(
    judging: RunningLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (path,) = save_good(tmp_path / "line", 1)
    asked: list[object] = []

    def seen(key: object) -> bool:
        asked.append(key)
        if len(asked) == 1:
            raise RuntimeError("The record is locked.")
        return False

    monkeypatch.setattr(judging.recorder, "seen", seen)
    judging.engine.source_requested.emit(FolderConfig(path=path.parent, poll_s=0.1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    assert judging.heard.inspected[0][1].frame.origin.part_id == path.name
    assert len(asked) == 2


# What cannot be inspected


def test_a_verdict_after_the_deadline_is_a_fault(line: RunningLine) -> None:
    release = line.library.add(fitted(small_recipe(deadline_ms=0.001)))
    line.engine.release_requested.emit(str(release.folder))
    line.take(*frames(1))
    line.engine.start_requested.emit()
    line.until(lambda: line.heard.faulted)
    ((_, fault),) = line.heard.faulted
    assert fault.kind is FaultKind.LATE
    assert "part 1" in fault.reason and "deadline" in fault.reason
    assert line.heard.inspected == [] and line.recorder.rows == [fault]


def test_a_queue_before_the_engine_counts_for_the_deadline(line: RunningLine) -> None:
    release = line.library.add(fitted(small_recipe(takt_s=60)))
    line.engine.release_requested.emit(str(release.folder))
    fresh, old = frames(2)
    line.take(
        replace(fresh, captured_s=time.monotonic()), replace(old, captured_s=time.monotonic() - 49)
    )
    line.engine.start_requested.emit()
    line.until(lambda: line.heard.faulted)
    assert [inspection.frame.origin.number for _, inspection in line.heard.inspected] == [1]
    assert line.heard.faulted[0][1].kind is FaultKind.LATE
