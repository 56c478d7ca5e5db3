"""Damage to how the surface looks: stained, smeared, of another texture or colour."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.damage.blending import blended, colours, shifted, sign
from engine.synthetic.damage.covers import patches
from engine.synthetic.textures.camera import blurred
from engine.synthetic.textures.draws import Draws


def stain(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Darken, lighten or tint a soft patch, often with a dark rim; texture shows through."""
    batch, side = len(good), good.shape[-1]
    radius = side * draws.log_uniform(batch, low=0.02, high=0.2)
    cover = patches(draws, batch, side, radius=radius)
    rim = 4 * cover * (1 - cover)
    cover = torch.where(draws.chance(batch, 1, 1, of=0.3), rim, cover)
    strength = (0.06 + 0.5 * severity)[:, None, None, None]
    tint = 1 + strength * sign(draws, batch)[..., None] * colours(draws, batch)
    return good * (1 + cover[:, None] * (tint - 1))


def smear(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Wipe texture in one direction, or rub it away."""
    batch, side = len(good), good.shape[-1]
    cover = patches(draws, batch, side, radius=side * draws.log_uniform(batch, low=0.03, high=0.2))
    angle = draws.uniform(batch, high=torch.pi)
    reach = 2 + 10 * severity
    wiped = torch.zeros_like(good)
    for step in range(-4, 5):
        wiped = wiped + shifted(
            good, angle.cos() * reach * step / 4, angle.sin() * reach * step / 4
        )
    rubbed = blurred(good, 0.8 + 2.5 * severity)
    which = draws.chance(batch, 1, 1, 1, of=0.6)
    return blended(good, torch.where(which, wiped / 9, rubbed), cover)


def wrong_texture(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Lay in matter of another part, of this part's own brightness and, when faint, contrast."""
    batch, side = len(good), good.shape[-1]
    cover = patches(draws, batch, side, radius=side * draws.log_uniform(batch, low=0.02, high=0.15))
    mean, spread = _local(good, cover)
    own_mean, own_spread = _local(other, cover)
    matched = (other - own_mean) * (spread / own_spread.clamp_min(0.01)).clamp(0.2, 3) + mean
    opaque = (0.25 + 0.75 * severity)[:, None, None]
    return blended(good, matched, cover * opaque)


def colour_shift(draws: Draws, good: Tensor, other: Tensor, severity: Tensor) -> Tensor:
    """Give a patch another colour or another contrast."""
    batch, side = len(good), good.shape[-1]
    cover = patches(draws, batch, side, radius=side * draws.log_uniform(batch, low=0.03, high=0.2))
    mean, _ = _local(good, cover)
    gain = draws.uniform(batch, low=-0.9, high=1.2) * (0.3 + 0.7 * severity)
    shift = 0.35 * severity[:, None, None, None] * (colours(draws, batch) - 0.5)
    return blended(good, mean + (good - mean) * (1 + gain[:, None, None, None]) + shift, cover)


def _local(pictures: Tensor, cover: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and spread of each channel under a cover, (B, 3, 1, 1) each."""
    weight = cover[:, None] + 1e-4
    total = weight.sum((-2, -1), keepdim=True)
    mean = (pictures * weight).sum((-2, -1), keepdim=True) / total
    variance = ((pictures - mean).square() * weight).sum((-2, -1), keepdim=True) / total
    return mean, variance.sqrt()
