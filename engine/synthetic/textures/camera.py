"""What a camera does to a scene: focus, grain, clipping."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.synthetic.textures.draws import Draws

_REACH_PX = 5
"""To each side. The widest blur, in damage, has σ 4: it is cut off, which nobody can see."""


def blurred(pictures: Tensor, sigma_px: Tensor) -> Tensor:
    """Blur (B, C, S, S) by a Gaussian of its own for each picture, (B,) pixels."""
    batch, channels, height, width = pictures.shape
    offsets = torch.arange(-_REACH_PX, _REACH_PX + 1, device=pictures.device, dtype=torch.float32)
    kernel = torch.exp(-offsets.square() / (2 * sigma_px.clamp_min(0.05).square()[:, None]))
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    flat = pictures.reshape(1, batch * channels, height, width)
    padded = functional.pad(flat, (_REACH_PX, _REACH_PX, _REACH_PX, _REACH_PX), mode="replicate")
    down = functional.conv2d(padded, kernel[:, None, :, None], groups=batch * channels)
    across = functional.conv2d(down, kernel[:, None, None, :], groups=batch * channels)
    return across.view(batch, channels, height, width)


def taken(draws: Draws, scene: Tensor) -> Tensor:
    """Take the pictures of each part with one camera: (P, N, 3, S, S) in and out, 0 to 1."""
    parts, pictures, channels, side, _ = scene.shape
    focus = draws.uniform(parts, 1, low=0.0, high=1.1) * draws.chance(parts, 1, of=0.6)
    focus = (focus + 0.1 * draws.normal(parts, pictures)).clamp_min(0.0)
    soft = blurred(scene.flatten(0, 1), focus.flatten()).view_as(scene)
    grain = draws.log_uniform(parts, 1, 1, 1, 1, low=0.004, high=0.04)
    shot = soft.clamp(0.02, 1).sqrt() * 0.6 + 0.4
    one_sensor = draws.chance(parts, 1, 1, 1, 1, of=0.5)
    noise = draws.normal(parts, pictures, channels, side, side)
    noise = torch.where(one_sensor, noise[:, :, :1], noise)
    return (soft + noise * shot * grain).clamp_(0, 1)
