"""The fixture under the camera: a dark plate with three locating pins; the same for every part."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.lens import LAMP

HEIGHT, WIDTH = 480, 640
"""Pixels of the simulated camera."""

CENTRE = (WIDTH / 2, HEIGHT / 2)
"""(x, y) where the parts lie, give or take a few pixels."""

_PLATE_RGB = (41.0, 47.0, 56.0)
_PIN_RADIUS_PX = 11.0


@lru_cache(maxsize=4)
def fixture(part_radius_px: float) -> NDArray[np.float32]:
    """Give the plate without a part on it, (HEIGHT, WIDTH, 3) float32 in grey levels, read-only.

    Parameters
    ----------
    part_radius_px
        Outer radius of the parts; the pins stand just outside.
    """
    rng = np.random.default_rng(1876)
    grain = rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32)
    milled = cv2.GaussianBlur(grain, (0, 0), sigmaX=14, sigmaY=0.7)
    speckle = cv2.GaussianBlur(grain[::-1], (0, 0), 0.8)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    glow = np.exp(-((x - 180) ** 2 + (y - 60) ** 2) / (2 * 330.0**2))
    level = 0.74 + 0.42 * glow + 0.55 * milled + 0.08 * speckle
    plate = np.asarray(level[..., None] * np.array(_PLATE_RGB), np.float32)
    reach = part_radius_px + _PIN_RADIUS_PX + 3
    for degrees in (-30, 90, 210):
        angle = np.deg2rad(degrees)
        centre = (CENTRE[0] + reach * np.cos(angle), CENTRE[1] + reach * np.sin(angle))
        _draw_pin(plate, x - centre[0], y - centre[1])
    plate.flags.writeable = False
    return plate


def _draw_pin(plate: NDArray[np.float32], dx: NDArray[np.float32], dy: NDArray[np.float32]) -> None:
    """Draw a rounded steel pin and its shadow where (dx, dy) = (0, 0)."""
    away = np.hypot(dx + 5 * np.cos(LAMP), dy + 5 * np.sin(LAMP))
    plate *= (1 - 0.55 * np.clip((_PIN_RADIUS_PX + 4 - away) / 7, 0, 1))[..., None]
    r = np.hypot(dx, dy)
    facing = (dx * np.cos(LAMP) + dy * np.sin(LAMP)) / _PIN_RADIUS_PX
    top = 116 + 26 * facing
    edge = 92 + 96 * facing
    steel = np.where(r < 0.68 * _PIN_RADIUS_PX, top, edge)
    cover = np.clip(_PIN_RADIUS_PX + 0.5 - r, 0, 1)[..., None]
    plate += cover * (steel[..., None] * np.array((1.0, 0.98, 0.93), np.float32) - plate)
