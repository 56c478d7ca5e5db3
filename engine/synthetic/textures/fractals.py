"""Textures alike at every scale: marble, ridges, clouds, and attractors of iterated functions."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates, filtered_noise, frequencies, smooth_noise

_POINTS = 2048
"""Points that wander over an attractor at once."""
_ROUNDS = 24
"""Maps each point goes through; where it is after the first eight of them is kept."""


def fractals(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Draw one of four kinds."""
    kinds = (_marble, _ridges, _clouds, _attractor)
    chosen = draws.integers(parts, below=len(kinds)).tolist()
    drawn = torch.empty(parts, pictures, side, side, device=draws.device)
    for number, kind in enumerate(chosen):
        drawn[number] = kinds[kind](draws, pictures, side)
    return drawn


def _marble(draws: Draws, pictures: int, side: int) -> Tensor:
    x, y = coordinates(side, draws.device)
    period = draws.log_uniform(1, 1, 1, 1, low=12.0, high=60.0)
    direction = draws.uniform(1, 1, 1, 1, high=torch.pi)
    phase = (x * direction.cos() + y * direction.sin()) / period
    strength = draws.uniform(1, 1, 1, 1, low=0.3, high=1.5)
    veins = phase + strength * _falling(draws, 1.6, pictures, side)
    veins = veins + draws.uniform(1, pictures, 1, 1)
    return torch.sin(2 * torch.pi * veins)[0]


def _ridges(draws: Draws, pictures: int, side: int) -> Tensor:
    total = torch.zeros(1, pictures, side, side, device=draws.device)
    wavelength = draws.log_uniform(1, 1, 1, 1, low=24.0, high=90.0)
    for octave in range(4):
        noise = smooth_noise(draws, wavelength / 2**octave, pictures, side)
        total = total - noise.abs() * 0.55**octave
    return total[0]


def _clouds(draws: Draws, pictures: int, side: int) -> Tensor:
    slope = float(draws.uniform(1, low=1.0, high=2.0))
    return _falling(draws, slope, pictures, side)[0]


def _attractor(draws: Draws, pictures: int, side: int) -> Tensor:
    """Scatter one attractor of two to four affine maps over each picture, several times turned."""
    count = 2 + int(draws.integers(1, below=3))
    left, _, right = torch.linalg.svd(draws.normal(count, 2, 2))
    maps = left @ torch.diag_embed(draws.uniform(count, 2, low=0.3, high=0.85)) @ right
    shifts = draws.uniform(count, 2, low=-1.0, high=1.0)
    points = draws.normal(_POINTS, 2) * 0.1
    seen = torch.zeros(side * side, device=draws.device)
    for number in range(_ROUNDS):
        which = draws.integers(_POINTS, below=count)
        points = (maps[which] @ points[:, :, None])[:, :, 0] + shifts[which]
        if number >= 8:
            cell = ((points / 5 + 0.5) * side).long().clamp_(0, side - 1)
            seen += torch.bincount(cell[:, 1] * side + cell[:, 0], minlength=side * side)
    once = torch.log1p(seen).view(1, 1, side, side)
    laid = torch.zeros(pictures, 1, side, side, device=draws.device)
    scale = draws.uniform(1, low=0.5, high=1.2)
    for _ in range(4):
        angle = draws.uniform(pictures, high=2 * torch.pi)
        pose = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
        pose = torch.cat([pose * scale, draws.uniform(pictures, 2, 1, low=-0.8, high=0.8)], 2)
        grid = functional.affine_grid(pose, [pictures, 1, side, side], align_corners=False)
        placed = functional.grid_sample(
            once.expand(pictures, -1, -1, -1), grid, align_corners=False
        )
        laid = torch.maximum(laid, placed)
    return laid[:, 0]


def _falling(draws: Draws, slope: float, pictures: int, side: int) -> Tensor:
    radius, _ = frequencies(side, draws.device)
    return filtered_noise(draws, radius.pow(-slope)[None, None], pictures)
