"""Masks: pictures that say where another picture is defective."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from engine.errors import RecipeError

MASK_SUFFIXES = frozenset({".bmp", ".png", ".tif", ".tiff"})
"""Formats that keep a mask's zeros; JPEG does not."""


def read_mask(path: Path, *, height: int, width: int) -> NDArray[np.bool_]:
    """Read where a picture of this size is defective.

    Parameters
    ----------
    path
        Grey, palette or colour picture; any value above 0 (alpha aside) means defective.

    Returns
    -------
    (H, W) bool.

    Raises
    ------
    RecipeError
        The file cannot be read, or has another size than its picture: a mask is never scaled.
    """
    try:
        with PIL.Image.open(path) as picture:
            values = np.asarray(picture)
            has_alpha = picture.mode in ("LA", "PA", "RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise RecipeError(f"The mask {path} cannot be read ({error}). Save it again.") from error
    if values.shape[:2] != (height, width):
        raise RecipeError(
            f"The mask {path} has {values.shape[1]} × {values.shape[0]} pixels, its picture "
            f"{width} × {height}. Give a mask of the picture's own size."
        )
    colours = values.reshape(height, width, -1)
    defective: NDArray[np.bool_] = np.any(colours[..., : -1 if has_alpha else None] > 0, axis=2)
    return defective
