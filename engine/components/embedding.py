"""Feature maps of several layers to one embedding per patch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from engine.errors import RecipeError

OFFICIAL_LENGTH = 1024
"""Numbers per patch of the official code's descriptor."""


def described(levels: Sequence[Tensor], descriptor: str, *, title: str) -> Tensor:
    """Give what a memory bank's method sees of every patch, by the name in its settings.

    Parameters
    ----------
    levels
        (B, C_l, h_l, w_l) float32 each, finest first.
    descriptor
        ``official``, ``plain`` or ``concat``.
    title
        The method's, for messages.

    Returns
    -------
    Tensor
        (B, h · w, D) float32 on the grid of the first level.

    Raises
    ------
    RecipeError
        It takes another number of levels.
    """
    if descriptor == "official":
        if len(levels) != 2:
            raise RecipeError(
                f"{title} takes two layers of this backbone, not {len(levels)}. "
                "Name two, such as --layers 8,16."
            )
        return official(levels)
    if descriptor == "plain":
        if len(levels) != 1:
            raise RecipeError(
                f"{title} takes patches as they are from one layer, not from {len(levels)}. "
                "Name one, such as --layers 8."
            )
        return plain(levels)
    return concat(levels)


def described_length(shapes: Sequence[tuple[int, int, int]], descriptor: str) -> int:
    """Give D of `described` for levels of such shapes, (C, h, w) each."""
    return OFFICIAL_LENGTH if descriptor == "official" else sum(shape[0] for shape in shapes)


def plain(levels: Sequence[Tensor]) -> Tensor:
    """Take the one level as it is: a metric head has seen each patch's neighbourhood already.

    Parameters
    ----------
    levels
        One level, (B, C, h, w) float32.

    Returns
    -------
    Tensor
        (B, h · w, C) float32.
    """
    (level,) = levels
    return level.flatten(2).transpose(1, 2).contiguous()


def concat(levels: Sequence[Tensor]) -> Tensor:
    """Average 3 × 3 neighbourhoods, enlarge to the finest grid and concatenate.

    The paper's locally aware patch features (Roth et al., CVPR 2022, §3.1, p = 3, s = 1).

    Parameters
    ----------
    levels
        (B, C_l, h_l, w_l) float32 each, finest first.

    Returns
    -------
    Tensor
        (B, h · w, ΣC_l) float32 on the grid of the first level.
    """
    grid = levels[0].shape[-2:]
    averaged = [functional.avg_pool2d(level, 3, 1, 1) for level in levels]
    enlarged = [
        level
        if level.shape[-2:] == grid
        else functional.interpolate(level, size=grid, mode="bilinear", align_corners=False)
        for level in averaged
    ]
    return torch.cat(enlarged, 1).flatten(2).transpose(1, 2).contiguous()


def pooled(levels: Sequence[Tensor]) -> Tensor:
    """Give one vector per picture: every level's mean over its cells, concatenated.

    Parameters
    ----------
    levels
        (B, C_l, h_l, w_l) float32 each.

    Returns
    -------
    Tensor
        (B, ΣC_l) float32.
    """
    return torch.cat([level.mean((2, 3)) for level in levels], 1)


def official(levels: Sequence[Tensor], length: int = OFFICIAL_LENGTH) -> Tensor:
    """Give the official code's descriptor (amazon-science/patchcore-inspection), any backbone.

     Each level's 3 × 3 neighbourhoods (zero padding) are unfolded to C · 9 numbers and pooled to
     `length` by adaptive averaging; the levels are stacked and pooled to `length` once more. For
     512 and 1024 channels this is a weighted 3 × 3 convolution and a mean of channel pairs
    , which is how it is computed there.

    Parameters
    ----------
     levels
         Two levels, (B, C_l, h_l, w_l) float32, finest first.

    Returns
    -------
     Tensor
         (B, h · w, length) float32 on the grid of the first level.
    """
    fine, coarse = levels
    if (fine.shape[1], coarse.shape[1], length) == (512, 1024, 1024):
        return _official_wide_resnet50(fine, coarse)
    grid = fine.shape[-2:]
    pooled = []
    for level in (fine, coarse):
        unfolded = functional.unfold(level, 3, padding=1).transpose(1, 2)
        patches = functional.adaptive_avg_pool1d(unfolded, length).transpose(1, 2)
        patches = patches.reshape(*patches.shape[:2], *level.shape[-2:])
        if level.shape[-2:] != grid:
            patches = functional.interpolate(patches, grid, mode="bilinear", align_corners=False)
        pooled.append(patches.flatten(2).transpose(1, 2))
    stacked = torch.stack(pooled, 2).flatten(2)
    return functional.adaptive_avg_pool1d(stacked, length).contiguous()


def _official_wide_resnet50(fine: Tensor, coarse: Tensor) -> Tensor:
    kernel = fine.new_tensor([[1, 1, 1], [1, 2, 1], [1, 1, 1]]) / 10
    kernel = kernel.expand(fine.shape[1], 1, 3, 3)
    first = functional.conv2d(fine, kernel, padding=1, groups=fine.shape[1])
    averaged = functional.avg_pool2d(coarse, 3, 1, 1)
    enlarged = functional.interpolate(
        averaged, size=fine.shape[-2:], mode="bilinear", align_corners=False
    )
    last = (enlarged[:, 0::2] + enlarged[:, 1::2]) / 2
    return torch.cat([first, last], 1).flatten(2).transpose(1, 2).contiguous()
