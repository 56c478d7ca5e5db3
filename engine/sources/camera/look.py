"""What one frame tells about the part before the camera, at a cost that every frame can bear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.sources.camera.captured import Bgr

Grey: TypeAlias = NDArray[np.float32]
"""(h, w) float32 grey levels, 0 to 255; the longer side is `SIDE_PX`."""

SIDE_PX = 96
EDGE = 5.0
"""Grey levels per pixel of the small copy above which a change is an edge. The rim of a shadow is
wider: one of 45 grey levels over a tenth of the picture stays below."""
EDGES = 0.002
"""Share of the small copy that must be edges before a part is believed to be there."""
DRIFT = 1.25
"""Light that is so much stronger or weaker is still told from a part by its sameness; beyond, by
the missing edges alone."""

_ROWS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A small copy of a frame, and how sharp the frame is."""

    grey: Grey
    sharpness: float
    """Mean squared difference of neighbouring source pixels, grey levels squared."""


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """How a look differs from the empty picture, a change of the light taken out."""

    difference: Grey
    """(h, w) float32, signed."""
    mean: float
    """Mean absolute change of grey level."""
    has_edges: bool
    """Whether it has edges, as parts have and shadows and light have not."""


def look_at(bgr: Bgr) -> Look:
    """Look at a frame, (H, W, 3) uint8 BGR: 0.5 ms for 5 megapixels."""
    height, width = bgr.shape[:2]
    step = max(1, max(height, width) // (4 * SIDE_PX))
    thinned = np.ascontiguousarray(bgr[::step, ::step])
    scale = SIDE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    grey = cv2.resize(cv2.cvtColor(thinned, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_AREA)
    rows = bgr[:: max(1, height // _ROWS), :, 1].astype(np.float32)
    return Look(grey.astype(np.float32), float(np.square(np.diff(rows, axis=1)).mean()))


def change_from(empty: Grey, grey: Grey) -> Change:
    """Compare a look with the empty picture, which the light may have changed as a whole."""
    light = float(np.median((grey + 1) / (empty + 1)))
    difference = grey - empty * np.float32(np.clip(light, 1 / DRIFT, DRIFT))
    # A lamp that was changed scales the texture of the background too, by however much.
    smooth = cv2.GaussianBlur(grey - empty * np.float32(light), (3, 3), 0)
    slope_y, slope_x = np.gradient(smooth)
    edges = np.hypot(slope_x, slope_y) > EDGE
    return Change(difference, float(np.abs(difference).mean()), bool(edges.mean() > EDGES))


def movement(before: Grey, now: Grey) -> float:
    """Give the mean absolute change of grey level between two looks."""
    return float(np.abs(now - before).mean())
