"""A GPU without memory: the part is a fault, and the processor goes on where it may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from engine.inspector import Eye, Inspector
from engine.types import Fault, FaultKind, Image, Inspection, Scores
from tests.running_line import RunningLine, frames


class PretendedGpu:
    """Makes the first inspector believe that it computes on a GPU, which refuses so many calls."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses, self.eye = 0, None
        score = Eye._score

        def scored(eye: Eye, square: Image) -> Scores:
            self.eye = self.eye or eye
            if eye is self.eye and self.refuses:
                self.refuses -= 1
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return score(eye, square)

        monkeypatch.setattr(Eye, "_score", scored)
        monkeypatch.setattr(
            Inspector, "is_on_gpu", property(lambda inspector: inspector._eye is self.eye)
        )


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[PretendedGpu]:
    # Asked for before `judging`, so that its release is opened on it.
    return PretendedGpu(monkeypatch)


def ran(line: RunningLine, count: int) -> list[Inspection | Fault]:
    line.engine.worker._device = "auto"  # the release is opened already, on what there is
    line.take(*frames(count))
    line.engine.start_requested.emit()
    line.until(lambda: len(line.recorder.rows) == count)
    return line.recorder.rows


def test_one_refusal_costs_nothing(gpu: PretendedGpu, judging: RunningLine) -> None:
    gpu.refuses = 1
    assert not any(isinstance(row, Fault) for row in ran(judging, 2))


def test_the_processor_goes_on_and_people_are_told(gpu: PretendedGpu, judging: RunningLine) -> None:
    gpu.refuses = 99
    fault, *others = ran(judging, 3)
    assert isinstance(fault, Fault) and fault.kind is FaultKind.ENGINE
    assert "too little memory to inspect this picture" in fault.reason
    assert all(isinstance(row, Inspection) for row in others)
    judging.until(lambda: judging.heard.left_gpu)
    (told,) = judging.heard.left_gpu
    assert "The processor goes on in its place" in told
    assert gpu.refuses == 97  # tried twice, then left alone


def test_a_release_that_does_not_reproduce_there_judges_nothing(
    gpu: PretendedGpu, judging: RunningLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    score = Eye._score

    def off(eye: Eye, square: Image) -> Scores:
        scores = score(eye, square)
        return scores if eye is gpu.eye else Scores(scores.image + 1, scores.map)

    monkeypatch.setattr(Eye, "_score", off)
    gpu.refuses = 4  # two parts, twice each; then it has memory again
    first, second, third = ran(judging, 3)
    assert isinstance(first, Fault) and isinstance(second, Fault)
    assert isinstance(third, Inspection)
    assert not judging.heard.left_gpu
    judging.until(lambda: judging.heard.refused)
    (refused,) = judging.heard.refused
    assert "does not reproduce on this PC" in refused
