"""Brightness, clipping and sharpness of a picture, and of a recipe's good pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict

from engine.recipe import Roi
from engine.types import Image

WINDOW_PX = 512
"""Side of the middle window in which sharpness is measured, at source resolution: enough to
tell focus, and independent of how many megapixels the camera has."""


class PictureHealth(BaseModel):
    """Three numbers about one picture's inspected rectangle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    brightness: float
    """Mean grey value, 0 to 255."""
    clipped: float
    """Share of pixels at 0 or 255 in any channel, 0 to 1."""
    sharpness: float
    """Variance of the Laplacian in the middle window, grey levels squared."""


class HealthBaseline(BaseModel):
    """Mean and standard deviation of each number over the good pictures of a fit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: PictureHealth
    std: PictureHealth


def measure_health(image: Image, square: Image, rectangle: Roi) -> PictureHealth:
    """Measure a picture.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB source picture, for the sharpness.
    square
        (S, S, 3) uint8 RGB, what the backbone sees, for brightness and clipping.
    rectangle
        The inspected rectangle in source pixels.
    """
    middle_y, middle_x = rectangle.y + rectangle.height // 2, rectangle.x + rectangle.width // 2
    half_y = min(WINDOW_PX, rectangle.height) // 2
    half_x = min(WINDOW_PX, rectangle.width) // 2
    window = image[
        middle_y - half_y : middle_y + max(half_y, 1), middle_x - half_x : middle_x + max(half_x, 1)
    ]
    grey = cv2.cvtColor(window, cv2.COLOR_RGB2GRAY)
    return PictureHealth(
        brightness=float(square.mean()),
        clipped=float(((square == 0) | (square == 255)).any(2).mean()),
        sharpness=float(cv2.Laplacian(grey, cv2.CV_32F).var()),
    )


def baseline(measured: Sequence[PictureHealth]) -> HealthBaseline:
    """Summarise the good pictures of a fit; at least one."""
    table = np.array([[m.brightness, m.clipped, m.sharpness] for m in measured])
    mean, std = table.mean(0), table.std(0)
    names = ("brightness", "clipped", "sharpness")
    return HealthBaseline(
        mean=PictureHealth(**dict(zip(names, mean.tolist(), strict=True))),
        std=PictureHealth(**dict(zip(names, std.tolist(), strict=True))),
    )
