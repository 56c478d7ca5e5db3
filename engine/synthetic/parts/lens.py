"""Light, lens and sensor at the moment of one picture; no two pictures of a line are alike."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from engine.synthetic.parts.drawn import Light

LAMP = np.deg2rad(-128.0)
"""Direction the light comes from, in the picture: x to the right, y down."""


@dataclass(frozen=True, slots=True)
class Shot:
    """What varies from picture to picture beside the part itself."""

    gain: float
    """Brightness, 1 on average."""
    slope_x: float
    """Change of brightness from the middle of the picture to its right edge, as a share."""
    slope_y: float
    """The same to its lower edge."""
    warmth: float
    """How much more red and less blue the light is, as a share."""
    blur_px: float
    """Standard deviation of what lens, pixel and the sensor's colour mosaic blur together."""
    noise: float
    """See `Scene.noise`."""

    @classmethod
    def of(cls, rng: np.random.Generator) -> Shot:
        """Choose them as a well-kept station varies over a shift."""
        return cls(
            gain=rng.uniform(0.95, 1.05),
            slope_x=rng.uniform(-0.03, 0.03),
            slope_y=rng.uniform(-0.03, 0.03),
            warmth=rng.uniform(-0.012, 0.012),
            blur_px=rng.uniform(0.75, 0.95),
            noise=rng.uniform(0.85, 1.15),
        )

    def seen(self, surface: Light) -> Light:
        """Give what the lens shows of a surface, (H, W, 3): lit, a little darker at the rim."""
        height, width = surface.shape[:2]
        x = np.linspace(-1, 1, width, dtype=np.float32)
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        shading = 1 + self.slope_x * x + self.slope_y * y - 0.05 * (x * x + y * y)
        colour = self.gain * np.array((1 + self.warmth, 1, 1 - self.warmth), np.float32)
        lit = surface * shading[..., None] * colour
        return np.asarray(cv2.GaussianBlur(lit, (0, 0), self.blur_px), np.float32)


def noise_of(shape: tuple[int, ...], rng: np.random.Generator) -> Light:
    """Give `Scene.grain` for a picture of (height, width, …)."""
    return rng.standard_normal((*shape[:2], 3), np.float32)
