"""Maps of several levels to one on the finest grid, with no say for cells that do not count."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.preprocess import Mask


def mean_map(maps: Sequence[Tensor], masks: Sequence[Mask]) -> Tensor:
    """Enlarge maps bilinearly to the grid of the first and give the mean of those that see a cell.

    Enlarging is normalised over the cells that count; where none of a level's lie around a cell,
    that level has no say in it.

    Parameters
    ----------
    maps
        (B, h_l, w_l) float each, finest first.
    masks
        (h_l, w_l) bool each: cells that count; what the maps hold elsewhere does not matter.

    Returns
    -------
    Tensor
        (B, h, w); NaN where no level sees the cell.
    """
    grid = maps[0].shape[-2:]
    total, seeing = torch.zeros_like(maps[0]), torch.zeros_like(maps[0][:1])
    for values, mask in zip(maps, masks, strict=True):
        counted = torch.from_numpy(mask).to(values.device)[None]
        weight = _enlarged(counted.to(values.dtype), grid)
        enlarged = _enlarged(values.where(counted, 0), grid)
        seen = weight > 0
        total += (enlarged / weight).where(seen, 0)
        seeing += seen
    return total / seeing


def _enlarged(planes: Tensor, grid: torch.Size) -> Tensor:
    if planes.shape[-2:] == grid:
        return planes
    return functional.interpolate(planes[:, None], grid, mode="bilinear", align_corners=False)[:, 0]
