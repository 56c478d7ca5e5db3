"""An adaptation from first to last, in short steps; closed at any of them it leaves nothing."""

from __future__ import annotations

import copy
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from engine.components.metric_head import MetricHead
from engine.errors import RecipeError
from engine.preprocess import Preprocessing
from engine.pretraining.adaptation.held_out import evenly, hold_out
from engine.pretraining.adaptation.learner import Learner
from engine.pretraining.adaptation.look import Look
from engine.pretraining.adaptation.material import Damage, Material, draw_damages, gather
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.pretraining.adaptation.ranking import Ranking
from engine.pretraining.adaptation.stage import Stage
from engine.releases.manifest import AdaptationFigures, AdaptationRecord
from engine.types import FitStep, Image

LEAST_GAIN = 0.01
"""In mean image AUROC over the kinds held out, from which an adaptation is kept."""
_CLOSE = 0.01
"""In the same, within which heads are told apart by chance more than by worth."""
LEAST_STEPS, MOST_STEPS = 20, 1000
"""That minutes can come to."""
_MEASUREMENTS = 4
"""Of the head in training, evenly over the steps."""
_SHARES = (0.2, 0.4, 0.7)
"""Of the best head's correction that are ranked beside the whole of it."""
_TIMED_STEPS, _TIMED_PICTURES = 4, 16


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What an adaptation came to; the head is to be used only where the record says ``kept``."""

    head: MetricHead
    record: AdaptationRecord


def adapt(
    squares: Sequence[Image],
    groups: Sequence[str],
    preprocessing: Preprocessing,
    plan: AdaptationPlan,
    *,
    stack: nn.Module,
    minutes: float | None = None,
    steps: int | None = None,
    device: torch.device,
) -> Generator[FitStep, None, Adaptation]:
    """Adapt a metric head to the part that good pictures show.

    On one machine with as many threads, the same pictures, plan and number of steps give the same
    head, to the bit.

    Parameters
    ----------
    squares
        (S, S, 3) uint8 each, as `Preprocessing.square` gives them.
    groups
        Of each: pictures of one part are learned from together or held out together.
    stack
        What the head is to stand on, giving strides 8 and 16; it stays as it is.
    minutes
        How long all of it may take; after the first steps they are turned into a number of steps.
    steps
        Used where `minutes` is None.

    Raises
    ------
    RecipeError
        Too few parts, no cell in the inspected region, or no damage that shows.
    """
    began = time.monotonic()
    held_out = hold_out(groups, seed=plan.seed)
    look = Look(stack, preprocessing, device)
    learned_from = [number for number, group in enumerate(groups) if group not in held_out]
    most = max(2, plan.most_patches // look.cells)
    learned_from = [learned_from[place] for place in evenly(len(learned_from), most)]
    parts = _numbered([groups[number] for number in learned_from])
    apart = [square for square, group in zip(squares, groups, strict=True) if group in held_out]
    ranking = Ranking(look, apart, seed=plan.seed)
    yield from ranking.draw()
    known = [squares[number] for number in learned_from]
    material = yield from gather(look, known, parts, plan)

    def drawn(count: int) -> Generator[FitStep, None, tuple[Damage, ...]]:
        return draw_damages(look, known, parts, plan, count=count)

    ranked_at = time.monotonic()
    untrained = Learner(material, plan, steps=1).head
    without = (yield from ranking.scores(untrained, material.rows)).figures()
    ranking_s = time.monotonic() - ranked_at
    if minutes is not None:
        drawn_at = time.monotonic()
        some = yield from drawn(min(_TIMED_PICTURES, plan.damaged))
        picture_s = (time.monotonic() - drawn_at) / _TIMED_PICTURES
        rankings = _MEASUREMENTS + len(_SHARES)
        left_s = 60 * minutes - (time.monotonic() - began) - rankings * ranking_s
        steps = yield from _steps_in(left_s, picture_s, replace(material, damages=some), plan)
    assert steps is not None, "minutes or steps"
    damages = yield from drawn(plan.damaged_for(steps, len(known)))
    if not damages or not without.image_auroc:
        raise RecipeError(
            "No damage drawn into the good pictures shows in what is inspected, so there is "
            "nothing to adapt by. Fit without --adapt, or check the pictures and masks."
        )
    material = replace(material, damages=damages)
    best = yield from _best_head(Learner(material, plan, steps), steps, ranking, material, without)
    record = AdaptationRecord(
        kept=best.step > 0,
        steps=steps,
        best_step=best.step,
        share=best.share,
        minutes=minutes,
        seconds=round(time.monotonic() - began, 1),
        seed=plan.seed,
        n_learned_from=len(learned_from),
        held_out=tuple(sorted(held_out)),
        without=without,
        history=best.history,
        adapted=best.figures,
    )
    return Adaptation(best.head, record)


@dataclass(frozen=True, eq=False)
class _Best:
    step: int
    """0: none was better than the untrained head by `LEAST_GAIN`."""
    share: float
    """Of the correction after that step."""
    head: MetricHead
    figures: AdaptationFigures
    history: tuple[tuple[int, float], ...]


def _best_head(
    learner: Learner,
    steps: int,
    ranking: Ranking,
    material: Material,
    without: AdaptationFigures,
) -> Generator[FitStep, None, _Best]:
    """Learn, rank now and then, and give the smallest share of the last head that ranks as well.

    Of heads that rank alike the one that learned longest, and at the lowest rate, is preferred; of
    shares of its correction the smallest: of what it learned by heart of the good pictures, and no
    others bear out, it then makes less.
    """
    due = {steps * number // _MEASUREMENTS for number in range(1, _MEASUREMENTS + 1)}
    ranked: list[tuple[int, MetricHead, AdaptationFigures]] = []
    stage = Stage("Adapting to the part", steps)
    while learner.step < steps:
        for _ in learner.learn():
            yield stage.at(learner.step)
        if learner.step in due:
            figures = (yield from ranking.scores(learner.head, material.rows)).figures()
            ranked.append((learner.step, copy.deepcopy(learner.head), figures))
    yield stage.at(steps)
    history = tuple((step, round(figures.mean_auroc, 4)) for step, _, figures in ranked)
    enough = max(figures.mean_auroc for _, _, figures in ranked) - _CLOSE
    step, whole, figures = next(it for it in reversed(ranked) if it[2].mean_auroc >= enough)
    shares = [(1.0, whole, figures)]
    for share in _SHARES:
        blended = whole.blended(share)
        shares.append(
            (share, blended, (yield from ranking.scores(blended, material.rows)).figures())
        )
    best = max(figures.mean_auroc for _, _, figures in shares)
    if best < without.mean_auroc + LEAST_GAIN:
        return _Best(0, 1.0, learner.head, ranked[-1][2], history)
    enough = max(best - _CLOSE / 2, without.mean_auroc + LEAST_GAIN)
    as_good = [it for it in shares if it[2].mean_auroc >= enough]
    share, head, figures = min(as_good, key=lambda it: it[0])
    return _Best(step, share, head, figures, history)


def _steps_in(
    seconds: float, picture_s: float, material: Material, plan: AdaptationPlan
) -> Generator[FitStep, None, int]:
    """Time a few steps to know how many there is time for; their head is thrown away.

    The learning rate of every step depends on how many there are, so these cannot be the first.

    Parameters
    ----------
    picture_s
        What it takes to draw and see one of the pictures that every step is to have anew.
    """
    if not material.damages:
        return LEAST_STEPS
    trial = Learner(material, plan, _TIMED_STEPS)
    stage = Stage("Timing the first steps", _TIMED_STEPS)
    started = time.monotonic()
    while trial.step < _TIMED_STEPS:
        for _ in trial.learn():
            yield stage.at(trial.step)
    seconds -= time.monotonic() - started
    step_s = (time.monotonic() - started) / _TIMED_STEPS
    steps = int(seconds / (step_s + plan.damaged_per_step * picture_s))
    return min(max(steps, LEAST_STEPS), MOST_STEPS)


def _numbered(groups: Sequence[str]) -> list[int]:
    numbers: dict[str, int] = {}
    return [numbers.setdefault(group, len(numbers)) for group in groups]
