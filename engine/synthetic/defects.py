"""Plain drawn defects for any picture: clear enough that a working release must notice them."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

LEAST_CONTRAST = 70.0
"""Grey levels between a drawn defect and the picture under it, on average."""

_Mask = NDArray[np.bool_]


class Shape(StrEnum):
    """What is drawn."""

    SCRATCH = "scratch"
    """A straight line, a quarter of the region long."""
    SPOT = "spot"
    """A round spot, a tenth of the region wide."""


def draw_defect(
    image: Image,
    rng: np.random.Generator,
    *,
    shape: Shape | None = None,
    region: _Mask | None = None,
) -> tuple[Image, _Mask]:
    """Draw one defect, dark on bright ground and bright on dark.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB; not changed.
    rng
        Chooses the place, and the shape where none is given.
    shape
        None: one of the two.
    region
        (H, W) bool: where the part is inspected; nothing outside is touched. None: everywhere.

    Returns
    -------
    The changed copy (H, W, 3) uint8, and the mask (H, W) bool of the changed pixels.

    Raises
    ------
    ValueError
        The region is empty or of another size than the picture.
    """
    height, width = image.shape[:2]
    inside = np.ones((height, width), bool) if region is None else region
    if inside.shape != (height, width) or not inside.any():
        raise ValueError(
            f"The region must have the picture's {height} × {width} pixels and some of them set."
        )
    shape = shape or list(Shape)[int(rng.integers(len(Shape)))]
    side = float(np.sqrt(np.count_nonzero(inside)))
    row, column = _deep_place(inside, rng)
    if shape is Shape.SPOT:
        cover = _spot(inside.shape, (column, row), radius=max(1.5, 0.05 * side))
    else:
        angle = rng.uniform(0, np.pi)
        cover = _line(inside.shape, (column, row), angle, length=0.25 * side, width=0.016 * side)
    cover *= inside
    mask = cover > 0.25
    if not mask.any():  # a region finer than the pen: mark the place itself
        mask[row, column], cover[row, column] = True, 1.0
    return _inked(image, cover, mask), mask


def _deep_place(inside: _Mask, rng: np.random.Generator) -> tuple[int, int]:
    """Choose (row, column) among the half of the region that lies farthest from its border."""
    padded = np.pad(inside, 1).astype(np.uint8)  # the picture's border counts as a border too
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    places = np.flatnonzero(depth >= 0.5 * depth.max())
    row, column = divmod(int(places[rng.integers(places.size)]), inside.shape[1])
    return row, column


def _spot(size: tuple[int, ...], centre: tuple[int, int], *, radius: float) -> NDArray[np.float32]:
    """Give the share of each pixel that a soft-edged disc covers."""
    y, x = np.ogrid[: size[0], : size[1]]
    distance = np.hypot(x - centre[0], y - centre[1])
    return np.asarray(np.clip((radius - distance) / 1.5 + 0.5, 0, 1), np.float32)


def _line(
    size: tuple[int, ...], centre: tuple[int, int], angle: float, *, length: float, width: float
) -> NDArray[np.float32]:
    """Give the share of each pixel that a soft-edged line covers."""
    y, x = np.ogrid[: size[0], : size[1]]
    dx, dy = x - centre[0], y - centre[1]
    along = dx * np.cos(angle) + dy * np.sin(angle)
    beyond = np.maximum(np.abs(along) - length / 2, 0)
    distance = np.hypot(beyond, dy * np.cos(angle) - dx * np.sin(angle))
    return np.asarray(np.clip((max(width, 1.5) / 2 - distance) / 1.2 + 0.5, 0, 1), np.float32)


def _inked(image: Image, cover: NDArray[np.float32], mask: _Mask) -> Image:
    """Blend the defect in; the ground's own structure stays half visible."""
    ground = image[mask].astype(np.float32)
    mean = float(ground.mean())
    contrast = max(LEAST_CONTRAST, 3 * float(ground.std()))
    ink = max(mean - contrast, 0.0) if mean > 127 else min(mean + contrast, 255.0)
    drawn = ink + 0.5 * (image - mean)
    mixed = image + cover[..., None] * (drawn - image)
    return np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)
