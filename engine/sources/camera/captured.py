"""A frame as the camera delivered it, before anybody took it for inspection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.types import Image

Bgr: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8, blue first, as OpenCV delivers it."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class Captured:
    """One frame, its colours not yet turned round: most frames are never taken."""

    bgr: Bgr
    began_s: float
    """`time.monotonic` when the wait for it began: a trigger before that came before the frame."""
    captured_s: float
    """`time.monotonic` when it was there."""
    taken_at: datetime
    """The same in UTC, timezone-aware."""
    frozen_s: float = 0.0
    """For how long the camera has given bit-identical pictures; 0: it has not."""

    def rgb(self) -> Image:
        """Give it in the engine's order of colours, (H, W, 3) uint8 RGB, read-only."""
        image = np.asarray(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2RGB), np.uint8)
        image.flags.writeable = False
        return image
