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

_BLOCKS, _BLOCK_COLUMNS = 16, 16
"""Columns looked at: blocks of neighbours, so that few cache lines of each row are read."""
_STILL_LEVELS = 1
"""Levels by which a repeated row may differ, for pictures that were compressed on their way."""
_STILL_ROWS = 4
"""Rows from which a run is one; enlarging a picture repeats single rows."""

_NOISE_LEVELS = np.float32(2)
"""Added to every jump, so that noise in a flat picture is no seam."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class RowJumps:
    """How much each row of a picture differs from the one above it, in the columns looked at."""

    mean: NDArray[np.float32]
    """(H − 1, blocks) float32, mean of the absolute differences in each block, levels."""
    largest: NDArray[np.uint8]
    """(H − 1,) uint8, the largest absolute difference."""


def compare_rows(image: Image) -> RowJumps:
    """Compare each row of the (H, W, 3) uint8 picture with the one above."""
    height, width = image.shape[:2]
    blocks, columns = min(_BLOCKS, width), max(1, min(_BLOCK_COLUMNS, width // _BLOCKS))
    if height < 2:
        return RowJumps(np.zeros((0, blocks), np.float32), np.zeros(0, np.uint8))
    starts = np.linspace(0, width - columns, blocks).astype(int)
    looked_at = cv2.hconcat([image[:, x : x + columns] for x in starts]).reshape(height, -1)
    jumps = np.asarray(cv2.absdiff(looked_at[1:], looked_at[:-1]), np.uint8)
    mean = cv2.reduce(jumps.reshape(-1, 3 * columns), 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F)
    # numpy's largest of each row takes a thirtieth of the time of OpenCV's.
    return RowJumps(np.asarray(mean, np.float32).reshape(-1, blocks), jumps.max(axis=1))


def still_share(rows: RowJumps) -> float:
    """Give the longest run of rows that repeat the one above, as a share of the height."""
    moving = np.flatnonzero(rows.largest > _STILL_LEVELS)
    ends = np.concatenate(([-1], moving, [len(rows.largest)]))
    longest = int(np.diff(ends).max()) - 1
    return longest / (len(rows.largest) + 1) if longest >= _STILL_ROWS else 0.0


def highest_seam(rows: RowJumps) -> float:
    """Give how much the picture jumps at one row more than beside it; about 1 where it is whole.

    A lens spreads every edge of the scene over several rows; a tear lies between two. So a jump is
    compared with those beside it, and what these have above their surroundings counts threefold.
    The ratio is averaged over the width, since a tear goes all across.
    """
    if len(rows.mean) < 7:
        return 1.0
    jumps = rows.mean + _NOISE_LEVELS
    beside = np.maximum(jumps[2:-4], jumps[4:-2])
    around = (jumps[:-6] + jumps[1:-5] + jumps[5:-1] + jumps[6:]) / 4
    ratios = jumps[3:-3] / (beside + 2 * np.maximum(beside - around, 0))
    return float(np.exp(np.log(ratios).mean(axis=1).max()))
