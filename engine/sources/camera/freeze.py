"""Tells a camera that has stopped looking: it keeps giving the very same picture."""

from __future__ import annotations

import cv2
import numpy as np

from engine.sources.camera.captured import Bgr

FROZEN_S = 2.0
"""Pictures that are the same for so long, and no fewer than `FROZEN_FRAMES`, are frozen."""
FROZEN_FRAMES = 5
_SAMPLE = 32
"""Every so many rows and columns are compared first; sensor noise tells most pictures apart."""


class Freeze:
    """Compares each picture with the one before; a sensor's noise never repeats bit by bit."""

    def __init__(self) -> None:
        self._last: Bgr | None = None
        self._since_s = 0.0
        self._same = 0

    def see(self, picture: Bgr, now_s: float) -> float:
        """Give the seconds for which the picture has been frozen; 0: it is not, or not yet."""
        if self._last is None or not _identical(self._last, picture):
            self._since_s, self._same = now_s, 0
        self._same += 1
        self._last = picture
        lasted_s = now_s - self._since_s
        return lasted_s if lasted_s >= FROZEN_S and self._same >= FROZEN_FRAMES else 0.0


def _identical(first: Bgr, second: Bgr) -> bool:
    sample = np.s_[::_SAMPLE, ::_SAMPLE]
    if first.shape != second.shape or not np.array_equal(first[sample], second[sample]):
        return False
    return cv2.norm(first, second, cv2.NORM_INF) == 0  # a tenth of the time of NumPy's comparison
