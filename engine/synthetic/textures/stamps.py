"""Textures of one stamp laid down many times: strokes, fibres, chips, shapes, printed glyphs.

A picture is the sum over a few stamps of (impulses where that stamp lies) convolved with it, done
in the frequency domain; a stamp is drawn once per part by its distance field.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import coordinates, soft_step, turned

_STAMPS = 6
"""Different stamps per part: turns of one stroke, or letters."""


def strokes(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Scatter strokes, ellipses or polygons at random, in one direction or in all."""
    spread = draws.log_uniform(parts, 1, 1, 1, low=0.05, high=3.0)
    angle = draws.uniform(parts, 1, 1, 1, high=torch.pi)
    angle = angle + spread * draws.normal(parts, _STAMPS, 1, 1)
    x, y = coordinates(side, draws.device)
    u, v = turned(x, y, angle)
    length = draws.log_uniform(parts, 1, 1, 1, low=5.0, high=70.0)
    length = length * (0.3 * draws.normal(parts, _STAMPS, 1, 1)).exp()
    length = length.clamp_max(side * 0.8)
    width = draws.log_uniform(parts, 1, 1, 1, low=0.6, high=3.0)
    bow = draws.normal(parts, _STAMPS, 1, 1) * 0.6 * draws.chance(parts, 1, 1, 1, of=0.5)
    v_bowed = v + bow * (u.square() / length - length / 8)
    line = width - torch.hypot((u.abs() - length / 2).clamp_min(0), v_bowed)
    flat = draws.uniform(parts, 1, 1, 1, low=0.2, high=1.0)
    radius = length / 3
    ellipse = (1 - torch.hypot(u / radius, v / (radius * flat))) * radius * flat
    sides = 3 + draws.integers(parts, 1, 1, 1, below=4)
    sector = 2 * torch.pi / sides
    bearing = torch.atan2(v, u).remainder(sector) - sector / 2
    polygon = radius - torch.hypot(u, v) * bearing.cos() / torch.cos(sector / 2)
    solid = torch.where(draws.chance(parts, 1, 1, 1, of=0.5), ellipse, polygon)
    outline = width - solid.abs()
    solid = torch.where(draws.chance(parts, 1, 1, 1, of=0.4), outline, solid)
    stamp = soft_step(torch.where(draws.chance(parts, 1, 1, 1, of=0.5), line, solid))
    density = draws.log_uniform(parts, 1, 1, 1, low=0.05, high=1.5)
    area = stamp.sum((-2, -1), keepdim=True).mean(1, keepdim=True)
    chance = (density / area / _STAMPS).clamp_max(0.02)
    there = draws.uniform(parts, pictures * _STAMPS, side, side) < chance
    tone = draws.uniform(parts, pictures * _STAMPS, side, side, low=0.3)
    impulses = (there * tone).view(parts, pictures, _STAMPS, side, side)
    return _laid(impulses, stamp)


def glyphs(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Print lines of invented letters, the letters in another order in each picture."""
    x, y = coordinates(side, draws.device)
    height = draws.log_uniform(parts, 1, 1, 1, low=7.0, high=36.0)
    narrow = draws.uniform(parts, 1, 1, 1, low=0.5, high=0.9)
    pen = (height * draws.uniform(parts, 1, 1, 1, low=0.05, high=0.12)).clamp_min(0.6)
    letters = torch.zeros(parts, _STAMPS, side, side, device=draws.device)
    for _ in range(4):
        ends = (draws.integers(parts, _STAMPS, 2, 2, below=3) - 1).float() * 0.5
        from_x, to_x = (ends[..., 0] * (height * narrow)[..., 0]).unbind(-1)
        from_y, to_y = (ends[..., 1] * height[..., 0]).unbind(-1)
        segment = _segment(x, y, from_x, from_y, to_x, to_y)
        letters = torch.maximum(letters, soft_step(pen - segment))
    pitch = height * narrow * draws.uniform(parts, 1, 1, 1, low=1.2, high=1.8)
    line = height * draws.uniform(parts, 1, 1, 1, low=1.25, high=2.2)
    columns = ((x - x[0, 0]) / pitch + draws.uniform(parts, pictures, 1, 1)).floor()
    rows = ((y - y[0, 0]) / line + draws.uniform(parts, pictures, 1, 1)).floor()
    starts = (columns.diff(dim=-1, prepend=columns[..., :1] - 1) > 0) & (
        rows.diff(dim=-2, prepend=rows[..., :1, :] - 1) > 0
    )
    letter = draws.integers(parts, pictures, side, side, below=_STAMPS + 1)
    impulses = torch.stack([starts & (letter == n) for n in range(_STAMPS)], 2).float()
    printed = _laid(impulses, letters)
    turn = draws.chance(parts, of=0.3)
    return torch.where(turn[:, None, None, None], printed.transpose(-1, -2), printed)


def _segment(x: Tensor, y: Tensor, x0: Tensor, y0: Tensor, x1: Tensor, y1: Tensor) -> Tensor:
    """Give the distance of every pixel to a segment whose ends are (P, K) each."""
    x0, y0, x1, y1 = (end[..., None, None] for end in (x0, y0, x1, y1))
    dx, dy = x1 - x0, y1 - y0
    along = ((x - x0) * dx + (y - y0) * dy) / (dx.square() + dy.square()).clamp_min(1e-3)
    along = along.clamp(0, 1)
    return torch.hypot(x - x0 - along * dx, y - y0 - along * dy)


def _laid(impulses: Tensor, stamps: Tensor) -> Tensor:
    """Lay (P, K, S, S) stamps where (P, N, K, S, S) impulses are; overlaps saturate softly."""
    side = stamps.shape[-1]
    spectrum = torch.fft.rfft2(torch.fft.ifftshift(stamps, dim=(-2, -1)))[:, None]
    laid = torch.fft.irfft2((torch.fft.rfft2(impulses) * spectrum).sum(2), s=(side, side))
    return torch.tanh(laid.clamp_min(0) * 1.2)
