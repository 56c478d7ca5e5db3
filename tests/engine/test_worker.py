"""The engine's thread: facts in order, commands between frames, and a line that goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine import execution as execution_module
from engine.errors import SourceError
from engine.inspector import Inspector
from engine.recipe import Roi
from engine.releases.folder import BLOBS
from engine.releases.library import Library
from engine.sources.base import FolderConfig, ReplayConfig, SimulatorConfig, SourceConfig
from engine.sources.opening import open_source
from engine.types import EngineState, Fault, FaultKind, Inspection
from engine.worker import UNSEEN_FRAMES
from tests.running_line import (
    PATIENCE_MS,
    Gate,
    RunningLine,
    ScriptedSource,
    frames,
    running_line,
)
from tests.small_parts import (
    fitted,
    frame_of,
    good_image,
    good_pictures,
    save_good,
    small_recipe,
    spotted,
    the_release,
)


@pytest.fixture
def line(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningLine]:
    def opened(config: SourceConfig | ScriptedSource, seen: Any, **asked: Any) -> object:
        return config if isinstance(config, ScriptedSource) else open_source(config, seen, **asked)

    monkeypatch.setattr(execution_module, "open_source", opened)
    with running_line(qtbot, Library(tmp_path / "releases")) as line:
        yield line


@pytest.fixture
def judging(line: RunningLine) -> RunningLine:
    """A line that has a release and waits for its source and its start."""
    release = line.library.add(the_release())
    line.engine.release_requested.emit(str(release.folder))
    line.until(lambda: line.heard.releases)
    return line


# Facts in order


def test_a_part_is_recorded_before_it_is_announced(judging: RunningLine) -> None:
    order: list[tuple[str, object]] = []
    worker = judging.engine.worker
    # Connected without a receiver of their own, these run in the worker's thread, at once.
    worker.began.connect(lambda origin: order.append(("began", origin.number)))
    worker.inspected.connect(lambda number, _: order.append(("announced", number)))
    judging.recorder.before = lambda thing: order.append(("recorded", thing.frame.origin.number))
    judging.take(*frames(3))
    judging.engine.start_requested.emit()
    judging.until(lambda: len(judging.heard.inspected) == 3)
    assert order == [(word, n) for n in (1, 2, 3) for word in ("began", "recorded", "announced")]


def test_the_announcement_bears_the_number_of_the_row(judging: RunningLine) -> None:
    judging.take(*frames(3))
    judging.engine.start_requested.emit()
    judging.until(lambda: len(judging.heard.inspected) == 3)
    for number, inspection in judging.heard.inspected:
        assert judging.recorder.rows[number - 1] is inspection
        assert inspection.release_id == the_release().manifest.id


def test_the_states_of_a_line(line: RunningLine) -> None:
    heard, engine = line.heard, line.engine
    engine.start_requested.emit()
    line.take(*frames(1))
    line.until(lambda: heard.states)
    line.until(lambda: heard.state is EngineState.INITIALIZED)
    assert line.recorder.rows == []
    release = line.library.add(the_release())
    engine.release_requested.emit(str(release.folder))
    line.until(lambda: heard.inspected)
    assert heard.state is EngineState.CONTINUOUS_EXECUTION
    engine.stop_requested.emit()
    line.until(lambda: heard.state is EngineState.READY)
    engine.source_requested.emit(None)
    line.until(lambda: heard.state is EngineState.PREOPERATIONAL)
    assert [state for state, _ in heard.states] == [
        EngineState.PREOPERATIONAL,
        EngineState.INITIALIZED,
        EngineState.CONTINUOUS_EXECUTION,
        EngineState.READY,
        EngineState.PREOPERATIONAL,
    ]


def test_the_loop_beats_and_tells_its_source(line: RunningLine) -> None:
    line.take()
    line.until(lambda: len(line.heard.beats) >= 2 and line.heard.sources)
    assert line.heard.beats == sorted(line.heard.beats)
    assert line.heard.sources[0].name == "script"


# Commands while it runs


def test_stopped_it_takes_no_further_part(judging: RunningLine) -> None:
    gate = Gate()
    judging.recorder.before = gate
    source = judging.take(*frames(5))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.engine.stop_requested.emit()
    gate.open()
    judging.until(lambda: judging.heard.state is EngineState.READY)
    assert (len(judging.recorder.rows), len(source.items)) == (1, 4)
    judging.engine.start_requested.emit()
    judging.until(lambda: len(judging.recorder.rows) == 5)


def test_another_source_from_the_next_frame_on(judging: RunningLine) -> None:
    gate = Gate()
    judging.recorder.before = gate
    first = judging.take(*frames(5))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.take(*frames(2, first=50))
    gate.open()
    judging.until(lambda: len(judging.heard.inspected) == 3)
    numbers = [inspection.frame.origin.number for _, inspection in judging.heard.inspected]
    assert numbers == [1, 50, 51]
    assert first.closed_in == [judging.thread]


def test_a_source_that_cannot_be_opened_is_refused(judging: RunningLine, tmp_path: Path) -> None:
    judging.engine.start_requested.emit()
    judging.engine.source_requested.emit(ReplayConfig(path=tmp_path / "nothing"))
    judging.until(lambda: judging.heard.refused)
    assert "nothing" in judging.heard.refused[0]
    assert judging.heard.state is EngineState.ERROR
    judging.take(*frames(1))
    judging.until(lambda: judging.heard.inspected)
    assert judging.heard.state is EngineState.CONTINUOUS_EXECUTION


def test_another_release_from_the_next_frame_on(judging: RunningLine) -> None:
    other = judging.library.add(fitted(small_recipe(seed=5)))
    gate = Gate()
    judging.recorder.before = gate
    judging.take(*frames(2))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.engine.release_requested.emit(str(other.folder))
    gate.open()
    judging.until(lambda: len(judging.heard.inspected) == 2)
    ids = [inspection.release_id for _, inspection in judging.heard.inspected]
    assert ids == [the_release().manifest.id, other.id]
    assert [release.id for release in judging.heard.releases] == ids


@pytest.mark.parametrize("damage", ["missing", "no blob", "blob changed"])
def test_a_damaged_release_is_refused_and_the_old_one_stays(
    judging: RunningLine, tmp_path: Path, damage: str
) -> None:
    other = Library(tmp_path / "other").add(fitted(small_recipe(seed=5)))
    blob = other.blob_path(other.manifest.blobs["method"])
    if damage == "no blob":
        blob.unlink()
    if damage == "blob changed":
        blob.write_bytes(blob.read_bytes()[:-3])
    folder = tmp_path / "nowhere" if damage == "missing" else other.folder
    judging.engine.release_requested.emit(str(folder))
    judging.until(lambda: judging.heard.refused)
    judging.take(*frames(1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    assert judging.heard.inspected[0][1].release_id == the_release().manifest.id
    assert len(judging.heard.releases) == 1


def test_without_a_release_nothing_is_judged(line: RunningLine, tmp_path: Path) -> None:
    line.engine.release_requested.emit(str(tmp_path / "nowhere"))
    source = line.take(*frames(2))
    line.engine.start_requested.emit()
    line.until(lambda: line.heard.refused and len(line.heard.beats) >= 2)
    assert (source.grabs, line.recorder.rows) == (0, [])
    assert line.heard.state is EngineState.INITIALIZED


def test_moved_limits_hold_from_the_next_frame_on(judging: RunningLine) -> None:
    bad = spotted(good_image(100))
    limits = the_release().manifest.limits.moved_to(1e6)
    gate = Gate()
    judging.recorder.before = gate
    judging.take(frame_of(bad, 1), frame_of(bad, 2))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.recorder.person = "Kim"
    judging.engine.limits_requested.emit(limits, "too many alarms")
    gate.open()
    judging.until(lambda: len(judging.heard.inspected) == 2)
    before, after = (inspection for _, inspection in judging.heard.inspected)
    assert (before.verdict, after.verdict) == ("NG", "OK")
    assert after.limits == limits
    manifest = judging.heard.releases[-1].manifest
    assert (manifest.id, manifest.parent) == (after.release_id, before.release_id)
    assert (manifest.reason, manifest.person) == ("too many alarms", "Kim")
    assert len(list((judging.library.folder / BLOBS).iterdir())) == len(the_release().blobs)


def test_limits_without_a_release_are_refused(line: RunningLine) -> None:
    line.engine.limits_requested.emit(the_release().manifest.limits, "why not")
    line.until(lambda: line.heard.refused)
    assert "Fit one first" in line.heard.refused[0]


def test_limits_that_cannot_be_kept_leave_the_old_ones(
    judging: RunningLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("engine.releases.library.write_whole", fail)
    judging.engine.limits_requested.emit(the_release().manifest.limits.moved_to(9.0), "more")
    judging.until(lambda: len(judging.heard.releases) == 2)
    assert "No space left" in judging.heard.refused[0]
    assert judging.heard.releases[-1].id == the_release().manifest.id, "the slider goes back"


@pytest.mark.parametrize("count", [1, 3])
def test_so_many_parts_and_no_more(judging: RunningLine, count: int) -> None:
    fault = Fault(frame_of(good_image(0), 9).origin, FaultKind.PICTURE, "It is empty.")
    source = judging.take(fault, *frames(6))
    judging.engine.parts_requested.emit(count)
    judging.until(lambda: judging.heard.parts_done)
    judging.until(lambda: judging.heard.state is EngineState.READY)
    assert (len(judging.recorder.rows), len(source.items)) == (count, 7 - count)
    assert judging.heard.parts_done == 1


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


@pytest.mark.parametrize(
    "error",
    [SourceError("The folder is gone; check the network."), RuntimeError("The record is locked.")],
    ids=["lost", "bug"],
)
def test_a_lost_source_is_an_error_until_it_is_back(judging: RunningLine, error: Exception) -> None:
    judging.take(*frames(1), error, error, *frames(1, first=2))
    judging.engine.start_requested.emit()
    judging.until(lambda: len(judging.heard.inspected) == 2)
    states = [state for state, _ in judging.heard.states[-3:]]
    running = EngineState.CONTINUOUS_EXECUTION
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


# A fit beside the line


def test_a_fit_judges_when_it_has_ended(line: RunningLine) -> None:
    line.engine.fit_requested.emit(small_recipe(), good_pictures())
    line.take(*frames(1))
    line.engine.start_requested.emit()
    line.until(lambda: line.heard.inspected)
    ((release, sentence),) = line.heard.fits
    assert sentence == ""
    assert line.library.open(release.id) == release
    assert line.heard.releases == [release]
    assert line.heard.inspected[0][1].release_id == release.id
    assert line.heard.states[:2] == [
        (EngineState.PREOPERATIONAL, "No release is active."),
        (EngineState.PREOPERATIONAL, "A recipe is being fitted."),
    ]


def test_a_fit_goes_on_between_the_frames(judging: RunningLine) -> None:
    order: list[str] = []
    worker = judging.engine.worker
    worker.inspected.connect(lambda *_: order.append("frame"))
    worker.fit_progressed.connect(lambda *_: order.append("step"))
    now_and_then = [item for frame in frames(6) for item in (frame, None, None)]
    judging.engine.fit_requested.emit(small_recipe(seed=3), good_pictures())
    judging.take(*now_and_then)
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.fits and len(judging.heard.inspected) == 6)
    first, last = order.index("frame"), len(order) - 1 - order[::-1].index("frame")
    assert "step" in order[first:last], "steps are done while frames come"
    for one, next_ in zip(order[first:last], order[first + 1 : last], strict=False):
        assert (one, next_) != ("frame", "frame"), "where no frame waits, the fit goes on"
    ids = {inspection.release_id for _, inspection in judging.heard.inspected}
    assert the_release().manifest.id in ids


def test_frames_that_wait_come_first(judging: RunningLine) -> None:
    order: list[str] = []
    gate = Gate()
    judging.recorder.before = gate
    worker = judging.engine.worker
    worker.inspected.connect(lambda *_: order.append("frame"))
    worker.fit_progressed.connect(lambda *_: order.append("step"))
    judging.take(*frames(5))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.engine.fit_requested.emit(small_recipe(seed=3), good_pictures())
    gate.open()
    judging.until(lambda: judging.heard.fits)
    assert order[:5] == ["frame"] * 5


def test_a_cancelled_fit_leaves_the_running_release(judging: RunningLine) -> None:
    before = sorted(judging.library.folder.rglob("*"))
    gate = Gate()
    # Held in the middle of the fit, so that the order to cancel finds it running.
    judging.engine.worker.fit_progressed.connect(
        lambda step: gate(step) if step.done == 3 and not gate.reached.is_set() else None
    )
    judging.engine.fit_requested.emit(small_recipe(seed=3), good_pictures())
    judging.until(gate.reached.is_set)
    judging.engine.cancel_fit_requested.emit()
    gate.open()
    judging.until(lambda: judging.heard.fits)
    assert judging.heard.fits == [(None, "The fit was cancelled.")]
    assert sorted(judging.library.folder.rglob("*")) == before
    judging.take(*frames(1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    assert judging.heard.inspected[0][1].release_id == the_release().manifest.id


def test_cancelling_nothing_says_nothing(judging: RunningLine) -> None:
    judging.engine.cancel_fit_requested.emit()
    judging.take(*frames(1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    assert judging.heard.fits == []


def test_a_fit_that_replaces_another_ends_alone(judging: RunningLine) -> None:
    judging.engine.fit_requested.emit(small_recipe(seed=3), good_pictures())
    judging.engine.fit_requested.emit(small_recipe(seed=4), good_pictures())
    judging.until(lambda: judging.heard.fits)
    ((release, sentence),) = judging.heard.fits
    assert (release.manifest.seed, sentence) == (4, "")


def test_a_fit_that_fails_leaves_the_running_release(judging: RunningLine) -> None:
    judging.engine.fit_requested.emit(small_recipe(), good_pictures(2))
    judging.take(*frames(1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.fits and judging.heard.inspected)
    ((release, sentence),) = judging.heard.fits
    assert (release, "at least 5 good pictures" in sentence) == (None, True)
    assert judging.heard.inspected[0][1].release_id == the_release().manifest.id
    assert judging.heard.state is EngineState.CONTINUOUS_EXECUTION


@pytest.mark.parametrize("where", ["add", "open"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("out of memory")]
)
def test_a_fit_that_cannot_be_kept_ends_with_a_sentence(
    line: RunningLine, monkeypatch: pytest.MonkeyPatch, where: str, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    place = (Library, "add") if where == "add" else (Inspector, "open")
    monkeypatch.setattr(*place, fail)
    line.engine.fit_requested.emit(small_recipe(), good_pictures(6))
    line.until(lambda: line.heard.fits)
    assert line.heard.fits == [(None, str(error))]
    line.until(lambda: len(line.heard.beats) >= 1)
    assert line.heard.states[-1] == (EngineState.PREOPERATIONAL, "No release is active.")
    monkeypatch.undo()
    line.engine.fit_requested.emit(small_recipe(), good_pictures(6))
    line.until(lambda: len(line.heard.fits) == 2)
    assert line.heard.fits[1][0] is not None, "the engine goes on"


# What crosses to the window


def test_only_small_pictures_cross_to_a_window_that_lags(judging: RunningLine) -> None:
    count = UNSEEN_FRAMES + 5
    done = threading.Event()
    judging.recorder.before = lambda _: done.set() if len(judging.recorder.rows) == count else None
    judging.take(*frames(count + 1))
    judging.engine.start_requested.emit()
    # The window's loop does not turn here: it acknowledges nothing.
    assert done.wait(PATIENCE_MS / 1000)
    judging.until(lambda: len(judging.heard.inspected) == count + 1)
    shapes = [inspection.frame.image.shape for _, inspection in judging.heard.inspected]
    assert set(shapes[:UNSEEN_FRAMES]) == {(72, 96, 3)}
    assert set(shapes[UNSEEN_FRAMES:]) == {(64, 64, 3)}
    small = judging.heard.inspected[-1][1]
    assert small.frame.original is None
    whole = judging.recorder.rows[-1]
    assert isinstance(whole, Inspection)
    assert whole.frame.image.shape == (72, 96, 3), "the record keeps the whole picture"
    np.testing.assert_array_equal(small.map, whole.map)
    judging.take(*frames(1, first=90))
    judging.until(lambda: len(judging.heard.inspected) == count + 2)
    assert judging.heard.inspected[-1][1].frame.image.shape == (72, 96, 3), "it has caught up"


# The end


def test_the_frame_in_flight_is_recorded_before_the_end(judging: RunningLine) -> None:
    gate = Gate()
    judging.recorder.before = gate
    source = judging.take(*frames(4))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.engine.end()
    gate.open()
    judging.until(lambda: judging.heard.ended)
    assert judging.heard.ended == [True]
    assert len(judging.recorder.rows) == len(judging.heard.inspected) == 1
    assert source.closed_in == [judging.thread]
    assert judging.thread.isFinished()


def test_an_end_in_the_middle_of_a_fit_leaves_nothing(line: RunningLine) -> None:
    gate = Gate()
    line.engine.worker.fit_progressed.connect(
        lambda step: gate(step) if step.done == 3 and not gate.reached.is_set() else None
    )
    line.engine.fit_requested.emit(small_recipe(), good_pictures())
    line.until(gate.reached.is_set)
    line.engine.end()
    gate.open()
    line.until(lambda: line.heard.ended)
    assert line.heard.ended == [True]
    assert not line.library.folder.exists()


def test_ending_twice_is_ending(line: RunningLine) -> None:
    line.engine.end()
    line.engine.end()
    line.until(lambda: line.heard.ended)
    assert line.heard.ended == [True]


def test_an_engine_that_hangs_is_given_up(judging: RunningLine) -> None:
    gate = Gate()
    judging.recorder.before = gate
    judging.take(*frames(1))
    judging.engine.start_requested.emit()
    judging.until(gate.reached.is_set)
    judging.engine.end(wait=False)
    assert judging.heard.ended == [False]
    gate.open()


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


# What a person asks for


def test_a_part_inspected_again_is_its_next_attempt(judging: RunningLine) -> None:
    judging.take(*frames(1))
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.inspected)
    judging.engine.stop_requested.emit()
    origin = replace(judging.heard.inspected[0][1].frame.origin, source="script")
    judging.engine.again_requested.emit(origin)
    judging.until(lambda: judging.heard.parts_done)
    assert [row.frame.origin.attempt for row in judging.recorder.rows] == [1, 2]
    assert judging.heard.state is EngineState.READY
    assert EngineState.SINGLE_EXECUTION in [state for state, _ in judging.heard.states]


def test_a_part_of_another_source_cannot_come_again(judging: RunningLine) -> None:
    judging.take()
    judging.engine.again_requested.emit(frames(1)[0].origin)
    judging.until(lambda: judging.heard.refused)
    assert "'test'" in judging.heard.refused[0]


def test_a_preview_takes_nothing(judging: RunningLine) -> None:
    source = judging.take(*frames(1))
    judging.engine.preview_requested.emit()
    judging.until(lambda: judging.heard.previews)
    assert np.array_equal(judging.heard.previews[0], good_image(101))
    judging.engine.source_requested.emit(None)
    judging.engine.preview_requested.emit()
    judging.until(lambda: len(judging.heard.previews) == 2)
    assert judging.heard.previews[1] is None and source.grabs == 0


def test_a_source_that_is_no_simulator_cannot_be_adjusted(judging: RunningLine) -> None:
    judging.take()
    judging.engine.adjustment_requested.emit(SimulatorConfig())
    judging.until(lambda: judging.heard.refused)
    assert "simulator" in judging.heard.refused[0]


def test_a_trigger_whose_source_is_closed_is_a_fault(judging: RunningLine) -> None:
    judging.take()
    judging.engine.start_requested.emit()
    judging.until(lambda: judging.heard.state is EngineState.CONTINUOUS_EXECUTION)
    judging.engine.scan_requested.emit("4711")
    judging.engine.trigger_requested.emit()
    judging.engine.source_requested.emit(None)
    judging.until(lambda: judging.heard.faulted)
    ((number, fault),) = judging.heard.faulted
    assert (number, fault.kind, fault.origin.part_id) == (1, FaultKind.TRIGGER, "4711")
    assert "not inspected" in fault.reason and judging.recorder.rows == [fault]


def test_an_ended_engine_is_halted(judging: RunningLine) -> None:
    judging.end()
    assert judging.heard.state is EngineState.HALTED
