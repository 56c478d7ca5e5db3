"""Figures of whole pictures: how well one score per picture tells defective from good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from engine.evaluation.ranked import Ranked, checked


def image_auroc(scores: ArrayLike, labels: ArrayLike) -> float | None:
    """Give the chance that a defective picture scores higher than a good one.

    The Mann–Whitney statistic with mid-ranks: a tie counts one half.

    Parameters
    ----------
    scores
        (N,) raw image scores, higher = more abnormal.
    labels
        (N,) true where the picture is defective.

    Returns
    -------
    0 to 1; None when there is no good or no defective picture.

    Raises
    ------
    ValueError
        Lengths differ, or a score is NaN.
    """
    ranked = _ranked(scores, labels)
    return None if ranked is None else float(ranked.auroc())


def auroc_interval(
    auroc: float, *, n_defective: int, n_good: int, level: float = 0.95
) -> tuple[float, float]:
    """Bound an image AUROC, the pictures taken as independent.

    Newcombe's method 5 (Statistics in Medicine 25, 2006, pp. 559-573): the values that lie within
    z of Hanley and McNeil's standard error of the observed one, that error taken at the value
    itself. Unlike DeLong's or a bootstrap it does not shrink to nothing where every picture was
    ranked right.

    Parameters
    ----------
    auroc
        As given by `image_auroc`.
    """
    z = float(norm.ppf((1 + level) / 2))
    others = (n_defective + n_good) / 2 - 1

    def excess(value: float) -> float:
        spread = 1 + others * ((1 - value) / (2 - value) + value / (1 + value))
        variance = value * (1 - value) * spread / (n_defective * n_good)
        return float((value - auroc) ** 2 - z**2 * variance)

    # At 0 and 1 the error vanishes, which is a second root there: the search keeps away from it.
    low = 0.0 if auroc <= 0 else float(brentq(excess, 0.0, min(auroc, 1 - 1e-9)))
    high = 1.0 if auroc >= 1 else float(brentq(excess, max(auroc, 1e-9), 1.0))
    return low, high


def average_precision(scores: ArrayLike, labels: ArrayLike) -> float | None:
    """Give the mean precision over the defective pictures; None where a class is missing.

    Parameters
    ----------
    scores, labels
        As for `image_auroc`.
    """
    ranked = _ranked(scores, labels)
    return None if ranked is None else float(ranked.average_precision())


@dataclass(frozen=True, slots=True)
class BestF1:
    """The largest F1 that any threshold gives on these very pictures."""

    f1: float
    threshold: float
    """Pictures that score at least this are called defective; where several thresholds do as well,
    the lowest, which misses the fewest. Found on the test pictures, so it is no limit to use."""


def f1_max(scores: ArrayLike, labels: ArrayLike) -> BestF1 | None:
    """Find the threshold that suits these very pictures best; None where a class is missing.

    Parameters
    ----------
    scores, labels
        As for `image_auroc`.
    """
    ranked = _ranked(scores, labels)
    if ranked is None:
        return None
    by_threshold = ranked.f1()
    best = int(np.flatnonzero(by_threshold == by_threshold.max())[-1])
    return BestF1(f1=float(by_threshold[best]), threshold=float(ranked.thresholds[best]))


def _ranked(scores: ArrayLike, labels: ArrayLike) -> Ranked | None:
    values, defective = checked(scores, labels)
    if defective.all() or not defective.any():
        return None
    return Ranked.of(values, defective)
