"""Facts in order, commands between frames, and what a person asks for."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.releases.folder import BLOBS
from engine.releases.library import Library
from engine.sources.base import ReplayConfig, SimulatorConfig
from engine.types import EngineState, Fault, FaultKind, Inspection
from engine.worker import UNSEEN_FRAMES
from tests.running_line import (
    PATIENCE_MS,
    Gate,
    RunningLine,
    frames,
)
from tests.small_parts import (
    fitted,
    frame_of,
    good_image,
    small_recipe,
    spotted,
    the_release,
)

pytestmark = pytest.mark.slow

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


def test_a_stopped_line_takes_a_part_again_as_often_as_it_was_asked(judging: RunningLine) -> None:
    judging.take(*frames(1))
    judging.engine.parts_requested.emit(1)
    judging.until(lambda: judging.heard.parts_done)
    gate = Gate()
    judging.recorder.before = gate
    origin = replace(judging.heard.inspected[0][1].frame.origin, source="script")
    judging.engine.again_requested.emit(origin)
    judging.engine.again_requested.emit(origin)
    judging.until(gate.reached.is_set)
    gate.open()
    judging.until(lambda: judging.heard.parts_done == 2)
    assert len(judging.recorder.rows) == 3 and judging.heard.state is EngineState.READY


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
