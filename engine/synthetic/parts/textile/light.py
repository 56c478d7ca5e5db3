"""Cloth to light: for every pixel, which thread one sees, how it is turned to the lamp."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.drawn import Field, Light
from engine.synthetic.parts.lens import LAMP
from engine.synthetic.parts.textile.cloth import (
    N_STEPS,
    N_THREADS,
    STEPS_PER_THREAD,
    Cloth,
    Table,
    Threads,
)

WARP_RGB = np.array((108.0, 124.0, 144.0), np.float32)
WEFT_RGB = np.array((164.0, 160.0, 149.0), np.float32)
_BEHIND_RGB = np.array((30.0, 31.0, 34.0), np.float32)
"""What one sees where no thread is: the table under the cloth."""
_HALF_WIDTH = 0.53
"""Of a thread, in threads: they touch."""
_ROUND = 0.75
"""Height of a thread's middle over its edge, against how far it bends up and down."""


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """One direction's threads at every pixel; (H, W) float32 each."""

    height: Field
    """−9 where there is none."""
    across: Field
    """−1 at one edge of the thread to 1 at the other."""
    slope: Field
    """How steeply it rises along its length."""
    tone: Field


def light_of(cloth: Cloth, u: Field, v: Field) -> Light:
    """Light the cloth.

    Parameters
    ----------
    u, v
        Where in the cloth each pixel lies: warp thread ⌊u⌋ and weft thread ⌊v⌋, counted from 0.
    """
    warp = _seen(cloth.warp, cloth.height(warp=True), u, v)
    weft = _seen(cloth.weft, cloth.height(warp=False), v, u)
    to_x, to_y = np.float32(np.cos(LAMP)), np.float32(np.sin(LAMP))
    warp_lit = _lit(warp, across_light=to_x, along_light=to_y)
    weft_lit = _lit(weft, across_light=to_y, along_light=to_x)
    warp_is_seen = warp.height > weft.height
    level = np.where(warp_is_seen, warp_lit, weft_lit)
    colour = np.where(warp_is_seen[..., None], WARP_RGB, WEFT_RGB)
    hidden = np.clip(np.maximum(warp.height, weft.height) + 3.0, 0, 1)[..., None]
    return np.asarray(_BEHIND_RGB + hidden * (level[..., None] * colour - _BEHIND_RGB), np.float32)


def _seen(threads: Threads, height: Table, side: Field, along: Field) -> _Seen:
    """Look up one direction's threads where pixels lie at `side`, and at `along` their length."""
    row = np.clip(np.floor(side), 0, N_THREADS - 1)
    column = np.clip(along * STEPS_PER_THREAD - 0.5, 0, N_STEPS - 1)

    def at(table: NDArray[np.float32]) -> Field:
        return np.asarray(cv2.remap(table, column, row, cv2.INTER_LINEAR), np.float32)

    thickness = at(threads.thickness)
    across = (side - row - 0.5 - at(threads.wander)) / (_HALF_WIDTH * np.maximum(thickness, 0.05))
    inside = 1 - across * across
    there = (inside > 0) & (thickness > 0.15)
    bent = at(height)
    slope = np.gradient(height, axis=1).astype(np.float32)
    fibre = _fibres()[
        ((across * 5 + 8 + 17 * row) % 256).astype(np.int32),
        ((along * 22 + across * 4 + threads.twist[row.astype(np.int32)] * 40) % 512).astype(
            np.int32
        ),
    ]
    return _Seen(
        height=np.where(there, bent + _ROUND * np.sqrt(np.maximum(inside, 0)), -9),
        across=np.clip(across, -1, 1),
        slope=at(slope) * np.float32(STEPS_PER_THREAD),
        tone=at(threads.tone) * (1 + 0.07 * fibre),
    )


def _lit(seen: _Seen, *, across_light: np.float32, along_light: np.float32) -> Field:
    """Give the light a thread sends to the camera: round across, bent along, dark in the depth."""
    facing = 0.22 * across_light * seen.across - 0.05 * along_light * seen.slope
    depth = 0.80 + 0.13 * np.clip(seen.height, -1.8, 1.8)
    return np.asarray(seen.tone * depth * (1 + facing), np.float32)


@lru_cache(maxsize=1)
def _fibres() -> Field:
    """Give the fine streaks of spun fibres, (256, 512), about 1 in size."""
    rng = np.random.default_rng(1801)
    grain = rng.standard_normal((256, 512)).astype(np.float32)
    streaks = cv2.GaussianBlur(grain, (0, 0), sigmaX=2.2, sigmaY=0.7)
    return np.asarray(streaks / streaks.std(), np.float32)
