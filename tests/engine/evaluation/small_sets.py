"""Pictures of a few pixels, to lay out as the data sets that people download."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image


def picture(path: Path, *, width: int = 12, height: int = 8, value: int = 90) -> Path:
    """Write a grey picture of one value in the format that the suffix names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(np.full((height, width), value, dtype=np.uint8)).save(path)
    return path
