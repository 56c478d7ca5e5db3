"""Damage to the structure: a piece gone, displaced, or bent."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.damage.blending import blended, moved, shifted
from engine.synthetic.damage.covers import boxes, patches
from engine.synthetic.textures.camera import blurred
from engine.synthetic.textures.draws import Draws


def missing(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Take a piece away: even ground of one of the picture's own colours in its place."""
    batch, side = len(good), good.shape[-1]
    cover = _piece(draws, batch, side)
    ground = good.flatten(2)[
        torch.arange(batch, device=draws.device), :, draws.integers(batch, below=side * side)
    ][:, :, None, None]
    ground = ground + 0.25 * (blurred(good, torch.full_like(severity, 3.0)) - ground)
    keep = (0.7 * (1 - severity))[:, None, None, None]
    return blended(good, ground + keep * (good - ground), cover)


def displaced(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Shift a piece of the picture, turn it over, or lay it where it does not belong."""
    batch, side = len(good), good.shape[-1]
    cover = _piece(draws, batch, side)
    angle = draws.uniform(batch, high=2 * torch.pi)
    near = 2 + 10 * severity * draws.uniform(batch)
    far = side * draws.uniform(batch, low=0.15, high=0.6)
    reach = torch.where(draws.chance(batch, of=0.5), near, far)
    matter = shifted(good, angle.cos() * reach, angle.sin() * reach)
    mirrored = torch.where(draws.chance(batch, 1, 1, 1, of=0.5), matter.flip(-1), matter.flip(-2))
    matter = torch.where(draws.chance(batch, 1, 1, 1, of=0.3), mirrored, matter)
    return blended(good, matter, cover)


def deformation(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Bend, bulge or pinch the structure."""
    batch, side = len(good), good.shape[-1]
    radius = side * draws.log_uniform(batch, low=0.05, high=0.2)
    cover = patches(draws, batch, side, radius=radius)
    cover = blurred(cover[:, None], (radius / 4).clamp_max(4))[:, 0]
    angle = draws.uniform(batch, 1, 1, high=2 * torch.pi)
    reach = (1.5 + 8 * severity)[:, None, None] * cover
    return moved(good, reach * angle.cos(), reach * angle.sin())


def _piece(draws: Draws, batch: int, side: int) -> Tensor:
    radius = side * draws.log_uniform(batch, low=0.02, high=0.14)
    box = boxes(draws, batch, side, radius=radius)
    patch = patches(draws, batch, side, radius=radius)
    return torch.where(draws.chance(batch, 1, 1, of=0.5), box, patch)
