"""The edges of a reference picture, to lay over the live one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

LEAST_SIDE = 800
"""Pixels to which a small square's lines are enlarged, so that they are no stairs on the screen."""
STRONGEST = 0.06
"""Share of the pixels, those with the steepest change of level, from which a line may begin."""
WEAK = 0.35
"""Lines go on where the change is at least this share of that."""
DERIVATIVE_SCALE = 16
"""Canny takes whole numbers: so many for one grey level, or flat slopes would break the lines."""


def outline_of(square: Image) -> NDArray[np.uint8]:
    """Find the edges of a picture by Canny's rule, with limits that follow its contrast.

    Parameters
    ----------
    square
        (S, S, 3) uint8 RGB.

    Returns
    -------
    NDArray[np.uint8]
        (N, N, 4) uint8 RGBA with colours multiplied by alpha, N at least 800: white lines with
        black beside them, which stand out from any picture; elsewhere transparent.
    """
    lines = _edges(square)
    factor = max(1, -(-LEAST_SIDE // len(lines)))
    large = cv2.resize(lines, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    soft = cv2.blur(large, (factor, factor))
    white = np.asarray(cv2.LUT(soft, _ramp(90, 150)), np.uint8)
    black = np.asarray(cv2.LUT(cv2.blur(soft, (factor + 2, factor + 2)), _ramp(10, 50)), np.uint8)
    return np.dstack([white, white, white, np.maximum(black // 4 * 3, white)])


def _edges(square: Image) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY).astype(np.float32) * DERIVATIVE_SCALE
    # Over three pixels: the part's shape is wanted, not its surface.
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.5)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    high = max(float(np.quantile(np.hypot(across, down), 1 - STRONGEST)), 1.0)
    steps = across.astype(np.int16), down.astype(np.int16)
    return np.asarray(cv2.Canny(*steps, WEAK * high, high, L2gradient=True), np.uint8)


def _ramp(low: int, high: int) -> NDArray[np.uint8]:
    """Give a table that is 0 up to `low`, 255 from `high`, and rises between."""
    return np.interp(np.arange(256), (low, high), (0, 255)).astype(np.uint8)
