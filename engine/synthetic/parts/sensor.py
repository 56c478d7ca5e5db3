"""The simulated camera's sensor: light to grey levels, with its noise."""

from __future__ import annotations

import numpy as np

from engine.synthetic.parts.drawn import Light, Scene
from engine.types import Image

_READ_NOISE = 1.1
"""Standard deviation in the dark, grey levels."""
_SHOT_NOISE = 0.021
"""Variance for each grey level of light; 12 000 electrons at full scale are this."""


def expose(scene: Scene, light: Light, *, light_loss: float = 0.0) -> Image:
    """Give the (H, W, 3) uint8 RGB picture of `light`, with the noise of `scene`.

    Noise is read noise plus shot noise, as in the EMVA 1288 camera model: it shrinks with the
    light, but not to nothing.

    Parameters
    ----------
    light_loss
        Share of the light that is missing; 1: it is switched off and only read noise is left.
    """
    signal = np.maximum(light * np.float32(1 - light_loss), 0)
    spread = np.sqrt(np.float32(_READ_NOISE**2) + np.float32(_SHOT_NOISE) * signal)
    spread *= np.float32(scene.noise)
    signal += spread * scene.grain
    return np.asarray(np.clip(signal + 0.5, 0, 255), np.uint8)


def grey_noise(scene: Scene) -> float:
    """Give the noise of the picture made grey, at a middle level: its standard deviation.

    Grey is 0.299 R + 0.587 G + 0.114 B of three independent noises: 0.67 of one of them.
    """
    return 0.67 * scene.noise * float(np.sqrt(_READ_NOISE**2 + _SHOT_NOISE * 120))
