"""The simulator's parts as pictures for a fit: number n of a seed is always the same part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.pictures import image_sha256
from engine.synthetic.parts import DefectKind, Drawn, add_defect, draw_ring
from engine.types import Image


@dataclass(frozen=True, slots=True)
class SimulatedPicture:
    """A `Picture` that is drawn when it is read."""

    seed: int
    number: int
    kind: DefectKind | None = None
    """None: a good part."""
    strength: float = 1.0
    """Of the defect; see ``engine.synthetic.parts.defects``."""

    @property
    def name(self) -> str:
        """Such as "ring 000012"."""
        return f"ring {self.number:06d}"

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
        good = draw_ring(rng)
        return good if self.kind is None else add_defect(good, self.kind, self.strength, rng)


def good_ring_pictures(count: int, seed: int) -> list[SimulatedPicture]:
    """Give the good rings number 1 to `count` of `seed`."""
    return [SimulatedPicture(seed, number) for number in range(1, count + 1)]
