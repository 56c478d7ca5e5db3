"""Light on a surface: shading by the slope of its relief, gradients over the picture."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from engine.synthetic.textures.draws import Draws


def shading(height: Tensor, azimuth: Tensor, steepness: Tensor, gloss: Tensor) -> Tensor:
    """Give how much brighter each pixel is than flat ground, (P, N, S, S), by its normal.

    Parameters
    ----------
    height
        (P, N, S, S) relief.
    azimuth
        (P, N, 1, 1) radians: where the light comes from.
    steepness, gloss
        (P, 1, 1, 1): scale of the slopes, and share of the specular light.
    """
    padded = functional.pad(height, (1, 1, 1, 1), mode="replicate")
    dx = (padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]) * steepness
    dy = (padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]) * steepness
    length = (1 + dx.square() + dy.square()).sqrt()
    towards = dx * azimuth.cos() + dy * azimuth.sin()
    lambert = (0.8 - 0.6 * towards) / length
    halfway = ((0.95 - 0.3 * towards) / length).clamp_min(0)
    return lambert - 0.8 + gloss * (halfway.pow(24) - 0.29)


def uneven_light(draws: Draws, parts: int, pictures: int, side: int) -> Tensor:
    """Give (P, N, 1, S, S) factors: exposure, a slow gradient, and a fall-off to the corners."""
    strength = draws.log_uniform(parts, 1, 1, 1, low=0.02, high=0.2)
    coarse = strength * draws.normal(parts, pictures, 3, 3)
    coarse = coarse + draws.normal(parts, 1, 3, 3) * 0.1
    gradient = functional.interpolate(coarse, (side, side), mode="bicubic", align_corners=False)
    exposure = draws.log_uniform(parts, 1, 1, 1, low=0.01, high=0.15)
    exposure = 1 + exposure * draws.normal(parts, pictures, 1, 1)
    return ((1 + gradient) * exposure).clamp_min(0.1)[:, :, None]
