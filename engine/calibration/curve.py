"""What overkill and escape become while the limits move from strict to lenient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.calibration.sample import Sample
from engine.errors import RecipeError
from engine.recipe import Rule
from engine.types import Limits


@dataclass(frozen=True, eq=False)
class Curve:
    """Verdicts of good and NG pictures at every place of the limits where one changes.

    All limits move in one ratio, as by the slider on the operator's page. Between two neighbouring
    places nothing changes.

    Attributes
    ----------
    base
        Limits whose proportions are kept.
    t2
        (K,) float64, ascending: the places.
    overkill, escape, hits
        (K,) int64 at each place: good pictures called NG, NG pictures called OK, NG pictures
        called NG.
    """

    base: Limits
    t2: NDArray[np.float64]
    overkill: NDArray[np.int64]
    escape: NDArray[np.int64]
    hits: NDArray[np.int64]

    @classmethod
    def of(cls, good: Sample, ng: Sample | None, *, base: Limits, rule: Rule) -> Curve:
        """Judge all pictures at all places.

        Raises
        ------
        RecipeError
            The limits cannot be moved in one ratio, or no picture has a verdict that changes.
        """
        if base.t2 <= 0 or (rule.kind != "score" and base.pixel <= 0):
            raise RecipeError(
                "The release has a limit of 0, so its limits cannot be moved in one ratio. "
                "Fit it again, on pictures of more good parts."
            )
        samples = [good] if ng is None else [good, ng]
        points = np.concatenate([sample.turning_points(base, rule) for sample in samples])
        if not len(points):
            raise RecipeError(
                "All pictures score 0: they are copies of one another or of pictures that the "
                "release was fitted on. Give pictures of other parts."
            )
        places = np.unique(np.append(points, points.min() / 2))
        counts = np.zeros((3, len(places)), dtype=np.int64)
        for number, place in enumerate(places):
            limits = base.moved_to(float(place))
            counts[0, number] = np.count_nonzero(good.ng(limits, rule))
            if ng is not None:
                counts[1, number] = np.count_nonzero(ng.ok(limits, rule))
                counts[2, number] = np.count_nonzero(ng.ng(limits, rule))
        return cls(base, places, *counts)

    def strictest(self, wanted: NDArray[np.bool_]) -> float:
        """Give the lowest T2 among the `wanted` places, (K,) bool with at least one."""
        return float(self.t2[np.flatnonzero(wanted)[0]])

    def most_lenient(self, wanted: NDArray[np.bool_]) -> tuple[float, float]:
        """Give the last stretch of T2 among the `wanted` places with one overkill and escape."""
        first = last = int(np.flatnonzero(wanted)[-1])
        while first and self._counts(first - 1) == self._counts(last):
            first -= 1
        return self._stretch(first, last)

    def widest(self, wanted: NDArray[np.bool_]) -> tuple[float, float]:
        """Give the widest stretch of T2 that the `wanted` places cover."""
        edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(int)))
        runs = [self._stretch(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
        return max(runs, key=lambda run: run[1] - run[0])

    def _counts(self, place: int) -> tuple[int, int]:
        return int(self.overkill[place]), int(self.escape[place])

    def _stretch(self, first: int, last: int) -> tuple[float, float]:
        """Give from where to where T2 may lie: up to the next change, or no further at the end."""
        following = min(last + 1, len(self.t2) - 1)
        return float(self.t2[first]), float(self.t2[following])
