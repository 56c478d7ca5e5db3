"""Components put on the bare board, each where and as it sits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.board.artwork import Artwork, bare_board
from engine.synthetic.parts.board.components import PACKAGES, component, standing_chip
from engine.synthetic.parts.board.layout import HEIGHT, WIDTH, Placement
from engine.synthetic.parts.board.outlines import Outline, turned_box
from engine.synthetic.parts.board.relief import SCALE, Relief, Stamp


@dataclass(frozen=True, slots=True)
class Placed:
    """A component as it sits."""

    placement: Placement
    x: float
    y: float
    turn: float
    """Radians."""
    tone: float
    """Brightness of this piece, 1 on average."""
    stands: bool = False
    """On one end; then x, y and the footprint are those of the end."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height over all, as it lies at turn 0."""
        package = PACKAGES[self.placement.package]
        if self.stands:
            return 0.6 * package.height, package.height
        return package.width, package.height

    def footprint(self) -> Outline:
        """Give where it covers the board, (H, W) at the relief's scale."""
        return turned_box(BOARD_SHAPE, self.x, self.y, *self.size, self.turn)


@dataclass(frozen=True, slots=True, eq=False)
class Solder:
    """A drop of solder where none should be."""

    stamp: Stamp
    x: float
    y: float
    turn: float


BOARD_SHAPE = (round(HEIGHT * SCALE), round(WIDTH * SCALE))
"""(H, W) of the board's relief."""


def assembled(artwork: Artwork, placed: Sequence[Placed], solder: Sequence[Solder] = ()) -> Relief:
    """Put components and drops of solder on the board."""
    relief = bare_board(artwork).copy()
    for it in placed:
        place = it.placement
        if it.stands:
            stamp = standing_chip(place.package)
        else:
            stamp = component(place.package, place.look, place.text)
        relief.stamp(stamp, it.x, it.y, it.turn, tone=it.tone)
    for drop in solder:
        relief.stamp(drop.stamp, drop.x, drop.y, drop.turn)
    return relief


def covered(placed: Sequence[Placed]) -> NDArray[np.uint8]:
    """Give where any component covers the board."""
    cover = np.zeros(BOARD_SHAPE, np.uint8)
    for it in placed:
        np.maximum(cover, it.footprint(), out=cover)
    return cover
