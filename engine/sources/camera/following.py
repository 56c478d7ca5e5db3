"""Follows a part that was taken, to know when it has left though the next one touches it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.camera.look import Change, Grey

_STEP_PX = 5
"""Movement is measured from one kept look to the next, once it is so large: the error of each
measurement counts once per step and not once per frame."""
_LIKENESS = 0.5
"""Correlation of the two looks, moved over each other, from which it is believed."""
_GAIN = 0.15
"""So much the correlation must be better than that of the looks as they are: a hand or a shadow
that comes in makes them differ, and does not move them."""
_PART = 10.0
"""Grey levels of change that belong to the part, for finding its middle."""


class Following:
    """Adds up how far a part has moved since its picture was taken.

    Parts that touch move together, so the movement of the inner half of the picture is measured,
    by normalised cross-correlation of what is not empty; it may be a quarter of the picture from
    one look to the next.
    """

    def __init__(self, grey: Grey, taken: Change) -> None:
        changed = _changed(taken)
        self._kept = _without_background(grey, changed)
        self._middle = np.array(
            [_middle(np.any(changed, axis=0)), _middle(np.any(changed, axis=1))]
        )
        self._moved = np.zeros(2)

    def has_left(self, grey: Grey, change: Change) -> bool:
        """Tell whether the part's middle is out of the picture by now; called for every look."""
        now = _without_background(grey, _changed(change))
        shift = _shift(self._kept, now)
        if shift is not None and math.hypot(*shift) >= _STEP_PX:
            self._moved += shift
            self._kept = now
        middle = self._middle + self._moved
        return bool((middle < 0).any() or (middle >= grey.shape[::-1]).any())


def _changed(change: Change) -> NDArray[np.bool_]:
    """Tell for each pixel whether something covers the empty place there."""
    changed = np.abs(cv2.GaussianBlur(change.difference, (5, 5), 0)) > _PART
    return cv2.dilate(changed.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0


def _without_background(grey: Grey, changed: NDArray[np.bool_]) -> Grey:
    """Give the parts on a plain background: that of the belt stays where it is and would count."""
    return np.where(changed, grey, np.float32(grey.mean()))


def _shift(before: Grey, now: Grey) -> tuple[int, int] | None:
    """Give how far (x, y) the picture moved, in pixels; None where that cannot be told."""
    height, width = before.shape
    top, left = height // 4, width // 4
    inner = before[top : height - top, left : width - left]
    likeness = cv2.matchTemplate(now, inner, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if not _LIKENESS <= best <= 1.001 or best - likeness[top, left] < _GAIN:
        return None  # the correlation of a plain picture is anything
    return x - left, y - top


def _middle(along: NDArray[np.bool_]) -> float:
    """Give the middle of what changed along one side; the picture's own where an end is not seen.

    Parts that touch are one to look at, so where something reaches over the rim of the picture,
    half a picture is how far it must move: more than that would miss the next part.
    """
    if along[0] or along[-1] or not along.any():
        return (len(along) - 1) / 2
    places = np.flatnonzero(along)
    return float(places[0] + places[-1]) / 2
