"""A surface of colours, heights and gloss, and the light that a low lamp makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.drawn import Field, Light
from engine.synthetic.parts.lens import LAMP

SCALE = 2
"""Pixels of a relief for each pixel of the camera: edges are drawn finer than they are seen."""
_SHADOW_SLOPE = 2.1
"""Height that a shadow loses for each pixel of its length: a lamp 65° above the board."""
_SHADOW_STEPS = (2, 4, 7, 11, 16)
_SHADOW_DEPTH = 0.5
_MATT, _METAL = 0.16, 0.42
"""How strongly a slope changes the brightness of matt and of glossy surfaces."""
_HIGHLIGHT_SLOPE, _HIGHLIGHT_WIDTH = 0.8, 0.5
_SPARK = 120.0
"""Grey levels of a highlight on metal."""
_ALONG_X = np.array(((3, 0, -3), (10, 0, -10), (3, 0, -3)), np.float32) / 32
"""Scharr's slope, positive where the surface falls to the right."""


@dataclass(slots=True, eq=False)  # stamped upon in place while a board is put together
class Relief:
    """What the lamp shines on."""

    rgb: Light
    """(H, W, 3) colour in grey levels, as a flat surface of it would be seen."""
    height: Field
    """In camera pixels."""
    gloss: Field
    """0 matt to 1 metal."""
    cover: Field
    """Share of each pixel that is there, 0 to 1."""

    @classmethod
    def empty(cls, width_px: float, height_px: float) -> Relief:
        """Give a relief of so many camera pixels with nothing on it."""
        shape = (round(height_px * SCALE), round(width_px * SCALE))
        return cls(
            np.zeros((*shape, 3), np.float32), *(np.zeros(shape, np.float32) for _ in range(3))
        )

    def copy(self) -> Relief:
        """Give a relief that may be stamped upon."""
        return Relief(self.rgb.copy(), self.height.copy(), self.gloss.copy(), self.cover.copy())

    def fill(
        self,
        mask: NDArray[np.uint8],
        rgb: tuple[float, float, float],
        *,
        height: float | Field = 0.0,
        gloss: float = 0.0,
    ) -> None:
        """Paint where `mask` (H, W) is above 0, as much as it is of 255."""
        left, top, wide, high = cv2.boundingRect(mask)
        here = np.s_[top : top + high, left : left + wide]
        share = mask[here].astype(np.float32) / 255
        rise = height[here] if isinstance(height, np.ndarray) else np.float32(height)
        self.height[here] += share * (rise - self.height[here])
        self.gloss[here] += share * (np.float32(gloss) - self.gloss[here])
        np.maximum(self.cover[here], share, out=self.cover[here])
        self.rgb[here] += share[..., None] * (np.array(rgb, np.float32) - self.rgb[here])

    def stamp(self, stamp: Stamp, x: float, y: float, turn: float, *, tone: float = 1.0) -> None:
        """Put the middle of a stamp at (x, y) camera pixels, turned by `turn` radians."""
        size = np.array(stamp.form.shape[1::-1], float)
        c, s = np.cos(turn), np.sin(turn)
        to = np.array(((c, -s), (s, c)))
        reach_x, reach_y = (int(it) + 2 for it in np.abs(to) @ size / 2)
        left, top = max(round(x * SCALE) - reach_x, 0), max(round(y * SCALE) - reach_y, 0)
        here = np.s_[top : round(y * SCALE) + reach_y, left : round(x * SCALE) + reach_x]
        shape = self.height[here].shape[::-1]
        shift = np.array((x * SCALE - left, y * SCALE - top)) - to @ ((size - 1) / 2)
        move = np.column_stack((to, shift)).astype(np.float32)
        colour = cv2.warpAffine(stamp.colour, move, shape)
        form = cv2.warpAffine(stamp.form, move, shape)
        share = colour[..., 3:]
        self.rgb[here] += share * (np.float32(tone) * colour[..., :3] - self.rgb[here])
        share = share[..., 0]
        self.height[here] += share * (form[..., 0] - self.height[here])
        self.gloss[here] += share * (form[..., 1] - self.gloss[here])
        np.maximum(self.cover[here], share, out=self.cover[here])

    def stamped(self) -> Stamp:
        """Give this relief as a stamp."""
        return Stamp(
            colour=np.dstack((self.rgb, self.cover)), form=np.dstack((self.height, self.gloss))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A small relief that is put on a larger one; its arrays are laid out for being turned."""

    colour: NDArray[np.float32]
    """(H, W, 4): red, green, blue and cover."""
    form: NDArray[np.float32]
    """(H, W, 2): height and gloss."""


def lit(rgb: Light, height: Field, gloss: Field) -> Light:
    """Light a relief that is seen at the camera's own scale: (H, W, 3)."""
    to_x, to_y = float(np.cos(LAMP)), float(np.sin(LAMP))
    facing = cv2.filter2D(height, cv2.CV_32F, to_x * _ALONG_X + to_y * _ALONG_X.T)
    beside = cv2.filter2D(height, cv2.CV_32F, to_x * _ALONG_X.T - to_y * _ALONG_X)
    level = 1 + (_MATT + (_METAL - _MATT) * gloss) * np.tanh(1.2 * facing)
    off = ((facing - _HIGHLIGHT_SLOPE) ** 2 + beside * beside) * np.float32(_HIGHLIGHT_WIDTH**-2)
    spark = _SPARK * gloss * np.exp(-off)
    level *= 1 - _SHADOW_DEPTH * _shadow(height, to_x, to_y)
    return np.asarray(rgb * level[..., None] + spark[..., None], np.float32)


def _shadow(height: Field, to_x: float, to_y: float) -> Field:
    """Give how deep each pixel lies in what higher places keep from the lamp, 0 to 1."""
    highest = height.copy()
    for step in _SHADOW_STEPS:
        move = np.array(((1, 0, -step * to_x), (0, 1, -step * to_y)), np.float32)
        thrown = cv2.warpAffine(height, move, height.shape[::-1]) - _SHADOW_SLOPE * step
        np.maximum(highest, thrown, out=highest)
    depth = np.clip((highest - height) / 2.5, 0, 1)
    return np.asarray(cv2.GaussianBlur(depth, (0, 0), 1.0), np.float32)
