"""The edges of a reference picture, to lay over the live one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

LEAST_SIDE = 800
"""Pixels to which a small square's lines are enlarged, so that they are no stairs on the screen."""
STEEPEST = 0.995
"""Share of the pixels that are less steep than the part's own edges, however fine the part."""
BEGIN, GO_ON = 0.35, 0.12
"""A line begins where the change of level is this share of theirs, and goes on at that."""
FLAT = 1.0
"""Levels per pixel: a smaller change is no edge, or a blank picture would be full of them."""
DERIVATIVE_SCALE = 16
"""Canny takes whole numbers: so many for one grey level, or flat slopes would break the lines."""
SOBEL_GAIN = 8
"""What OpenCV's 3 × 3 operator makes of one level per pixel."""


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
    steepest = float(np.quantile(np.hypot(across, down), STEEPEST))
    least = FLAT * SOBEL_GAIN * DERIVATIVE_SCALE
    limits = max(GO_ON * steepest, least / 2), max(BEGIN * steepest, least)
    steps = across.astype(np.int16), down.astype(np.int16)
    return np.asarray(cv2.Canny(*steps, *limits, L2gradient=True), np.uint8)


def _ramp(low: int, high: int) -> NDArray[np.uint8]:
    """Give a table that is 0 up to `low`, 255 from `high`, and rises between."""
    return np.interp(np.arange(256), (low, high), (0, 255)).astype(np.uint8)
