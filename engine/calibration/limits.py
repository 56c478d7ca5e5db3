"""Limits from held-out raw scores of good pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.calibration.rates import whole
from engine.errors import RecipeError
from engine.types import Limits


def limits_from(
    scores: NDArray[np.floating[Any]],
    map_peaks: NDArray[np.floating[Any]] | None,
    false_alarm_rate: float,
) -> Limits:
    """Place T1, T2 and the pixel limit on held-out good pictures.

    T2 leaves the share `false_alarm_rate` of the held-out scores above it (none where there are
    fewer than 1 / rate pictures), T1 twice that share (one where there are fewer than
    1 / (2 rate): there is always a band to look at), and the pixel limit treats the largest value
    of each shown map as T2 treats the scores.

    Parameters
    ----------
    scores, map_peaks
        (N,) raw image scores and largest values of the shown maps, N >= 2. Where `map_peaks` is
        None the method has no map, and the pixel limit is 0: nothing is compared with it.
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
    peaks = np.zeros_like(scores) if map_peaks is None else map_peaks
    if not (np.isfinite(scores).all() and np.isfinite(peaks).all()):
        raise RecipeError("Some held-out scores are not finite numbers. Check the good pictures.")
    above_t2 = whole(false_alarm_rate * len(scores))
    above_t1 = max(1, whole(2 * false_alarm_rate * len(scores)))
    descending = np.sort(scores)[::-1]
    if descending[above_t2] == 0:
        raise RecipeError(
            "The held-out good pictures score 0: they are copies of one another, so nothing tells "
            "how far good parts differ. Add pictures of other good parts."
        )
    return Limits(
        t1=float(descending[above_t1]),
        t2=float(descending[above_t2]),
        pixel=float(np.sort(peaks)[::-1][above_t2]),
    )
