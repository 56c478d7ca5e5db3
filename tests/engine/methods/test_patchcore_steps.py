"""How PatchCore's fit is cut into steps, so that a line runs beside it."""

from __future__ import annotations

import time

import torch

from engine.methods.patchcore import PatchCore
from tests.engine.methods.small_patchcore import levels, method
from tests.small_parts import finished


def large() -> PatchCore:
    found = method(coreset=0.1)
    for number in range(12):
        found.collect(levels(number, grid=40), picture=number, group=number)
    return found


def test_they_are_short_and_named() -> None:
    found = large()
    for steps in (found.build(0), found.leave_one_out()):
        longest, looked = 0.0, time.process_time()
        for step in steps:
            longest = max(longest, time.process_time() - looked)
            assert step.stage and 0 <= step.fraction <= 1
            looked = time.process_time()
        assert longest < 0.15  # a line runs beside it; 50 ms on a machine of its own


def test_laying_out_a_large_fit_is_split_by_picture() -> None:
    stages = [step.stage for step in large().build(0)]
    assert stages.count(stages[0]) >= 12


def test_a_build_can_begin_again_after_it_was_cancelled() -> None:
    found = large()
    steps = found.build(0)
    for _ in range(5):
        next(steps)
    steps.close()
    finished(found.build(0))
    straight = large()
    finished(straight.build(0))
    assert torch.equal(found.provenance, straight.provenance)
