"""Which size to look at a part in: proposed from good pictures alone.

The same damage, drawn once, is ranked against good pictures held out at every size. Of the sizes
that cannot be told from the best one the smallest is proposed (the one-standard-error rule of
Breiman, Friedman, Olshen and Stone, "Classification and Regression Trees", 1984, §3.4.3): a larger
one costs time on every part and must earn it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from statistics import fmean, median

import numpy as np
import torch
from torch import nn

from engine.components.metric_head import MetricHead, MetricStack
from engine.components.neighbours import Bank
from engine.errors import RecipeError
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation.common_look import CommonLook
from engine.pretraining.adaptation.held_out import hold_out
from engine.pretraining.adaptation.learner import Learner
from engine.pretraining.adaptation.material import Material, draw_damages, gather
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.pretraining.adaptation.ranking import RankedScores, Ranking
from engine.pretraining.adaptation.stage import Stage
from engine.releases.manifest import SizeRecord, SizeTrial
from engine.types import FitStep, Image

SIZES = (224, 320, 448)
MOST_PICTURES = 150
"""Good pictures looked at in every size, an even choice of more."""
_STEPS = 60
"""Of learning at each size where the backbone is to be adapted: what looking larger is worth shows
only then."""
_ROWS = 2400
_TIMED = 5
_DRAWN_AGAIN = 400


def propose_size(
    squares: Sequence[Image],
    groups: Sequence[str],
    preprocessing: Preprocessing,
    *,
    n_good: int,
    stack: nn.Module,
    adapts: bool,
    bank_rows: Callable[[int], int],
    seed: int,
    device: torch.device,
) -> Generator[FitStep, None, SizeRecord]:
    """Rank drawn damage at every size and propose one.

    Parameters
    ----------
    squares
        (S, S, 3) uint8 of good pictures, S the largest of `SIZES`.
    groups
        The part each of them shows.
    n_good
        Good pictures of the whole fit.
    stack
        Gives strides 8 and 16.
    adapts
        Whether the backbone is going to be adapted: then every size is ranked after a short
        adaptation to it.
    bank_rows
        Gives the rows of the release's bank from the number of good patches: what a search takes
        belongs to the latency.

    Raises
    ------
    RecipeError
        Too few parts, no cell in the inspected region, or no damage that shows.
    """
    held_out = hold_out(groups, seed=seed)
    apart = [square for square, group in zip(squares, groups, strict=True) if group in held_out]
    kept = [number for number, group in enumerate(groups) if group not in held_out]
    numbers: dict[str, int] = {}
    parts = [numbers.setdefault(groups[number], len(numbers)) for number in kept]
    plan = AdaptationPlan(seed=seed, rows=_ROWS)
    known = [squares[number] for number in kept]
    found: dict[int, RankedScores] = {}
    latency: dict[int, float] = {}
    for size in SIZES:
        at_size = preprocessing.model_copy(update={"size": size})
        look = CommonLook(stack, at_size, device, side=SIZES[-1])
        ranking = Ranking(look, apart, seed=seed)
        yield from ranking.draw()
        material = yield from gather(look, known, parts, plan)
        if adapts:
            count = plan.damaged_for(_STEPS, len(known))
            damages = yield from draw_damages(look, known, parts, plan, count=count)
            material = replace(material, damages=damages)
        if not any(ranking.damaged.values()) or (adapts and not material.damages):
            raise RecipeError(
                "No damage drawn into the good pictures shows in what is inspected, so no size "
                "can be proposed. Give --size, or check the pictures and masks."
            )
        head = yield from _head(material, plan, adapts=adapts)
        found[size] = yield from ranking.scores(head, material.rows)
        rows = bank_rows(look.cells * n_good)
        bank = torch.randn(rows, head.fine, device=device, generator=_noise(device))
        latency[size] = _latency_ms(MetricStack(stack, head), size, Bank(bank), device)
    means = {size: fmean(scores.image_auroc().values()) for size, scores in found.items()}
    errors = yield from _errors(found, best=max(means, key=means.__getitem__), seed=seed)
    best = max(means.values())
    chosen = next(size for size in SIZES if best - means[size] <= errors[size])
    return SizeRecord(
        chosen=chosen,
        n_held_out=len(apart),
        adapted=adapts,
        trials=tuple(
            SizeTrial(
                size=size,
                image_auroc=round(means[size], 4),
                standard_error=round(errors[size], 4),
                latency_ms=round(latency[size], 1),
            )
            for size in SIZES
        ),
    )


def _head(
    material: Material, plan: AdaptationPlan, *, adapts: bool
) -> Generator[FitStep, None, MetricHead]:
    """Give the head to rank with: after a short adaptation, or untrained."""
    learner = Learner(material, plan, _STEPS)
    stage = Stage("Learning a little at each size", _STEPS)
    while adapts and learner.step < _STEPS:
        for _ in learner.learn():
            yield stage.at(learner.step)
    return learner.head


def _errors(
    found: Mapping[int, RankedScores], *, best: int, seed: int
) -> Generator[FitStep, None, dict[int, float]]:
    """Give the standard error of how far each size lies behind the best one, by bootstrap.

    Every size is drawn from anew with the same good pictures and the same damage, so that what they
    have in common falls out of the difference.
    """
    rng = np.random.default_rng(seed)
    behind: dict[int, list[float]] = {size: [] for size in found}
    counts = {kind: len(scores) for kind, scores in found[best].damaged.items() if len(scores)}
    stage = Stage("Telling the sizes apart", _DRAWN_AGAIN)
    for done in range(_DRAWN_AGAIN):
        good = rng.integers(len(found[best].good), size=len(found[best].good))
        damaged = {kind: rng.integers(count, size=count) for kind, count in counts.items()}
        means = {
            size: fmean(
                RankedScores(
                    scores.good[good],
                    {kind: scores.damaged[kind][again] for kind, again in damaged.items()},
                )
                .image_auroc()
                .values()
            )
            for size, scores in found.items()
        }
        for size, mean in means.items():
            behind[size].append(means[best] - mean)
        yield stage.at(done + 1)
    return {size: float(np.std(differences)) for size, differences in behind.items()}


def _latency_ms(network: nn.Module, size: int, bank: Bank, device: torch.device) -> float:
    """Time a picture of this size through backbone and search; the median of a few."""
    network.to(device)
    picture = torch.zeros(1, 3, size, size, device=device)
    times_s = []
    with torch.inference_mode():
        for _ in range(_TIMED):
            began = time.perf_counter()
            (level,) = network(picture)
            bank.nearest(level.flatten(2)[0].T.contiguous())[0].max().item()
            times_s.append(time.perf_counter() - began)
    return median(times_s) * 1e3


def _noise(device: torch.device) -> torch.Generator:
    return torch.Generator(device).manual_seed(0)
