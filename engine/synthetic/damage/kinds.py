"""The table of kinds of damage; each changes a picture in one place and keeps the rest of it.

Severity runs from 0 (barely to be seen) to 1 (plain) and sets the contrast; sizes are drawn, from a
few pixels to a good part of the picture. The part's own texture and light stay visible wherever a
real defect would let them: what is pasted on flat teaches a network to look for paste.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from engine.synthetic.damage.marks import crack, pit, scratch, specks
from engine.synthetic.damage.pieces import deformation, displaced, missing
from engine.synthetic.damage.surface import colour_shift, smear, stain, wrong_texture
from engine.synthetic.textures.draws import Draws


class Kind(Protocol):
    """One kind of damage, drawn once into each picture."""

    def __call__(self, draws: Draws, good: Tensor, other: Tensor, severity: Tensor, /) -> Tensor:
        """Give the damaged pictures, (B, 3, S, S) float32, not yet cut to between 0 and 1.

        Parameters
        ----------
        good
            (B, 3, S, S) float32, 0 to 1; not changed.
        other
            As many pictures of other parts, to take matter from.
        severity
            (B,) float32, 0 to 1.
        """


KINDS: dict[str, Kind] = {
    "scratch": scratch,
    "crack": crack,
    "pit": pit,
    "stain": stain,
    "smear": smear,
    "missing": missing,
    "displaced": displaced,
    "wrong_texture": wrong_texture,
    "colour_shift": colour_shift,
    "deformation": deformation,
    "specks": specks,
}
