"""Follows a part that was taken, to know when it has left though the next one touches it."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.camera.look import Change, Grey

_STEP_PX = 3.0
"""Movement is measured from one kept look to the next, once it is so large: the error of each
measurement counts once per step and not once per frame."""
_TRUSTED = 0.1
"""Smallest response of the phase correlation that is believed; 1 is a pure shift."""
_PART = 10.0
"""Grey levels of change that belong to the part, for finding its middle."""


class Following:
    """Adds up how far a part has moved since its picture was taken.

    Parts that touch move together, so the movement of all that is in the picture is measured, by
    phase correlation (Kuglin and Hines, 1975) of its change from the empty picture.
    """

    def __init__(self, taken: Change) -> None:
        self._kept = taken.difference
        self._window = cv2.createHanningWindow(taken.difference.shape[::-1], cv2.CV_32F)
        self._middle = _middle(taken.difference)
        self._moved = np.zeros(2)

    def has_left(self, change: Change) -> bool:
        """Tell whether the part's middle is out of the picture by now.

        It must also have moved by half a picture: a part may lie at the edge when it is taken.
        """
        shift, response = cv2.phaseCorrelate(self._kept, change.difference, self._window)
        if math.hypot(*shift) >= _STEP_PX:
            if response >= _TRUSTED:
                self._moved += shift
            self._kept = change.difference
        size = np.array(change.difference.shape[::-1])
        middle = self._middle + self._moved
        outside = bool((middle < 0).any() or (middle >= size).any())
        return outside and bool((np.abs(self._moved) >= size / 2).any())


def _middle(difference: Grey) -> NDArray[np.float64]:
    """Give the centre of gravity (x, y) of what changed."""
    rows, columns = np.nonzero(np.abs(difference) > _PART)
    if not len(rows):
        return np.array(difference.shape[::-1]) / 2
    return np.array([columns.mean(), rows.mean()])
