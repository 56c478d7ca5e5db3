"""What strength means: a contrast of s × 4 σ, on an area of s × 0.2 % of the part.

σ is the spread of the good surface around the defect, so strength 1 is as hard to see on a rough
face as on a smooth one. A defect of the surface changes the light rather than covering it: the
structure under it and the sensor's noise stay visible inside. A defect of the structure (a thread
that is broken, a component that is missing) has the contrast of its materials; there strength
grades the size alone.

At strength 0.5 PatchCore on `gabor` scores between 0.70 and 0.90 on every part (image AUROC; see
tests/benchmarks/simulator_parts.py): harder could not be told from luck, easier would teach
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.synthetic.parts.drawn import Field, Light, Mask, Scene, Spoilt
from engine.synthetic.parts.sensor import grey_noise

AREA_SHARE = 0.002
"""Area of a defect of strength 1, as a share of the part's area."""

CONTRAST_SIGMAS = 4.0
"""Mean change of brightness of a defect of strength 1, in σ of the surface around it."""

_LEAST_AREA_PX = 12.0
_LEAST_SIGMA = 1.5
"""Grey levels; below it a surface is as smooth as the sensor's noise lets one see."""
_AROUND_PX = 12
GREY = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class Effect:
    """What a defect of the surface does to the light, before its contrast is set."""

    change: Field
    """(H, W) float32, signed, of any scale."""
    mask: Mask
    tint: tuple[float, float, float] = GREY
    """How strongly red, green and blue follow the change."""
    largest_scale: float = np.inf
    """1 where the change is the way to a bare material: there is no further."""


def area_px(scene: Scene, strength: float) -> float:
    """Give the area of a defect in pixels."""
    return max(_LEAST_AREA_PX, AREA_SHARE * strength * np.count_nonzero(scene.part_mask))


def apply(effect: Effect, scene: Scene, strength: float) -> Spoilt:
    """Give the effect the contrast of `strength` and lay it on the scene."""
    sigma = _sigma_around(scene, effect.mask)
    mean = float(np.abs(effect.change[effect.mask]).mean()) if effect.mask.any() else 0.0
    scale = min(strength * CONTRAST_SIGMAS * sigma / max(mean, 1e-6), effect.largest_scale)
    change = scale * effect.change[..., None] * np.array(effect.tint, np.float32)
    return Spoilt(scene.light + _within_light(change, scene.light), effect.mask)


def _sigma_around(scene: Scene, defect: Mask) -> float:
    """Give the robust standard deviation (1.4826 × MAD) of the part close to the defect."""
    kernel = np.ones((2 * _AROUND_PX + 1, 2 * _AROUND_PX + 1), np.uint8)
    around = (cv2.dilate(defect.astype(np.uint8), kernel) > 0) & scene.part_mask & ~defect
    if not around.any():
        return _LEAST_SIGMA
    levels = np.asarray(cv2.cvtColor(scene.light, cv2.COLOR_RGB2GRAY))[around]
    spread = 1.4826 * float(np.median(np.abs(levels - np.median(levels))))
    return max(float(np.hypot(spread, grey_noise(scene))), _LEAST_SIGMA)


def _within_light(change: Light, light: Light) -> Light:
    """Bend strong changes so that they approach black and white without reaching them."""
    room = np.where(change < 0, light, 255 - light).clip(1, None)
    return np.asarray(room * np.tanh(change / room), np.float32)
