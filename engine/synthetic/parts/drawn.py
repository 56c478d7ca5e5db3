"""What drawing a part gives: the picture, where the part is, and where its defect is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.types import Image

Mask = NDArray[np.bool_]
"""(H, W) bool."""

Field = NDArray[np.float32]
"""(H, W) float32, one value for each pixel."""


class DefectKind(StrEnum):
    """Kinds of defects the simulator draws; the names of the folders when they are written out."""

    SCRATCH = "scratch"
    """A thin line dragged over a face."""
    DENT = "dent"
    """A pit: lit on the side away from the light, dark on the other."""
    STAIN = "stain"
    """A dried film with a darker rim; the surface under it is whole."""
    CHIP = "chip"
    """Material broken out of an edge; the fracture is rough."""
    BURR = "burr"
    """A bright sliver of metal standing over an edge."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class Drawn:
    """One drawn part."""

    image: Image
    """(H, W, 3) uint8 RGB."""
    part_mask: Mask
    """(H, W) bool: the part, without its holes."""
    mask: Mask
    """(H, W) bool: the defect; nothing is set on a good part."""
    kind: DefectKind | None = None
    """None on a good part."""
