"""One picture to nine numbers that do not depend on the part being good or bad."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.picture_health.wholeness import compare_rows, highest_seam, still_share
from engine.recipe import Roi
from engine.types import Image

_BANDS, _BAND_ROWS = 8, 32
"""Sharpness is measured at source resolution in bands of whole rows, spread evenly: enough to
tell focus, contiguous in memory, and independent of how many megapixels the camera has."""
_POSITION_SIDE = 64
"""Side to which the square is reduced before its edges are weighed."""


@dataclass(frozen=True, slots=True)
class PictureHealth:
    """What was measured on one picture."""

    brightness: float
    """Mean level of the inspected pixels, 0 to 255."""
    contrast: float
    """Standard deviation of their grey levels; 0 where nothing is to be seen."""
    clipped: float
    """Share of them at 0 or 255 in any channel, 0 to 1."""
    sharpness: float
    """Root mean square of the Laplacian of the slightly smoothed picture, divided by its mean
    level, so that light does not count as focus. Of the focus operators compared by Pertuz, Puig
    and Garcia (Pattern Recognition 46, 2013, §3) the Laplacian ones answer to the least blur;
    smoothing keeps the sensor's noise from being taken for detail."""
    still_rows: float
    """Share of the height in which every row repeats the one above, 0 to 1."""
    seam: float
    """Largest jump between two rows all across, as a multiple of what is usual beside it."""
    aspect: float
    """Width of the source picture divided by its height."""
    position_x: float
    """Centre of the edges, as a share of the square's side, 0 to 1."""
    position_y: float
    """The same from above to below."""


def measure_health(
    image: Image,
    square: Image,
    rectangle: Roi,
    *,
    counted: NDArray[np.bool_] | None = None,
    inside: NDArray[np.bool_] | None = None,
) -> PictureHealth:
    """Measure a picture; of 5 megapixels a quarter is read.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB source picture, for sharpness and wholeness.
    square
        (S, T, 3) uint8 RGB, what the backbone sees, for light and position.
    rectangle
        The inspected rectangle in source pixels.
    counted
        (S, T) bool: which pixels of the square are inspected; None: all.
    inside
        (rectangle.height, rectangle.width) bool, the same in source pixels; None: all.
    """
    grey = np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.uint8)
    counts = None if counted is None else counted.view(np.uint8)
    rows = compare_rows(image)
    x, y = _centre_of_edges(grey)
    return PictureHealth(
        brightness=float(np.mean(cv2.mean(square, counts)[:3])),
        contrast=float(cv2.meanStdDev(grey, mask=counts)[1].item()),
        clipped=_clipped_share(square, counts),
        sharpness=_sharpness(image, rectangle, inside),
        still_rows=still_share(rows),
        seam=highest_seam(rows),
        aspect=image.shape[1] / image.shape[0],
        position_x=x,
        position_y=y,
    )


def _clipped_share(square: Image, counts: NDArray[np.uint8] | None) -> float:
    between = cv2.inRange(square, (1, 1, 1), (254, 254, 254))
    return 1 - cv2.mean(between, counts)[0] / 255


def _sharpness(image: Image, rectangle: Roi, inside: NDArray[np.bool_] | None) -> float:
    columns = np.s_[rectangle.x : rectangle.x + rectangle.width]
    energy = level = pixels = 0.0
    for top in _band_tops(rectangle.height):
        rows = np.s_[top : min(top + _BAND_ROWS, rectangle.height)]
        whole = image[rectangle.y : rectangle.y + rectangle.height]
        grey = cv2.cvtColor(whole[rows, columns], cv2.COLOR_RGB2GRAY)
        detail = cv2.Laplacian(cv2.GaussianBlur(grey, (3, 3), 0), cv2.CV_16S)
        counts = None if inside is None else np.ascontiguousarray(inside[rows]).view(np.uint8)
        n = float(grey.size if counts is None else counts.sum())
        energy += cv2.norm(detail, cv2.NORM_L2SQR, mask=counts)
        level += n * cv2.mean(grey, counts)[0]
        pixels += n
    # One grey level more, so that a black picture has a sharpness too.
    return float(np.sqrt(energy * pixels) / (level + pixels)) if pixels else 0.0


def _band_tops(height: int) -> NDArray[np.int_]:
    """Give the first row of each band; where they would cover all rows, they lie end to end."""
    if height <= _BANDS * _BAND_ROWS:
        return np.arange(0, height, _BAND_ROWS)
    return np.linspace(0, height - _BAND_ROWS, _BANDS).astype(int)


def _centre_of_edges(grey: NDArray[np.uint8]) -> tuple[float, float]:
    """Give (x, y) of the centroid of squared gradients; it hardly moves when a part turns."""
    small = cv2.resize(grey, (_POSITION_SIDE, _POSITION_SIDE), interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    moments = cv2.moments(across * across + down * down)
    if not moments["m00"]:
        return 0.5, 0.5
    # OpenCV's moments put a pixel's centre at whole numbers.
    x, y = (moments[name] / moments["m00"] + 0.5 for name in ("m10", "m01"))
    return float(x / _POSITION_SIDE), float(y / _POSITION_SIDE)
