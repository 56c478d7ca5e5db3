"""Figures of whole pictures: how well one score per picture tells defective from good."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.stats import norm, rankdata
from sklearn.metrics import average_precision_score, precision_recall_curve

FloatArray: TypeAlias = NDArray[np.floating[Any]]
BoolArray: TypeAlias = NDArray[np.bool_]


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
    values, defective = _checked(scores, labels)
    n_defective = int(defective.sum())
    n_good = len(values) - n_defective
    if not n_defective or not n_good:
        return None
    rank_sum = float(rankdata(values)[defective].sum())
    return (rank_sum - n_defective * (n_defective + 1) / 2) / (n_defective * n_good)


def auroc_interval(
    auroc: float, *, n_defective: int, n_good: int, level: float = 0.95
) -> tuple[float, float]:
    """Bound an image AUROC, the pictures taken as independent.

    Newcombe's method 5 (Statistics in Medicine 25, 2006, pp. 559-573): the values that lie within
    z of Hanley and McNeil's standard error of the observed one, that error taken at the value
    itself. Unlike DeLong's it does not shrink to nothing where every picture was ranked right.

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
    values, defective = _checked(scores, labels)
    if defective.all() or not defective.any():
        return None
    return float(average_precision_score(defective, values))


def f1_max(scores: ArrayLike, labels: ArrayLike) -> float | None:
    """Give F1 at the threshold that suits these very pictures best; None where a class is missing.

    Parameters
    ----------
    scores, labels
        As for `image_auroc`.
    """
    values, defective = _checked(scores, labels)
    if defective.all() or not defective.any():
        return None
    precision, recall, _ = precision_recall_curve(defective, values)
    return float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12)))


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, BoolArray]:
    values, defective = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    if values.shape != defective.shape or values.ndim != 1:
        raise ValueError(f"{values.shape} scores do not go with {defective.shape} labels.")
    if np.isnan(values).any():
        raise ValueError("A score is not a number.")
    return values, defective
