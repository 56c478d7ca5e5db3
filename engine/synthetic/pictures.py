"""The simulator's parts as pictures for a fit: number n of a seed is always the same part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.pictures import image_sha256
from engine.synthetic.parts.drawn import Drawn, PartKind
from engine.synthetic.parts.parts import Defect, draw_part
from engine.types import Image


@dataclass(frozen=True, slots=True)
class SimulatedPicture:
    """A `Picture` that is drawn when it is read."""

    seed: int
    number: int
    defect: Defect | None = None
    """None: a good part."""
    part: PartKind = "ring"

    @property
    def name(self) -> str:
        """Such as "ring 000012"."""
        return f"{self.part} {self.number:06d}"

    @property
    def group(self) -> str:
        """Each drawn part is a part of its own."""
        return self.name

    def load(self) -> tuple[Image, str]:
        """Draw the part; see `engine.pictures.Picture`."""
        image = self.draw().image
        return image, image_sha256(image)

    def draw(self) -> Drawn:
        """Draw the part with the masks of part and defect."""
        rng = np.random.default_rng([self.seed, self.number])
        return draw_part(self.part, rng, defect=self.defect)


def good_pictures(part: PartKind, count: int, seed: int) -> list[SimulatedPicture]:
    """Give the good parts number 1 to `count` of `seed`."""
    return [SimulatedPicture(seed, number, part=part) for number in range(1, count + 1)]


def good_ring_pictures(count: int, seed: int) -> list[SimulatedPicture]:
    """Give the good rings number 1 to `count` of `seed`."""
    return good_pictures("ring", count, seed)
