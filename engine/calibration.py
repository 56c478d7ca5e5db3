"""Limits from held-out raw scores of good pictures, and the one place that judges."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from engine.errors import RecipeError
from engine.recipe import Rule
from engine.types import Limits, Region, Verdict


def limits_from(
    scores: NDArray[np.float32], map_peaks: NDArray[np.float32], false_alarm_rate: float
) -> Limits:
    """Place T1, T2 and the pixel limit on held-out good pictures.

    T2 leaves the share `false_alarm_rate` of the held-out scores above it (none where there are
    fewer than 1 / rate pictures), T1 twice that share (one where there are fewer than
    1 / (2 rate): there is always a band to look at), and the pixel limit treats the largest value
    of each shown map as T2 treats the scores.

    Parameters
    ----------
    scores, map_peaks
        (N,) raw image scores and largest values of the shown maps, N >= 2.
    false_alarm_rate
        Stated share of good parts that may be NG, in (0, 0.5).

    Raises
    ------
    RecipeError
        Fewer than two held-out pictures, values that are not finite, or nothing but zeros.
    """
    if len(scores) < 2:
        raise RecipeError(
            f"Limits need at least 2 held-out good pictures, there are {len(scores)}. "
            "Add good pictures."
        )
    if not (np.isfinite(scores).all() and np.isfinite(map_peaks).all()):
        raise RecipeError("Some held-out scores are not finite numbers. Check the good pictures.")
    above_t2 = _whole(false_alarm_rate * len(scores))
    above_t1 = max(1, _whole(2 * false_alarm_rate * len(scores)))
    descending = np.sort(scores)[::-1]
    if descending[above_t2] == 0:
        raise RecipeError(
            "The held-out good pictures score 0: they are copies of one another, so nothing tells "
            "how far good parts differ. Add pictures of other good parts."
        )
    return Limits(
        t1=float(descending[above_t1]),
        t2=float(descending[above_t2]),
        pixel=float(np.sort(map_peaks)[::-1][above_t2]),
    )


def count_alarms(
    scores: NDArray[np.float32],
    regions: Sequence[tuple[Region, ...]],
    *,
    limits: Limits,
    rule: Rule,
) -> int:
    """Count the held-out good pictures that the whole rule calls NG.

    Parameters
    ----------
    scores
        (N,) held-out raw scores.
    regions
        Regions of each held-out picture at ``limits.pixel``.
    """
    verdicts = [
        judge(float(score), found, limits=limits, rule=rule)
        for score, found in zip(scores, regions, strict=True)
    ]
    return verdicts.count(Verdict.NG)


def rate_interval(events: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Bound a rate: one-sided where nothing was observed, else two-sided (Clopper–Pearson)."""
    if trials == 0:
        return 0.0, 1.0
    if events == 0:
        return 0.0, float(1 - (1 - level) ** (1 / trials))
    tail = (1 - level) / 2
    upper = 1.0 if events == trials else float(beta.ppf(1 - tail, events + 1, trials - events))
    return float(beta.ppf(tail, events, trials - events + 1)), upper


def _whole(count: float) -> int:
    """Round down, but not where only the product's rounding is missing: 0.29 · 100 is 29."""
    return floor(count + 1e-9)


def judge(score: float, regions: tuple[Region, ...], *, limits: Limits, rule: Rule) -> Verdict:
    """Say OK, REVIEW or NG; the only place that does.

    Raises
    ------
    ValueError
        The score is not finite: there is no verdict, and the caller must report a fault.
    """
    if not np.isfinite(score):
        raise ValueError(f"A score of {score} cannot be judged.")
    by_score = (
        Verdict.NG if score > limits.t2 else Verdict.REVIEW if score > limits.t1 else Verdict.OK
    )
    if rule.kind == "score":
        return by_score
    stands_out = any(region.area_px >= rule.min_region_px for region in regions)
    if rule.kind == "score or region":
        return Verdict.NG if stands_out else by_score
    return Verdict.REVIEW if by_score is Verdict.NG and not stands_out else by_score
