"""Textures of cells: grains, foam, paving, pebbles, honeycomb, scattered dots.

Worley, "A Cellular Texture Basis Function", SIGGRAPH 1996: distances to the nearest of points that
lie one per square of a grid, so that only the nine squares around a pixel need be looked at.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates, one_of, smooth_noise, soft_step, turned

_TABLE = 64
"""Squares a side before the pattern of points repeats."""


def cells(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Draw cells of one size, more or less regular, by what is seen of them."""
    x, y = coordinates(side, draws.device)
    angle = draws.uniform(parts, 1, 1, 1, high=torch.pi)
    angle = angle + 0.05 * draws.normal(parts, pictures, 1, 1)
    u, v = turned(x, y, angle)
    wavelength = draws.uniform(parts, 1, 1, 1, low=16.0, high=80.0)
    bend = draws.uniform(parts, 1, 1, 1, high=2.0) * draws.chance(parts, 1, 1, 1, of=0.4)
    u = u + bend * smooth_noise(draws, wavelength, pictures, side)
    size = draws.log_uniform(parts, 1, 1, 1, low=5.0, high=40.0)
    stretch = torch.where(
        draws.chance(parts, 1, 1, 1, of=0.3), draws.uniform(parts, 1, 1, 1, low=1.0, high=3.0), 1.0
    )
    u = u / size + _TABLE * draws.uniform(parts, pictures, 1, 1)
    v = v / (size * stretch) + _TABLE * draws.uniform(parts, pictures, 1, 1)
    rows = v.floor()
    brick = draws.chance(parts, 1, 1, 1, of=0.5) * 0.5
    jitter = draws.uniform(parts, 1, 1, 1) * draws.chance(parts, 1, 1, 1, of=0.8)
    nearest, second, tone = _nearest_two(draws, u, v, rows, brick, jitter)
    edge = (second.sqrt() - nearest.sqrt()) * size
    width = draws.uniform(parts, 1, 1, 1, low=0.5, high=2.5)
    dot = draws.uniform(parts, 1, 1, 1, low=0.15, high=0.45)
    seam = soft_step(width - edge)
    kinds = [
        nearest.sqrt(),
        tone,
        seam,
        soft_step((dot - nearest.sqrt()) * size),
        tone * (1 - seam),
        -nearest + 0.3 * tone,
        tone * soft_step((dot - nearest.sqrt()) * size),
    ]
    return one_of(draws, kinds)


def _nearest_two(
    draws: Draws, u: Tensor, v: Tensor, rows: Tensor, brick: Tensor, jitter: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Give squared distances to the nearest and next point, and the nearest point's own tone."""
    parts, pictures = u.shape[:2]
    table = draws.uniform(parts, pictures, 3, _TABLE * _TABLE)
    offset_u, offset_v, tones = table.unbind(2)
    best = torch.full_like(u, torch.inf)
    second = torch.full_like(u, torch.inf)
    tone = torch.zeros_like(u)
    for row_step in (-1, 0, 1):
        row = rows + row_step
        shift = brick * row.remainder(2)
        base = (u - shift).floor()
        row_index = row.remainder(_TABLE).long() * _TABLE
        for step in (-1, 0, 1):
            column = base + step
            index = (row_index + column.remainder(_TABLE).long()).flatten(2)
            at_u = offset_u.gather(2, index).view_as(u)
            at_v = offset_v.gather(2, index).view_as(u)
            du = u - (column + shift + 0.5 + (at_u - 0.5) * jitter)
            dv = v - (row + 0.5 + (at_v - 0.5) * jitter)
            distance = du.square() + dv.square()
            nearer = distance < best
            second = torch.where(nearer, best, torch.minimum(second, distance))
            tone = torch.where(nearer, tones.gather(2, index).view_as(u), tone)
            best = torch.where(nearer, distance, best)
    return best, second, tone
