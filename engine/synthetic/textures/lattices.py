"""Textures that repeat: stripes, checks, meshes, weaves, turning marks, hexagons."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates, one_of, smooth_noise, soft_step, turned

_TURN = 2 * torch.pi


def lattices(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Draw a periodic pattern, slightly warped, at another phase in each picture."""
    x, y = coordinates(side, draws.device)
    angle = draws.uniform(parts, 1, 1, 1, high=torch.pi)
    angle = angle + 0.03 * draws.normal(parts, pictures, 1, 1)
    u, v = turned(x, y, angle)
    wavelength = draws.uniform(parts, 1, 1, 1, low=20.0, high=120.0)
    bend = draws.uniform(parts, 1, 1, 1, high=1.5) * draws.chance(parts, 1, 1, 1, of=0.6)
    u = u + bend * smooth_noise(draws, wavelength, pictures, side)
    v = v + bend * smooth_noise(draws, wavelength, pictures, side)
    first = draws.log_uniform(parts, 1, 1, 1, low=4.0, high=48.0)
    second = draws.log_uniform(parts, 1, 1, 1, low=4.0, high=48.0)
    square = draws.chance(parts, 1, 1, 1, of=0.5)
    second = torch.where(square, first, second)
    u = u / first + draws.uniform(parts, pictures, 1, 1)
    v = v / second + draws.uniform(parts, pictures, 1, 1)
    level = draws.uniform(parts, 1, 1, 1, low=-0.8, high=0.9)
    far = (x - side * draws.uniform(parts, 1, 1, 1, low=-1, high=1)).square()
    far = far + (y - side * draws.uniform(parts, 1, 1, 1, low=-1, high=1)).square()
    rings = far.sqrt() / first + draws.uniform(parts, pictures, 1, 1)
    return _pattern(draws, u, v, level, rings)


def _pattern(draws: Draws, u: Tensor, v: Tensor, level: Tensor, rings: Tensor) -> Tensor:
    across, along = torch.sin(_TURN * u), torch.sin(_TURN * v)
    oblique = torch.sin(_TURN * (0.5 * u + 0.87 * v)) + torch.sin(_TURN * (0.5 * u - 0.87 * v))
    over = (u.floor() + v.floor()).remainder(2) > 0.5
    kinds = [
        across,
        across * along,
        torch.maximum(across, along),
        soft_step(across - level, 0.3),
        soft_step(across * along, 0.2),
        soft_step(torch.maximum(across - level, along - level), 0.3),
        u.remainder(1),
        across + oblique,
        torch.where(over, torch.sin(torch.pi * u).abs(), torch.sin(torch.pi * v).abs()),
        torch.sin(_TURN * rings),
        soft_step(level - (across + oblique) / 1.5, 0.3),
    ]
    return one_of(draws, kinds)
