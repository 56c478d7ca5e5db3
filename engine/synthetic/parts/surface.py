"""Defects that any surface can have: scratched, or stained."""

from __future__ import annotations

import numpy as np

from engine.synthetic.parts.drawn import Scene
from engine.synthetic.parts.graded import GREY, Effect
from engine.synthetic.parts.strokes import (
    around,
    blurred,
    line_on_part,
    place_on,
    shifted,
    smooth_noise,
)

RUST = (0.72, 1.02, 1.26)
"""Tint of what turns the light brown."""


def scratch(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Drag a bent line of uneven pressure; its thrown-up edge is dark away from the light."""
    length = min(area / 2.6, 150.0)
    half_width = area / length / 2
    path_mask, distance = line_on_part(scene.part_mask, length, half_width, rng)
    pressure = np.clip(0.8 + 0.25 * smooth_noise(scene.part_mask.shape, 18.0, rng), 0.35, 1.2)
    core = np.exp(-((distance / (half_width + 0.2)) ** 2)) * pressure
    edge = shifted(core, 1.6)
    change = blurred(core - 0.55 * edge, 0.6)
    bright_here = float(scene.light[path_mask].mean()) > 150
    return Effect((-change if bright_here else change) * scene.part_mask, path_mask)


def stain(
    scene: Scene,
    area: float,
    rng: np.random.Generator,
    *,
    tint: tuple[float, float, float] = GREY,
) -> Effect:
    """Leave a dried drop: thin inside, darker along its outline, brownish."""
    radius = float(np.sqrt(area / np.pi))
    dx, dy = around(scene.part_mask, place_on(scene.part_mask, radius + 1, rng))
    angle = np.arctan2(dy, dx)
    edge = np.full(angle.shape, radius, np.float32)
    for lobes in (2, 3, 5):
        edge *= 1 + rng.uniform(0.1, 0.3) / lobes * np.cos(
            lobes * angle + rng.uniform(0, 2 * np.pi)
        )
    inside = edge - np.hypot(dx, dy)
    film = np.clip(inside / 2.5 + 0.5, 0, 1)
    rim = np.exp(-(((inside - 1.5) / 1.6) ** 2))
    cloud = 1 + 0.3 * smooth_noise(inside.shape, radius / 2, rng)
    change = -np.float32(film * 0.6 * cloud + 0.55 * rim) * scene.part_mask
    return Effect(change, (inside >= 0) & scene.part_mask, tint)
