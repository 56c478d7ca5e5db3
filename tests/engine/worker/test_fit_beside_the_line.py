"""A fit in steps beside the line, and the end of both."""

from __future__ import annotations

import pytest

from engine.inspector import Inspector
from engine.releases.library import Library
from engine.types import EngineState
from tests.running_line import (
    Gate,
    RunningLine,
    frames,
)
from tests.small_parts import (
    good_pictures,
    small_recipe,
    the_release,
)

pytestmark = pytest.mark.slow

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
