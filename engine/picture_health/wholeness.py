"""Signs of a picture that was not transmitted whole, looked for between its rows.

Cameras send rows from above to below. What is missing is filled with one colour or with the last
row again; what belongs to the next exposure begins at a row, with a jump across the whole width.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

_BLOCKS, _BLOCK_COLUMNS = 8, 16
"""Columns looked at: blocks of neighbours, so that few cache lines of each row are read."""
_STILL_LEVELS = 1
"""Levels by which a repeated row may differ, for pictures that were compressed on their way."""
_STILL_ROWS = 4
"""Rows from which a run is one; enlarging a picture repeats single rows."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class RowJumps:
    """How much each row of a picture differs from the one above it, in the columns looked at."""

    mean: NDArray[np.float32]
    """(H − 1,) float32, mean of the absolute differences, levels."""
    largest: NDArray[np.uint8]
    """(H − 1,) uint8, the largest of them."""


def compare_rows(image: Image) -> RowJumps:
    """Compare each row of the (H, W, 3) uint8 picture with the one above."""
    width = image.shape[1]
    if width > _BLOCKS * _BLOCK_COLUMNS:
        starts = np.linspace(0, width - _BLOCK_COLUMNS, _BLOCKS).astype(int)
        image = np.concatenate([image[:, x : x + _BLOCK_COLUMNS] for x in starts], axis=1)
    if len(image) < 2:
        return RowJumps(np.zeros(0, np.float32), np.zeros(0, np.uint8))
    rows = np.ascontiguousarray(image).reshape(len(image), -1)
    jumps = cv2.absdiff(rows[1:], rows[:-1])
    mean = cv2.reduce(jumps, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    # numpy's largest of each row takes a thirtieth of the time of OpenCV's.
    return RowJumps(np.asarray(mean[:, 0], np.float32), np.asarray(jumps, np.uint8).max(axis=1))


def still_share(rows: RowJumps) -> float:
    """Give the longest run of rows that repeat the one above, as a share of the height."""
    moving = np.flatnonzero(rows.largest > _STILL_LEVELS)
    ends = np.concatenate(([-1], moving, [len(rows.largest)]))
    longest = int(np.diff(ends).max()) - 1
    return longest / (len(rows.largest) + 1) if longest >= _STILL_ROWS else 0.0


def highest_seam(rows: RowJumps) -> float:
    """Give the largest jump as a multiple of its neighbours; 1 where all are alike.

    A lens spreads every edge of the scene over several rows; a tear lies between two.
    """
    if len(rows.mean) < 3:
        return 1.0
    # One level more, so that noise in a flat picture is no seam.
    jumps = rows.mean + 1
    return float((jumps[1:-1] / np.maximum(jumps[:-2], jumps[2:])).max())
