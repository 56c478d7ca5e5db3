"""The one place where a compact map becomes the map that people see."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from torch import Tensor

from engine.preprocess import Mask
from engine.types import CompactMap, ShownMap

_NO_WEIGHT = 1e-3
"""A pixel with less than this share of counted cells under its blur has nothing to show."""


def sigma_px(size: float) -> float:
    """Give the blur's σ in pixels of the S × S map: 4 at 224, the same share of any other."""
    return 4 * size / 224


class MapEnlarger:
    """Enlarges compact maps bilinearly and blurs them, counting only the cells inside.

    Both operations are linear and separable, so the whole chain is ``A_h · M · A_wᵀ``, equal to
    bilinear enlarging (align_corners=False) followed by ``scipy.ndimage.gaussian_filter`` to
    rounding. Where some cells do not count, the result is divided by the same
    chain over the 0/1 mask; pixels outside the mask are NaN. The blur is as wide as high, also
    where the map is not: as on a square of the same area.

    Parameters
    ----------
    cells
        (h, w) bool: which cells of the grid count.
    pixels
        (S, T) bool: which pixels of the shown map lie inside.
    """

    def __init__(self, cells: Mask, pixels: Mask) -> None:
        sigma = sigma_px(math.sqrt(pixels.size))
        self._rows = _chain(cells.shape[0], pixels.shape[0], sigma)
        self._columns = _chain(cells.shape[1], pixels.shape[1], sigma)
        self._cells = cells
        self._weight: NDArray[np.float32] | None = None
        if not (cells.all() and pixels.all()):
            weight = self._enlarged(cells.astype(np.float32))
            weight[~pixels | (weight <= _NO_WEIGHT)] = np.nan
            self._weight = weight

    def __call__(self, compact: CompactMap) -> ShownMap:
        """Make the (S, T) float32 shown map of one (h, w) compact map."""
        if self._weight is None:
            return self._enlarged(compact)
        shown = self._enlarged(np.where(self._cells, compact, np.float32(0)))
        return np.divide(shown, self._weight, dtype=np.float32)

    def _enlarged(self, compact: NDArray[np.float32]) -> NDArray[np.float32]:
        # In torch, not numpy: the threads of numpy's own matrix library go on spinning after these
        # two small products and took half the speed from the next forward pass on 2 cores.
        enlarged: NDArray[np.float32] = torch.linalg.multi_dot(
            (self._rows, torch.tensor(compact), self._columns.T)
        ).numpy()
        return enlarged


@lru_cache(maxsize=8)
def _chain(cells: int, size: int, sigma: float) -> Tensor:
    """Give the (size, cells) float32 matrix of enlarging and blurring along one axis."""
    centres = np.clip((np.arange(size) + 0.5) * cells / size - 0.5, 0, cells - 1)
    left = np.minimum(np.floor(centres).astype(int), max(cells - 2, 0))
    share = centres - left
    enlarge = np.zeros((size, cells))
    enlarge[np.arange(size), left] = 1 - share
    enlarge[np.arange(size), np.minimum(left + 1, cells - 1)] += share
    blurred = gaussian_filter1d(enlarge, sigma, axis=0)
    return torch.from_numpy(blurred.astype(np.float32))
