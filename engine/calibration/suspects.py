"""Pictures given as good that look as if they were not: contamination of what a fit learns from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

SUSPECT_DEVIATIONS = 5.0
"""From how many deviations above the median a picture is suspect."""

_MAD_TO_SIGMA = 1.4826
"""1 / Φ⁻¹(3/4): scales a median absolute deviation to a normal standard deviation."""
_MEAN_AD_TO_SIGMA = float(np.sqrt(np.pi / 2))
"""The same for a mean absolute deviation."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A picture that a person should look at before the release is used."""

    number: int
    """Place in the scores."""
    score: float
    deviations: float
    """How far the score lies above the median, in robust standard deviations."""


def suspects(held_out_scores: ArrayLike) -> Sequence[Suspect]:
    """Find the pictures that the others do not vouch for, farthest first.

    A leave-one-out score above median + 5 · 1.4826 · MAD is suspect. Where more than half of the
    scores are equal the MAD is 0, and the mean absolute deviation takes its place (Iglewicz and
    Hoaglin, How to Detect and Handle Outliers, 1993). Two pictures with the same defect vouch for
    each other: such a pair is not found.

    Parameters
    ----------
    held_out_scores
        (N,) raw scores, each of a picture scored without its group.
    """
    scores = np.asarray(held_out_scores, dtype=np.float64)
    if not len(scores):
        return ()
    above = scores - np.median(scores)
    distances = np.abs(above)
    sigma = _MAD_TO_SIGMA * float(np.median(distances)) or _MEAN_AD_TO_SIGMA * distances.mean()
    if sigma == 0:
        return ()
    found = [
        Suspect(number, float(scores[number]), float(above[number] / sigma))
        for number in np.flatnonzero(above > SUSPECT_DEVIATIONS * sigma).tolist()
    ]
    return tuple(sorted(found, key=lambda suspect: -suspect.score))
