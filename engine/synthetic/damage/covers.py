"""Where damage lies: paths, cracks, spots and patches as coverage, (B, S, S) from 0 to 1."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.textures.camera import blurred
from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates, smooth_noise, soft_step, turned

_POINTS = 320
"""Along one line: two to a pixel on the longest in pictures of 160 pixels."""
_BRANCHES = 3


def paths(
    draws: Draws,
    batch: int,
    side: int,
    *,
    length: Tensor,
    wander: Tensor,
    width: Tensor,
    branches: bool = False,
) -> Tensor:
    """Draw one wandering line in each picture, its ends tapered, sometimes broken.

    Parameters
    ----------
    length, width
        (B,) pixels.
    wander
        (B,) radians by which the direction strays over ten pixels.
    branches
        Let shorter lines fork off.
    """
    step = length / _POINTS
    bends = draws.normal(batch, _POINTS) * (wander * (step / 10).sqrt())[:, None]
    heading = draws.uniform(batch, 1, high=2 * torch.pi) + bends.cumsum(1)
    way = torch.stack([heading.cos(), heading.sin()], 2).cumsum(1) * step[:, None, None]
    centre = draws.uniform(batch, 1, 2, low=0.06, high=0.94) * side
    points = centre + way - way[:, _POINTS // 2 : _POINTS // 2 + 1]
    along = torch.linspace(-1, 1, _POINTS, device=draws.device)
    taper = (1 - along.abs().pow(4))[None] * (0.4 + draws.uniform(batch, 1))
    gaps = torch.sin(
        along * draws.uniform(batch, 1, low=3, high=20) + draws.uniform(batch, 1, high=6)
    )
    broken = draws.chance(batch, 1, of=0.35)
    weight = taper.clamp_max(1) * torch.where(broken, (gaps > -0.3).float(), 1.0)
    lines, weights = [points], [weight]
    if branches:
        for _ in range(_BRANCHES):
            start = draws.integers(batch, below=_POINTS)
            share = draws.uniform(batch, 1, 1, low=0.15, high=0.5)
            turn = draws.uniform(batch, low=-1.2, high=1.2)
            root = points[torch.arange(batch, device=draws.device), start][:, None]
            cosine, sine = turn.cos()[:, None], turn.sin()[:, None]
            x, y = (way.flip(1) - way.flip(1)[:, :1]).unbind(2)
            lines.append(
                root + share * torch.stack([x * cosine - y * sine, x * sine + y * cosine], 2)
            )
            forked = draws.chance(batch, 1, of=0.5)
            weights.append(forked * taper.clamp_max(1) * (1 - along.clamp_min(0)) * share[:, 0])
    ink = _splatted(torch.cat(lines, 1), torch.cat(weights, 1) * step[:, None], side)
    soft = blurred(ink[:, None], (width / 2).clamp_min(0.4))[:, 0]
    # A line of one ink per pixel of length, blurred by sigma, is 0.4 / sigma at its middle.
    return (soft * (width / 2).clamp_min(0.4)[:, None, None] * 3).clamp_max(1)


def spots(draws: Draws, batch: int, side: int, *, radius: Tensor) -> Tensor:
    """Draw one round or long spot with an even edge, `radius` (B,) pixels."""
    u, v, radius = _placed(draws, batch, side, radius)
    flat = draws.uniform(batch, 1, 1, low=0.35, high=1.0)
    return soft_step((1 - torch.hypot(u / radius, v / (radius * flat))) * radius * flat, 1.2)


def patches(draws: Draws, batch: int, side: int, *, radius: Tensor) -> Tensor:
    """Draw one patch with a ragged edge, `radius` (B,) pixels; sometimes with holes."""
    u, v, radius = _placed(draws, batch, side, radius)
    flat = draws.uniform(batch, 1, 1, low=0.35, high=1.0)
    rough = smooth_noise(draws, (0.8 * radius.clamp_min(4))[:, None], 1, side)[:, 0]
    level = 1 - torch.hypot(u / radius, v / (radius * flat))
    raggedness = draws.uniform(batch, 1, 1, high=0.6)
    edge = draws.log_uniform(batch, 1, 1, low=0.8, high=4.0)
    return soft_step((level + raggedness * rough * (level > -1)) * radius * flat, edge)


def boxes(draws: Draws, batch: int, side: int, *, radius: Tensor) -> Tensor:
    """Draw one rectangle, `radius` (B,) pixels to its longer side."""
    u, v, radius = _placed(draws, batch, side, radius)
    flat = draws.uniform(batch, 1, 1, low=0.35, high=1.0)
    return soft_step(torch.minimum(radius - u.abs(), radius * flat - v.abs()), 1.0)


def _placed(draws: Draws, batch: int, side: int, radius: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    x, y = coordinates(side, draws.device)
    middle = draws.uniform(2, batch, 1, 1, low=-0.44, high=0.44) * side
    u, v = turned(x - middle[0], y - middle[1], draws.uniform(batch, 1, 1, high=torch.pi))
    return u, v, radius[:, None, None]


def _splatted(points: Tensor, weights: Tensor, side: int) -> Tensor:
    """Lay (B, M, 2) points of some weight onto the four pixels around each; (B, S, S)."""
    batch = len(points)
    base = points.floor()
    share = points - base
    ink = torch.zeros(batch, side * side, device=points.device)
    for down in (0, 1):
        for right in (0, 1):
            x, y = base[..., 0] + right, base[..., 1] + down
            part = (share[..., 0] if right else 1 - share[..., 0]) * (
                share[..., 1] if down else 1 - share[..., 1]
            )
            inside = (x >= 0) & (x < side) & (y >= 0) & (y < side)
            index = (y.clamp(0, side - 1) * side + x.clamp(0, side - 1)).long()
            ink.scatter_add_(1, index, weights * part * inside)
    return ink.view(batch, side, side)
