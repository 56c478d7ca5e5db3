"""Textures that are noise of a certain spectrum: cast, ground, brushed, cloudy, leathery."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws
from engine.synthetic.textures.fields import filtered_noise, frequencies, one_of, soft_step


def spectra(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Draw noise that falls off with frequency, keeps to a band, or runs in one direction."""
    radius, angle = frequencies(side, draws.device)
    slope = draws.uniform(parts, 1, 1, 1, low=0.0, high=2.2)
    middle = draws.log_uniform(parts, 1, 1, 1, low=0.02, high=0.35)
    width = draws.uniform(parts, 1, 1, 1, low=0.1, high=0.7)
    band = torch.exp(-(radius / middle).log().square() / (2 * width.square()))
    amplitude = radius.pow(-slope) * torch.where(draws.chance(parts, 1, 1, 1, of=0.55), band, 1.0)
    direction = draws.uniform(parts, 1, 1, 1, high=torch.pi)
    sharpness = draws.log_uniform(parts, 1, 1, 1, low=1.0, high=60.0)
    brushed = torch.exp((torch.cos(2 * (angle - direction)) - 1) * sharpness)
    amplitude = amplitude * torch.where(draws.chance(parts, 1, 1, 1, of=0.45), brushed, 1.0)
    return _bent(draws, filtered_noise(draws, amplitude, pictures))


def _bent(draws: Draws, noise: Tensor) -> Tensor:
    """Bend Gaussian values: as they are, two tones, ridges, terraces, sparse peaks."""
    level = draws.uniform(len(noise), 1, 1, 1, low=-1.0, high=1.5)
    kinds = [
        noise,
        soft_step(noise - level, 0.15),
        -noise.abs(),
        (noise * 2).round() / 2 + 0.15 * noise,
        noise.exp(),
    ]
    return one_of(draws, kinds)
