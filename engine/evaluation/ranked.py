"""Pictures in order of their scores, and the figures that follow from counting along it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class Ranked:
    """How many pictures score at least as high as each of the U distinct scores.

    Every picture may weigh several times, and B sets of weights are counted in one go: that is
    what makes resampling cheap. Both truths must weigh something in each set.
    """

    thresholds: NDArray[np.float64]
    """(U,) the distinct scores, highest first."""
    found: NDArray[np.int64]
    """(U,) or (B, U) defective pictures."""
    alarms: NDArray[np.int64]
    """(U,) or (B, U) good pictures."""

    @classmethod
    def of(
        cls, scores: ArrayLike, labels: ArrayLike, weights: NDArray[np.int64] | None = None
    ) -> Ranked:
        """Count the pictures.

        Parameters
        ----------
        scores
            (N,) raw image scores, higher = more abnormal.
        labels
            (N,) true where the picture is defective.
        weights
            (N,) or (B, N) how often each picture counts; None: each once.

        Raises
        ------
        ValueError
            Lengths differ, or a score is NaN.
        """
        values, defective = checked(scores, labels)
        order = np.argsort(-values, kind="stable")
        values, defective = values[order], defective[order]
        weighed = np.ones(len(values), dtype=np.int64) if weights is None else weights[..., order]
        last_of_tie = np.append(values[1:] != values[:-1], True)
        return cls(
            thresholds=values[last_of_tie],
            found=np.cumsum(weighed * defective, axis=-1)[..., last_of_tie],
            alarms=np.cumsum(weighed * ~defective, axis=-1)[..., last_of_tie],
        )

    def auroc(self) -> NDArray[np.float64]:
        """Give the chance that a defective picture scores higher than a good one, ties one half.

        The Mann–Whitney statistic; () or (B,).
        """
        n_good = self.alarms[..., -1]
        # Doubled, so that every sum is of whole numbers and no order of summing can change it.
        twice_lower = 2 * (n_good[..., None] - self.alarms) + _steps(self.alarms)
        wins: NDArray[np.float64] = (_steps(self.found) * twice_lower).sum(axis=-1) / 2
        return wins / (n_good * self.found[..., -1])

    def average_precision(self) -> NDArray[np.float64]:
        """Give the mean, over the defective pictures, of the precision at their score.

        () or (B,); the step-wise sum of scikit-learn, nothing interpolated.
        """
        precision = self.found / np.maximum(self.found + self.alarms, 1)
        total: NDArray[np.float64] = (_steps(self.found) * precision).sum(axis=-1)
        return total / self.found[..., -1]

    def f1(self) -> NDArray[np.float64]:
        """Give F1 where pictures that score at least each threshold are called defective.

        (U,) or (B, U).
        """
        return 2 * self.found / (self.found[..., -1:] + self.found + self.alarms)

    def f1_max(self) -> NDArray[np.float64]:
        """Give F1 at the threshold that suits each set of weights best; () or (B,)."""
        best: NDArray[np.float64] = self.f1().max(axis=-1)
        return best


ImageFigure: TypeAlias = Callable[[Ranked], NDArray[np.float64]]
"""A figure of whole pictures, such as ``Ranked.auroc``."""


def checked(scores: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give scores and labels as arrays.

    Raises
    ------
    ValueError
        Lengths differ, or a score is NaN.
    """
    values, defective = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    if values.shape != defective.shape or values.ndim != 1:
        raise ValueError(f"{values.shape} scores do not go with {defective.shape} labels.")
    if np.isnan(values).any():
        raise ValueError("A score is not a number.")
    return values, defective


def _steps(counts: NDArray[Any]) -> NDArray[Any]:
    """Give how much each count adds to the one before."""
    return np.diff(counts, axis=-1, prepend=0)
