"""On which pictures the candidates' maps differ most: those are worth a person's look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from engine.components.anomaly_map import MapEnlarger
from engine.preprocess import Preprocessing
from engine.types import ShownMap


@dataclass(frozen=True, eq=False)  # arrays have no useful equality
class CandidateMaps:
    """The maps of one candidate on the test pictures."""

    compact: NDArray[np.float32]
    """(N, h, w) float32; NaN throughout where a picture could not be inspected."""
    preprocessing: Preprocessing
    pixel_limit: float

    def enlarger(self) -> MapEnlarger:
        """Give what makes shown maps of them."""
        counted = self.preprocessing.counted
        rows, columns = self.compact.shape[1:]
        return MapEnlarger(counted(rows, columns), counted(*self.preprocessing.shape))


def disagreements(candidates: Sequence[CandidateMaps]) -> NDArray[np.float64]:
    """Measure for each picture how far the candidates' maps lie apart.

    Maps of two methods have different scales, so each is put on the scale of its heatmap: 0 up to
    half the release's pixel limit, where that is clear, 1 from twice the limit on. The figure is
    the root mean square difference over the inspected pixels, averaged over all pairs of
    candidates: it rises with what a person sees to differ in two heatmaps side by side.

    Parameters
    ----------
    candidates
        At least two, which saw the same pictures at the same size.

    Returns
    -------
    (N,) float64, 0 to 1; NaN where fewer than two candidates inspected the picture.
    """
    enlargers = [candidate.enlarger() for candidate in candidates]
    found = np.full(len(candidates[0].compact), np.nan)
    for picture in range(len(found)):
        shown = [
            _scaled(enlarge(candidate.compact[picture]), candidate.pixel_limit)
            for candidate, enlarge in zip(candidates, enlargers, strict=True)
            if not np.isnan(candidate.compact[picture]).all()
        ]
        apart = [
            np.sqrt(np.nanmean((first - second) ** 2)) for first, second in combinations(shown, 2)
        ]
        if apart:
            found[picture] = np.mean(apart)
    return found


def most_different(figures: NDArray[np.float64], *, count: int) -> list[int]:
    """Give the indices of the largest figures, largest first; those that are NaN are left out."""
    order = np.argsort(-figures, kind="stable")
    return [int(index) for index in order[:count] if np.isfinite(figures[index])]


def _scaled(shown: ShownMap, pixel_limit: float) -> NDArray[np.float64]:
    if not pixel_limit > 0:  # as the heatmap: every anomaly lies above
        return np.where(np.isnan(shown), np.nan, shown > 0)
    in_limits = np.asarray(shown, np.float64) / pixel_limit
    return np.clip((in_limits - 0.5) / 1.5, 0.0, 1.0)
