"""CFA's training from first to last step, within a budget of steps and in short pieces."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.components.centres import Centres
from engine.components.coreset import STEP_S
from engine.components.coupled_hyperspheres import CoupledHyperspheres, Tally
from engine.components.patch_descriptor import PatchDescriptor
from engine.parameters import CfaParameters
from engine.types import FitStep


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class Learned:
    """φ and r, and how they came about."""

    matrix: Tensor
    """φ, (D', D + 3) float32."""
    radius: float
    """The radius r of all hyperspheres."""
    history: Tensor
    """(epochs, 4) float32: steps of this training, loss, r, and the share of L_rep's terms above 0,
    each epoch; so it can be told whether anything was ever kept out."""


def train(
    descriptor: PatchDescriptor,
    centres: Centres,
    start: Learned,
    pictures: Sequence[Tensor],
    parameters: CfaParameters,
    *,
    most_steps: int,
    seed: int,
) -> Generator[FitStep, None, Learned]:
    """Train φ and r for all epochs, or for so many steps at most.

    No picture is dropped at the end of an epoch: batches run on into the next one.

    Parameters
    ----------
    start
        What to go on from; it is left as it is.
    pictures
        Cells of each, as `PatchDescriptor.cells` gives them.
    """
    spheres = CoupledHyperspheres(descriptor, centres, start.matrix, start.radius, parameters)
    per_epoch = -(-len(pictures) // parameters.batch)
    steps = min(parameters.epochs * per_epoch, most_steps)
    order, history = _endless(len(pictures), seed), [start.history]
    began = looked = time.monotonic()
    stage = "Learning what good patches have in common"
    yield FitStep(stage, 0, steps, None)
    for step in range(1, steps + 1):
        for _ in spheres.learn([pictures[next(order)] for _ in range(parameters.batch)]):
            now = time.monotonic()
            if now - looked >= STEP_S:
                left = (now - began) / step * (steps - step + 1)
                yield FitStep(stage, step - 1, steps, left)
                looked = time.monotonic()
        if step % per_epoch == 0 or step == steps:
            now_at = (step, spheres.loss, spheres.radius, spheres.share_repelled)
            history.append(torch.tensor([now_at]))
            spheres.tally = Tally()
    return Learned(spheres.matrix, spheres.radius, torch.cat(history))


def _endless(count: int, seed: int) -> Iterator[int]:
    """Give the numbers of the pictures, each once in every epoch, in ever new orders."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        yield from torch.randperm(count, generator=generator).tolist()
