"""Damage that marks the surface: scratches, cracks, pits, specks."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.damage.blending import inked, lit, sign
from engine.synthetic.damage.covers import patches, paths, spots
from engine.synthetic.textures.camera import blurred
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import smooth_noise


def scratch(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Draw a thin, nearly straight line: dark, bright, or a groove lit from one side."""
    batch, side = len(good), good.shape[-1]
    cover = paths(
        draws,
        batch,
        side,
        length=side * draws.log_uniform(batch, low=0.06, high=0.7),
        wander=draws.log_uniform(batch, low=0.02, high=0.4),
        width=draws.log_uniform(batch, low=0.7, high=2.5),
    )
    groove = lit(draws, cover)
    line = torch.where(draws.chance(batch, 1, 1, of=0.35), groove, cover * sign(draws, batch))
    return inked(draws, good, line, severity)


def crack(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Draw a jagged, forked, mostly dark line of uneven width."""
    batch, side = len(good), good.shape[-1]
    cover = paths(
        draws,
        batch,
        side,
        length=side * draws.log_uniform(batch, low=0.1, high=1.0),
        wander=draws.log_uniform(batch, low=0.4, high=1.5),
        width=draws.log_uniform(batch, low=0.7, high=2.2),
        branches=True,
    )
    uneven = smooth_noise(draws, torch.full((batch, 1, 1, 1), 8.0, device=draws.device), 1, side)
    cover = cover * (0.75 + 0.3 * uneven[:, 0]).clamp(0, 1)
    dark = torch.where(draws.chance(batch, 1, 1, of=0.85), -1.0, 1.0)
    return inked(draws, good, cover * dark, severity)


def pit(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Draw one to three small holes, dark, or shaded like a dent with a lit rim."""
    batch, side = len(good), good.shape[-1]
    radius = side * draws.log_uniform(batch, low=0.006, high=0.05)
    cover = spots(draws, batch, side, radius=radius)
    for _ in range(2):
        more = spots(draws, batch, side, radius=radius * draws.uniform(batch, low=0.4, high=1.0))
        cover = torch.maximum(cover, more * draws.chance(batch, 1, 1, of=0.25))
    dent = lit(draws, blurred(cover[:, None], radius / 3)[:, 0])
    hole = cover * torch.where(draws.chance(batch, 1, 1, of=0.75), -1.0, 1.0)
    hole = hole + 0.5 * dent
    return inked(draws, good, torch.where(draws.chance(batch, 1, 1, of=0.3), dent, hole), severity)


def specks(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Strew grains, chips or fluff over a patch."""
    batch, side = len(good), good.shape[-1]
    area = patches(draws, batch, side, radius=side * draws.log_uniform(batch, low=0.03, high=0.2))
    size = draws.log_uniform(batch, 1, 1, 1, low=2.0, high=6.0)
    grains = smooth_noise(draws, size, 1, side)[:, 0]
    cover = area * torch.sigmoid((grains - draws.uniform(batch, 1, 1, low=0.8, high=2.0)) * 8)
    return inked(draws, good, cover * sign(draws, batch), severity)
