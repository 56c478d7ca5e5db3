"""The one table of the simulator's parts, and the drawing of any of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.synthetic.parts.board.defects import BOARD_KINDS
from engine.synthetic.parts.board.drawing import Board
from engine.synthetic.parts.drawn import DefectKind, Drawn, GoodPart, PartKind
from engine.synthetic.parts.ring.defects import RING_KINDS
from engine.synthetic.parts.ring.drawing import Ring
from engine.synthetic.parts.sensor import expose
from engine.synthetic.parts.textile.defects import TEXTILE_KINDS
from engine.synthetic.parts.textile.drawing import Textile


@dataclass(frozen=True, slots=True)
class PartType:
    """How one part is drawn."""

    draw: Callable[[np.random.Generator], GoodPart]
    kinds: tuple[DefectKind, ...]
    """What can be wrong with it."""


PARTS: Mapping[PartKind, PartType] = {
    "ring": PartType(Ring, RING_KINDS),
    "board": PartType(Board, BOARD_KINDS),
    "textile": PartType(Textile, TEXTILE_KINDS),
}


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong with a part."""

    kind: DefectKind
    strength: float = 1.0
    """See ``engine.synthetic.parts.graded``."""

    def __post_init__(self) -> None:
        if self.strength <= 0:
            raise ValueError("The strength of a defect must be above 0.")


def draw_part(
    part: PartKind,
    rng: np.random.Generator,
    *,
    defect: Defect | None = None,
    light_loss: float = 0.0,
) -> Drawn:
    """Draw one part.

    Parameters
    ----------
    rng
        Decides everything: the same state gives the same part, with and without its defect.
    defect
        None: a good part.
    light_loss
        Share of the light that is missing, 0 to 1.

    Raises
    ------
    KeyError
        This part has no defects of this kind; see `PARTS`.
    """
    part_type = PARTS[part]
    good = part_type.draw(rng)
    scene = good.scene
    if defect is None:
        light, mask, kind = scene.light, np.zeros_like(scene.part_mask), None
    else:
        spoilt = good.spoil(defect.kind, defect.strength, rng)
        light, mask, kind = spoilt.light, spoilt.mask, defect.kind
    image = expose(scene, light, light_loss=light_loss)
    return Drawn(image=image, part_mask=scene.part_mask, mask=mask, kind=kind)
