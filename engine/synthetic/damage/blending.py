"""How damage joins the picture: as ink, as matter laid over, as a shift, as a flank lit."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates


def inked(draws: Draws, good: Tensor, ink: Tensor, severity: Tensor) -> Tensor:
    """Add signed ink in a colour, or let it take or give light; never flat over texture.

    Parameters
    ----------
    ink
        (B, S, S), -1 to 1: dark below zero.
    severity
        (B,); from 0 to 1 the contrast rises twelvefold, as the eye grades it: by ratios.
    """
    batch = len(good)
    strength = (0.05 * (12.0**severity))[:, None, None, None]
    tone = colours(draws, batch)
    added = good + ink[:, None] * strength * tone
    scaled = good * (1 + ink[:, None] * tone * (strength * 1.8).clamp_max(1))
    return torch.where(draws.chance(batch, 1, 1, 1, of=0.5), added, scaled)


def colours(draws: Draws, batch: int) -> Tensor:
    """Give (B, 3, 1, 1) factors about 1, the same for all channels in most pictures."""
    colour = draws.uniform(batch, 3, 1, 1, low=0.3, high=1.7)
    return torch.where(draws.chance(batch, 1, 1, 1, of=0.65), torch.ones_like(colour), colour)


def sign(draws: Draws, batch: int) -> Tensor:
    """Give (B, 1, 1): -1 (dark) for most, else 1 (bright)."""
    return torch.where(draws.chance(batch, 1, 1, of=0.6), -1.0, 1.0)


def lit(draws: Draws, cover: Tensor) -> Tensor:
    """Give the slope of a cover towards a light: one flank bright, the other dark."""
    angle = draws.uniform(len(cover), 1, 1, high=2 * torch.pi)
    padded = functional.pad(cover[:, None], (1, 1, 1, 1), mode="replicate")[:, 0]
    dx = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    dy = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    return 1.2 * (dx * angle.cos() + dy * angle.sin())


def blended(good: Tensor, changed: Tensor, cover: Tensor) -> Tensor:
    """Lay (B, 3, S, S) `changed` over `good` as far as the (B, S, S) cover goes."""
    return good + cover[:, None] * (changed - good)


def shifted(pictures: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Shift whole pictures by (B,) pixels."""
    return moved(pictures, dx[:, None, None], dy[:, None, None])


def moved(pictures: Tensor, dx: Tensor, dy: Tensor) -> Tensor:
    """Take each pixel from (dx, dy) pixels beside it; beyond the border the picture is mirrored."""
    side = pictures.shape[-1]
    x, y = coordinates(side, pictures.device)
    grid = torch.stack(
        [(x + dx).expand(len(pictures), -1, -1), (y + dy).expand(len(pictures), -1, -1)], 3
    )
    return functional.grid_sample(
        pictures, grid * (2 / side), align_corners=False, padding_mode="reflection"
    )
