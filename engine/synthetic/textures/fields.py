"""What all fields share: pixel coordinates, noise of a given spectrum, soft steps, stretching.

A *field* is (P, N, S, S) float32: P parts, N pictures of each, S pixels a side. What makes a part
itself is drawn once per part, (P, 1, 1, 1); what differs from picture to picture once per picture.
Lengths are in pixels, so that a larger side shows more of the same, not the same larger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from engine.synthetic.textures.draws import Draws


def coordinates(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Give x and y of the pixels, (S, S) float32 each, zero in the middle."""
    axis = torch.arange(side, device=device, dtype=torch.float32) - (side - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return x, y


def turned(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Turn coordinates by `angle` (radians), anything that broadcasts."""
    cosine, sine = angle.cos(), angle.sin()
    return x * cosine + y * sine, y * cosine - x * sine


def frequencies(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Give radius (cycles per pixel) and angle of the half spectrum, (S, S // 2 + 1) each."""
    fx = torch.fft.rfftfreq(side, device=device)
    fy = torch.fft.fftfreq(side, device=device)[:, None]
    radius = (fx.square() + fy.square()).sqrt()
    return radius.clamp_min_(0.5 / side), torch.atan2(fy, fx.expand_as(radius))


def filtered_noise(draws: Draws, amplitude: Tensor, pictures: int) -> Tensor:
    """Give Gaussian noise of a given amplitude spectrum, mean 0 and standard deviation 1.

    Parameters
    ----------
    amplitude
        (P, 1, S, S // 2 + 1) float32.
    """
    parts, _, side, half = amplitude.shape
    real, imaginary = draws.normal(2, parts, pictures, side, half)
    amplitude = amplitude / amplitude.square().mean((-2, -1), keepdim=True).sqrt()
    noise: Tensor = torch.fft.irfft2(torch.complex(real, imaginary) * amplitude, s=(side, side))
    noise = noise - noise.mean((-2, -1), keepdim=True)
    return noise / noise.std((1, 2, 3), keepdim=True).clamp_min(1e-6)


def smooth_noise(draws: Draws, wavelength: Tensor, pictures: int, side: int) -> Tensor:
    """Give noise without detail finer than `wavelength` (pixels), (P, 1, 1, 1)."""
    radius, _ = frequencies(side, wavelength.device)
    return filtered_noise(draws, torch.exp(-(radius * wavelength).square() * 2), pictures)


def soft_step(signed: Tensor, softness: float | Tensor = 0.6) -> Tensor:
    """Turn a signed distance in pixels (positive inside) into coverage from 0 to 1."""
    return torch.sigmoid(signed / softness * 2)


def one_of(draws: Draws, fields: Sequence[Tensor]) -> Tensor:
    """Give each part one of several fields, drawn for it."""
    chosen = draws.integers(len(fields[0]), below=len(fields)).tolist()
    return torch.stack([fields[kind][part] for part, kind in enumerate(chosen)])


def stretched(field: Tensor) -> Tensor:
    """Stretch each part's values, over all of its pictures, to between 0 and 1.

    The darkest and brightest hundredth are cut off.
    """
    some = field.flatten(1)[:, :: max(1, math.prod(field.shape[1:]) // 4096)]
    low, high = some.quantile(torch.tensor([0.01, 0.99], device=field.device), dim=1)
    low, high = low[:, None, None, None], high[:, None, None, None]
    between: Tensor = (field - low) / (high - low).clamp_min(1e-4)
    return between.clamp_(0, 1)
