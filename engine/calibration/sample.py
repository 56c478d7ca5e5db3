"""Pictures of known truth, reduced to the numbers that decide their verdicts at any limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.calibration.judging import called_ng, called_ok
from engine.recipe import Rule
from engine.types import Limits

_A_HAIR_UP = 1 + 1e-9
"""Far less than two float32 values differ by, far more than the rounding of a product."""


@dataclass(frozen=True, eq=False)  # arrays have no useful equality
class Sample:
    """N pictures of one truth that the release was not fitted on.

    Attributes
    ----------
    scores
        (N,) float64 raw image scores.
    map_peaks
        (N,) float32 largest values of the shown maps; None where the method has no map.
    region_levels
        (N,) float32: at every pixel limit below its level a picture has a region that counts by
        the rule, at and above it none (`engine.regions.region_level`). None where the rule knows
        no regions, or the method no map.
    """

    scores: NDArray[np.float64]
    map_peaks: NDArray[np.float32] | None = None
    region_levels: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        """Give the number of pictures."""
        return len(self.scores)

    def ng(self, limits: Limits, rule: Rule) -> NDArray[np.bool_]:
        """Tell which pictures the whole rule calls NG at these limits."""
        return called_ng(self.scores, self._stand_out(limits), limits=limits, rule=rule)

    def ok(self, limits: Limits, rule: Rule) -> NDArray[np.bool_]:
        """Tell which pictures the whole rule calls OK at these limits."""
        return called_ok(self.scores, self._stand_out(limits), limits=limits, rule=rule)

    def turning_points(self, limits: Limits, rule: Rule) -> NDArray[np.float64]:
        """Give the values of T2 at which a verdict changes while all limits move in one ratio.

        Unsorted, above 0, with repetitions. Those of T1 and the pixel limit lie a hair too high, so
        that no product's rounding leaves a picture above a limit that it should equal.
        """
        moved = [self.scores]
        if limits.t1 > 0:
            moved.append(self.scores * (limits.t2 / limits.t1) * _A_HAIR_UP)
        if rule.kind != "score" and self.region_levels is not None:
            levels = self.region_levels.astype(np.float64)
            moved.append(levels * (limits.t2 / limits.pixel) * _A_HAIR_UP)
        points = np.concatenate(moved)
        return points[np.isfinite(points) & (points > 0)]

    def _stand_out(self, limits: Limits) -> NDArray[np.bool_]:
        if self.region_levels is None:
            return np.zeros(len(self), dtype=bool)
        # Compared in float32, as `find_regions` compares the map.
        found: NDArray[np.bool_] = self.region_levels > np.float32(limits.pixel)
        return found
