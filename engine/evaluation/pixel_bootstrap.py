"""How far the figures of pixels may lie from the truth: the pictures drawn anew.

Drawn are pictures, never pixels, for those of one picture are alike. No draw sorts its pixels
again: each picture is counted once at some thousand common thresholds, and the curve of a draw is
the sum of its pictures' counts, so that all draws are one product of matrices. Every point of such
a curve is exact, and between two of them it is a straight line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.bootstrap import Interval, percentile_interval, resamples
from engine.evaluation.picture_pixels import PicturePixels
from engine.evaluation.pixel_metrics import PRO_LIMITS

N_THRESHOLDS = 1024


@dataclass(frozen=True, slots=True)
class PixelIntervals:
    """95 % intervals; None where the figure is not defined or the draws say nothing."""

    auroc: Interval | None
    au_pro: Mapping[float, Interval | None]
    """By the false-positive rate up to which AU-PRO is integrated."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class PixelCounts:
    """How much of each of N pictures scores at least as high as each of K common thresholds."""

    alarms: NDArray[np.float64]
    """(N, K) good pixels; the last column holds all of them, here and below."""
    hits: NDArray[np.float64]
    """(N, K) defective pixels."""
    overlaps: NDArray[np.float64]
    """(N, K) found shares of the picture's defects, added up."""

    @classmethod
    def of(
        cls, pictures: Sequence[PicturePixels], *, n_thresholds: int = N_THRESHOLDS
    ) -> PixelCounts:
        """Count; the thresholds are good scores, densest where false alarms are rarest."""
        thresholds = _thresholds(pictures, n_thresholds)
        return cls(
            alarms=np.array([_at_least(it.good, thresholds) for it in pictures]),
            hits=np.array([_at_least(it.defective, thresholds) for it in pictures]),
            overlaps=np.array([_at_least(it.defective, thresholds, it.weights) for it in pictures]),
        )

    def auroc(self, drawn: NDArray[np.int64]) -> NDArray[np.float64]:
        """Give the pixel AUROC of each draw.

        Parameters
        ----------
        drawn
            (B, N) how often each picture was drawn.

        Returns
        -------
        (B,) float64; NaN for a draw without good or without defective pixels.
        """
        return _area(_rising(drawn @ self.alarms), _rising(drawn @ self.hits), limit=1.0)

    def au_pro(self, drawn: NDArray[np.int64], *, limit: float) -> NDArray[np.float64]:
        """Give AU-PRO up to a false-positive rate of each draw; as for `auroc`."""
        rates, found = _rising(drawn @ self.alarms), _rising(drawn @ self.overlaps)
        return _area(rates, found, limit=limit) / limit


def pixel_intervals(
    pictures: Sequence[PicturePixels], *, limits: Collection[float] = PRO_LIMITS
) -> PixelIntervals:
    """Bound the figures that `PooledPixels.measure` gives of these pictures."""
    has_defects = np.array([it.n_defects > 0 for it in pictures], dtype=bool)
    if not has_defects.any() or not any(len(it.good) for it in pictures):
        return PixelIntervals(auroc=None, au_pro=dict.fromkeys(limits))
    counts, drawn = PixelCounts.of(pictures), resamples(has_defects)
    return PixelIntervals(
        auroc=percentile_interval(counts.auroc(drawn)),
        au_pro={limit: percentile_interval(counts.au_pro(drawn, limit=limit)) for limit in limits},
    )


def _thresholds(pictures: Sequence[PicturePixels], n: int) -> NDArray[np.float32]:
    """Give distinct good scores, highest first, then minus infinity, below which nothing lies."""
    good = np.concatenate([it.good for it in pictures])
    # Squares: half of the thresholds lie below a false-positive rate of a quarter.
    ranks = (len(good) * np.linspace(0, 1, n, endpoint=False) ** 2).astype(np.int64)
    at = len(good) - 1 - np.unique(ranks)
    good.partition(at)  # in place: there may be tens of millions
    chosen = np.unique(good[at])[::-1]
    return np.append(chosen, np.float32(-np.inf))


def _at_least(
    scores: NDArray[np.float32],
    thresholds: NDArray[np.float32],
    weights: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Add up the weights (None: ones) of the ascending scores from each threshold on; (K,)."""
    first = np.searchsorted(scores, thresholds, side="left")
    if weights is None:
        return (len(scores) - first).astype(np.float64)
    below = np.concatenate([[0.0], np.cumsum(weights)])
    added: NDArray[np.float64] = below[-1] - below[first]
    return added


def _rising(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give (B, K) counts as shares that rise from 0 to 1, (B, K + 1); NaN where all are 0."""
    shares = np.full_like(counts, np.nan)
    np.divide(counts, counts[:, -1:], out=shares, where=counts[:, -1:] > 0)
    return np.pad(shares, ((0, 0), (1, 0)))


def _area(x: NDArray[np.float64], y: NDArray[np.float64], *, limit: float) -> NDArray[np.float64]:
    """Integrate the straight lines through points (B, P) from x = 0 to `limit`; (B,)."""
    run = np.diff(x, axis=1)
    taken = np.clip(limit - x[:, :-1], 0.0, run)
    share = np.divide(taken, run, out=np.zeros_like(run), where=run != 0)  # NaN stays
    middle = y[:, :-1] + np.diff(y, axis=1) * share / 2
    area: NDArray[np.float64] = (taken * middle).sum(axis=1)
    return area
