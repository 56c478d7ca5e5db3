"""What drawing a part gives: what the lens shows, where the part is, and where its defect is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.types import Image

Mask: TypeAlias = NDArray[np.bool_]
"""(H, W) bool."""

Field: TypeAlias = NDArray[np.float32]
"""(H, W) float32, one value for each pixel."""

Light: TypeAlias = NDArray[np.float32]
"""(H, W, 3) float32 RGB in grey levels, as the lens shows it under the full light, without noise;
may lie outside 0 to 255."""

PartKind: TypeAlias = Literal["ring", "board", "textile"]
"""The parts the simulator draws, as written in settings and on the command line."""


class DefectKind(StrEnum):
    """Kinds of defects the simulator draws; the names of the folders when they are written out."""

    SCRATCH = "scratch"
    """A thin line dragged over a face."""
    STAIN = "stain"
    """A dried film with a darker rim; the surface under it is whole."""
    DENT = "dent"
    """A pit: lit on the side away from the light, dark on the other."""
    CHIP = "chip"
    """Material broken out of an edge; the fracture is rough."""
    BURR = "burr"
    """A bright sliver of metal standing over an edge."""
    CRACK = "crack"
    """A dark hairline that wanders outwards from a hole or an edge."""
    CHATTER = "chatter"
    """A patch of ripples that a vibrating tool left across the turning marks."""

    MISSING = "missing"
    """A component that was not placed; its pads and their solder are there."""
    SHIFTED = "shifted"
    """A component that slid off its pads."""
    ROTATED = "rotated"
    """A component soldered askew."""
    TOMBSTONE = "tombstone"
    """A chip component that stands on one end."""
    BRIDGE = "bridge"
    """Solder from one pin to the next."""
    BROKEN_TRACE = "broken_trace"
    """A gap in a copper trace."""
    MISPRINT = "misprint"
    """Print that is missing or says something else."""

    BROKEN_THREAD = "broken_thread"
    """A thread that is missing for a stretch; those that crossed it lie loose."""
    THICK_THREAD = "thick_thread"
    """A slub: a thread that is thick for a stretch and pushes its neighbours aside."""
    PULLED_THREAD = "pulled_thread"
    """A thread drawn tight, its neighbours drawn together, and the loop where it was caught."""
    HOLE = "hole"
    """Threads of both directions torn; one looks through the cloth."""
    WEAVE_FAULT = "weave_fault"
    """Threads that float over others which they should pass under."""
    CREASE = "crease"
    """A fold that was pressed in."""


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class Scene:
    """A good part as it lies before the sensor."""

    light: Light
    part_mask: Mask
    """The part, without its holes."""
    grain: Light
    """The sensor's noise, of standard deviation 1."""
    noise: float
    """How large that noise is against the usual; 1 on average."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoilt:
    """What a defect makes of a scene's light, and where it is."""

    light: Light
    mask: Mask


class GoodPart(Protocol):
    """One drawn part that can be given a defect."""

    @property
    def scene(self) -> Scene:
        """The part without a defect."""
        ...

    def spoil(self, kind: DefectKind, strength: float, rng: np.random.Generator) -> Spoilt:
        """Draw the same part with one defect at a place that `rng` chooses.

        Raises
        ------
        KeyError
            This part has no defects of this kind.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """One drawn part."""

    image: Image
    """(H, W, 3) uint8 RGB."""
    part_mask: Mask
    """The part, without its holes."""
    mask: Mask
    """The defect; nothing is set on a good part."""
    kind: DefectKind | None = None
    """None on a good part."""
