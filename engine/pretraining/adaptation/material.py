"""What an adaptation learns from: patches of good pictures and of damage, computed once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.components.coreset import PROJECTED_DIMENSIONS, GreedyCoreset, project
from engine.components.metric_head import MetricHead
from engine.pretraining.adaptation.held_out import evenly
from engine.pretraining.adaptation.look import Look
from engine.pretraining.adaptation.plan import LEARNED_KINDS, AdaptationPlan
from engine.pretraining.adaptation.stage import Stage
from engine.synthetic.textures.draws import Draws
from engine.types import FitStep, Image

_AT_ONCE = 2
"""Pictures damaged in one go: at 224 pixels a step of about 40 ms on one core."""
_PATCHES_PER_DAMAGE = 48
_LEAST_SHARE = 0.12
"""Of a cell that damage covers, from which the cell counts as damaged."""


@dataclass(frozen=True, eq=False)
class Damage:
    """One damage drawn into one picture."""

    patches: Tensor
    """(m, I) float16: some of the patches it covers."""
    part: int
    """The part it was drawn into, whose own patches it is not compared with."""


@dataclass(frozen=True, eq=False)
class Material:
    """Of all pictures learned from.

    Attributes
    ----------
    good
        (N, n, I) float16, I a `MetricHead`'s inputs.
    moved
        Gives the patches of one of the N pictures, (n, I) float16, as `Look.moved` moves it.
    parts
        The part of each of the N pictures.
    damages
        Those that show; none before they are drawn.
    rows
        (M, I) float16, the good patches that are searched, the most telling first.
    row_parts
        (M,) int64, the part of each.
    fine, coarse
        Channels of the levels that the patches were made of.
    """

    good: Tensor
    moved: Callable[[Draws, int], Tensor]
    parts: tuple[int, ...]
    damages: tuple[Damage, ...]
    rows: Tensor
    row_parts: Tensor
    fine: int
    coarse: int

    def untrained_head(self, hidden: int) -> MetricHead:
        """Make a head for these patches, with random numbers where it is to learn."""
        return MetricHead(hidden, fine=self.fine, coarse=self.coarse)


def gather(
    look: Look, squares: Sequence[Image], parts: Sequence[int], plan: AdaptationPlan
) -> Generator[FitStep, None, Material]:
    """Compute the patches of the good pictures, picture by picture; damage is yet to be drawn."""
    good = yield from _good(look, squares)
    rows, pictures = yield from _rows(good, look.fine, plan)
    row_parts = torch.tensor(parts, device=good.device)[pictures]

    def moved(draws: Draws, number: int) -> Tensor:
        return look.patches(look.moved(draws, look.pictures([squares[number]])))[0]

    return Material(good, moved, tuple(parts), (), rows, row_parts, look.fine, look.coarse)


def _good(look: Look, squares: Sequence[Image]) -> Generator[FitStep, None, Tensor]:
    stage = Stage("Looking closer at the good pictures", len(squares))
    first = look.patches(look.pictures(squares[:1]))[0]
    good = first.new_empty((len(squares), *first.shape))
    for number, square in enumerate(squares):
        good[number] = look.patches(look.pictures([square]))[0]
        yield stage.at(number + 1)
    return good


def draw_damages(
    look: Look, squares: Sequence[Image], parts: Sequence[int], plan: AdaptationPlan, *, count: int
) -> Generator[FitStep, None, tuple[Damage, ...]]:
    """Damage `count` pictures; every good one as often as another, but for one."""
    total = len(squares)
    stage = Stage("Drawing damage into good pictures", count)
    found: list[Damage] = []
    for version, begun in enumerate(range(0, count, total)):
        chosen = evenly(total, min(total, count - begun))
        for start in range(0, len(chosen), _AT_ONCE):
            draws = Draws(look.device, plan.seed, version, start)
            numbers = chosen[start : start + _AT_ONCE]
            good = look.moved(draws, look.pictures([squares[number] for number in numbers]))
            # Matter of pictures far off in the list: neighbours may show the same part.
            other = look.pictures([squares[(number + total // 2) % total] for number in numbers])
            pictures, masks = look.damaged(draws, good, other, kinds=LEARNED_KINDS, times=2)
            covered = look.covered(masks, _LEAST_SHARE)
            yield stage.at(begun + start)
            for done, (number, picture, each) in enumerate(
                zip(numbers, pictures, covered, strict=True), start=begun + start + 1
            ):
                patches = look.patches(picture[None])[0]
                for one in each:
                    under = patches[one]
                    if len(under):
                        order = torch.argsort(draws.uniform(len(under)))[:_PATCHES_PER_DAMAGE]
                        # Chosen by index it is a copy: a view would keep the whole picture.
                        found.append(Damage(under[order], parts[number]))
                yield stage.at(done)
    return tuple(found)


def _rows(
    good: Tensor, fine: int, plan: AdaptationPlan
) -> Generator[FitStep, None, tuple[Tensor, Tensor]]:
    """Choose the patches to search, of every second one; give them and their pictures."""
    half = good[:, ::2]
    pictures, cells, _ = half.shape
    stage = Stage("Laying out the good patches", pictures)
    length = min(fine, PROJECTED_DIMENSIONS)
    pool = torch.empty((pictures * cells, length), device=good.device)
    for number, patches in enumerate(half):
        averaged = patches[:, :fine].float()
        pool[number * cells : (number + 1) * cells] = project(averaged, plan.seed)
        yield stage.at(number + 1)
    coreset = GreedyCoreset(pool, plan.rows)
    yield from coreset.steps()
    chosen = torch.tensor(coreset.chosen, device=good.device)
    return half[chosen // cells, chosen % cells], chosen // cells
