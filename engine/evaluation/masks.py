"""Masks: pictures that say where another picture is defective."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from engine.decoding import DAMAGE
from engine.errors import RecipeError

MASK_SUFFIXES = frozenset({".bmp", ".png", ".tif", ".tiff"})
"""Formats that keep a mask's zeros; JPEG does not."""


def read_mask(path: Path, *, height: int, width: int) -> NDArray[np.bool_]:
    """Read where a picture of this size is defective.

    Parameters
    ----------
    path
        Grey, palette or colour picture; any colour but black means defective, unless transparent.

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
            if picture.size != (width, height):
                raise RecipeError(
                    f"The mask {path} has {picture.width} × {picture.height} pixels, its picture "
                    f"{width} × {height}. Give a mask of the picture's own size."
                )
            # The numbers of a palette say nothing: 0 may be its white.
            plain = picture.convert("RGBA") if picture.mode in ("P", "PA") else picture
            colours = np.asarray(plain).reshape(height, width, -1)
    except (*DAMAGE, PIL.Image.DecompressionBombError) as error:
        raise RecipeError(f"The mask {path} cannot be read ({error}). Save it again.") from error
    defective: NDArray[np.bool_]
    if plain.mode in ("LA", "RGBA"):
        defective = np.any(colours[..., :-1] > 0, axis=2) & (colours[..., -1] > 0)
    else:
        defective = np.any(colours > 0, axis=2)
    return defective
