"""The one place that judges: score, regions, limits and rule to a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.recipe import Rule
from engine.types import Limits, Region, Verdict


def judge(score: float, regions: tuple[Region, ...], *, limits: Limits, rule: Rule) -> Verdict:
    """Say OK, REVIEW or NG; the only place that does.

    Raises
    ------
    ValueError
        The score is not finite: there is no verdict, and the caller must report a fault.
    """
    if not np.isfinite(score):
        raise ValueError(f"A score of {score} cannot be judged.")
    stands_out = any(region.area_px >= rule.min_region_px for region in regions)
    if called_ng(score, stands_out, limits=limits, rule=rule):
        return Verdict.NG
    return Verdict.OK if called_ok(score, stands_out, limits=limits, rule=rule) else Verdict.REVIEW


def called_ng(
    scores: ArrayLike, stand_out: ArrayLike, *, limits: Limits, rule: Rule
) -> NDArray[np.bool_]:
    """Tell which pictures are NG by the whole rule.

    Parameters
    ----------
    scores
        (N,) raw image scores.
    stand_out
        (N,) whether a region at ``limits.pixel`` is large enough to count.
    """
    above: NDArray[np.bool_] = np.asarray(scores) > limits.t2
    match rule.kind:
        case "score":
            return above
        case "score or region":
            return above | _flags(stand_out)
        case "score and region":
            return above & _flags(stand_out)


def called_ok(
    scores: ArrayLike, stand_out: ArrayLike, *, limits: Limits, rule: Rule
) -> NDArray[np.bool_]:
    """Tell which pictures are OK by the whole rule; what is neither OK nor NG is REVIEW.

    Parameters are those of `called_ng`. A score that by "score and region" is not NG for want of a
    region is not OK either.
    """
    below: NDArray[np.bool_] = np.asarray(scores) <= limits.t1
    return below & ~_flags(stand_out) if rule.kind == "score or region" else below


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


def _flags(values: ArrayLike) -> NDArray[np.bool_]:
    flags: NDArray[Any] = np.asarray(values, dtype=bool)
    return flags
