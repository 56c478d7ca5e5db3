"""Limits to choose from, each with what it does to pictures of known truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.calibration.curve import Curve
from engine.calibration.limits import limits_from
from engine.calibration.rates import Rate, whole
from engine.calibration.sample import Sample
from engine.errors import RecipeError
from engine.recipe import Rule
from engine.types import Limits

_JUST_BELOW = 1 - 1e-8
"""Takes more off than turning points lie too high: without a margin, too, none may go."""


class Aim(StrEnum):
    """What limits are placed for."""

    FALSE_ALARM_RATE = "false-alarm-rate"
    """T1, T2 and pixel limit placed anew on the good pictures, as a fit places them."""
    MAX_OVERKILL = "max-overkill"
    """The strictest limits that call no more than a share of the good pictures NG."""
    MAX_ESCAPE = "max-escape"
    """The most lenient limits that call no more than a share of the NG pictures OK."""
    ZERO_ESCAPE = "zero-escape"
    """No NG picture is OK, with a margin."""
    F1_MAX = "f1-max"
    """F1 of the verdict NG is as large as it gets."""
    EQUAL_ERROR = "equal-error"
    """Overkill and escape, as shares, are as near to each other as they get."""

    @property
    def needs_ng(self) -> bool:
        """Whether there are no such limits without NG pictures."""
        return self not in (Aim.FALSE_ALARM_RATE, Aim.MAX_OVERKILL)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Numbers that aims leave open; shares from 0 to below 1."""

    false_alarm_rate: float = 0.01
    """Of good parts; below 0.5."""
    max_overkill: float = 0.01
    """Of good pictures."""
    max_escape: float = 0.01
    """Of NG pictures."""
    margin: float = 0.1
    """Share by which the limits of zero escape lie below the lowest that would let one go."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Limits and the verdicts that follow from them by the whole rule."""

    limits: Limits
    overkill: Rate
    """Good pictures called NG."""
    escape: Rate | None
    """NG pictures called OK; None without NG pictures."""
    good_review: int
    """Good pictures called REVIEW."""
    ng_review: int | None
    f1: float | None
    """Of the verdict NG; REVIEW counts as not NG. None without NG pictures."""


def outcome(limits: Limits, good: Sample, ng: Sample | None, rule: Rule) -> Outcome:
    """Judge all pictures at these limits."""
    overkill = _count(good.ng(limits, rule))
    good_ok = _count(good.ok(limits, rule))
    found = Outcome(
        limits=limits,
        overkill=Rate(overkill, len(good)),
        escape=None,
        good_review=len(good) - overkill - good_ok,
        ng_review=None,
        f1=None,
    )
    if ng is None:
        return found
    hits, escape = _count(ng.ng(limits, rule)), _count(ng.ok(limits, rule))
    return replace(
        found,
        escape=Rate(escape, len(ng)),
        ng_review=len(ng) - hits - escape,
        f1=2 * hits / (hits + overkill + len(ng)),
    )


def candidates(
    good: Sample, ng: Sample | None, *, base: Limits, rule: Rule, wishes: Wishes
) -> dict[Aim, Outcome]:
    """Place limits for every aim that these pictures allow.

    All but the limits of the false-alarm rate keep the proportions of `base`. A limit that good
    pictures hold down lies on the score that does, as a fit's limits do; one that NG pictures push
    down, or both at once, in the middle of the stretch in which no verdict changes.

    Parameters
    ----------
    good, ng
        Good and NG pictures; `ng` is None where there are none.
    base
        The release's limits.

    Raises
    ------
    RecipeError
        Fewer than two good pictures, scores that are not finite, all equal or all 0; or a release
        whose reject limit is 0.
    """
    scores = good.scores if ng is None else np.concatenate([good.scores, ng.scores])
    if len(scores) > 1 and np.ptp(scores) == 0:
        raise RecipeError(
            f"All {len(scores)} pictures score {scores[0]:.4g}, so no limit can tell them apart. "
            "Check that they are different pictures of the part that the release was fitted on."
        )
    placed = _keeping_the_rate(good, rule, wishes.false_alarm_rate)
    found = {Aim.FALSE_ALARM_RATE: placed}
    curve = Curve.of(good, ng, base=base, rule=rule)
    few = curve.overkill <= whole(wishes.max_overkill * len(good))
    found[Aim.MAX_OVERKILL] = base.moved_to(curve.strictest(few))
    if ng is not None:
        for aim, t2 in _with_ng(curve, len(good), len(ng), wishes).items():
            found[aim] = base.moved_to(t2)
    return {aim: outcome(limits, good, ng, rule) for aim, limits in found.items()}


def _keeping_the_rate(good: Sample, rule: Rule, rate: float) -> Limits:
    """Place limits as a fit does, and where the whole rule then alarms too often raise them all.

    Only "score or region" can need that: it has two ways to alarm.
    """
    placed = limits_from(good.scores, good.map_peaks, rate)
    allowed = whole(rate * len(good))
    if _count(good.ng(placed, rule)) <= allowed:
        return placed
    curve = Curve.of(good, None, base=placed, rule=rule)
    return placed.moved_to(curve.strictest((curve.overkill <= allowed) & (curve.t2 >= placed.t2)))


def _with_ng(curve: Curve, n_good: int, n_ng: int, wishes: Wishes) -> dict[Aim, float]:
    """Give T2 for the aims that need NG pictures; those that cannot be reached are left out."""
    found: dict[Aim, float] = {}
    few = curve.escape <= whole(wishes.max_escape * n_ng)
    if few.any():
        found[Aim.MAX_ESCAPE] = _middle(curve.most_lenient(few))
    none = curve.escape == 0
    if none.any():
        share = min(1 - wishes.margin, _JUST_BELOW)
        found[Aim.ZERO_ESCAPE] = share * curve.most_lenient(none)[1]
    f1 = 2 * curve.hits / (curve.hits + curve.overkill + n_ng)
    found[Aim.F1_MAX] = _middle(curve.widest(f1 == f1.max()))
    # In whole numbers, so that equal shares compare as equal; ties go to the smaller sum.
    apart = np.abs(curve.overkill * n_ng - curve.escape * n_good)
    together = curve.overkill * n_ng + curve.escape * n_good
    nearest = apart == apart.min()
    found[Aim.EQUAL_ERROR] = _middle(curve.widest(nearest & (together == together[nearest].min())))
    return found


def _middle(stretch: tuple[float, float]) -> float:
    return sum(stretch) / 2


def _count(flags: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(flags))
