"""The bare board: copper under the solder mask, tinned pads, holes and print."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.board.components import PACKAGES, TIN
from engine.synthetic.parts.board.layout import (
    FIDUCIALS,
    HEIGHT,
    LABELS,
    MOUNTING_HOLES,
    PLACEMENTS,
    TRACES,
    WIDTH,
    Label,
    Trace,
)
from engine.synthetic.parts.board.outlines import PITCH, Outline, box, disc, domed, letters, line
from engine.synthetic.parts.board.relief import SCALE, Relief

_OVER_COPPER = (38.0, 104.0, 70.0)
_OVER_GLASS = (24.0, 72.0, 48.0)
_PRINT = (208.0, 210.0, 202.0)
_HOLE_RADIUS, _LAND_RADIUS = 10.0, 15.0
_CLEARANCE = 2.6
_N_VIAS = 46
_GLOSS = 0.05
"""Of the solder mask."""


@dataclass(frozen=True, slots=True)
class Artwork:
    """What is etched and printed."""

    labels: tuple[Label, ...] = LABELS
    cuts: tuple[Trace, ...] = ()
    """Where copper is missing."""


@lru_cache(maxsize=2)
def bare_board(artwork: Artwork) -> Relief:
    """Draw the board before anything is placed on it; read-only."""
    relief = _etched().copy()
    shape = relief.height.shape
    for cut in artwork.cuts:
        relief.fill(line(shape, cut.points, cut.width + 1), _OVER_GLASS, height=-0.5, gloss=_GLOSS)
    for label in artwork.labels:
        ink = letters(shape, label.text, label.x, label.y, label.height)
        relief.fill(_printable(ink), _PRINT, height=0.15)
    _drill(relief)
    return relief


def letter_cell(label: Label, place: int) -> Outline:
    """Give the box in which one letter of a label is printed, (H, W) at the relief's scale."""
    shape = (round(HEIGHT * SCALE), round(WIDTH * SCALE))
    pitch = PITCH * label.height
    x = label.x + pitch * (place - (len(label.text) - 1) / 2)
    return box(shape, x, label.y, pitch, 1.25 * label.height)


@lru_cache(maxsize=1)
def _etched() -> Relief:
    relief = Relief.empty(WIDTH, HEIGHT)
    shape = relief.height.shape
    middle = (WIDTH / 2, HEIGHT / 2)
    relief.fill(box(shape, *middle, WIDTH, HEIGHT, corner=9), _OVER_GLASS, height=-0.3)
    relief.fill(box(shape, *middle, WIDTH - 9, HEIGHT - 9, corner=6), _OVER_COPPER)
    for trace in TRACES:
        relief.fill(
            line(shape, trace.points, trace.width + 2 * _CLEARANCE), _OVER_GLASS, height=-0.5
        )
    for trace in TRACES:
        relief.fill(line(shape, trace.points, trace.width), _OVER_COPPER, height=0.1)
    for x, y in _vias():
        relief.fill(disc(shape, x, y, 3.6), (62, 122, 88), height=0.3, gloss=0.3)
        relief.fill(disc(shape, x, y, 1.6), (18, 40, 30), height=-2)
    for x, y in FIDUCIALS:
        relief.fill(disc(shape, x, y, 9), _OVER_GLASS, height=-0.4)
        relief.fill(disc(shape, x, y, 4.2), TIN, height=0.4, gloss=0.4)
    for open_land in (False, True):
        for outline in _lands(shape, grown=0.0 if open_land else _CLEARANCE):
            if open_land:
                relief.fill(outline, TIN, height=domed(outline, 1.1, 2.5), gloss=0.8)
            else:
                relief.fill(outline, _OVER_GLASS, height=-0.4)
    relief.gloss[:] = np.maximum(relief.gloss, _GLOSS)
    relief.rgb *= _mottled(shape)[..., None]
    return relief


def _lands(shape: tuple[int, ...], *, grown: float) -> list[Outline]:
    """Give each pad's outline."""
    outlines = []
    for placement in PLACEMENTS:
        for dx, dy, wide, high in PACKAGES[placement.package].pads:
            if placement.upright:
                dx, dy, wide, high = -dy, dx, high, wide
            size = (wide + 2 * grown, high + 2 * grown)
            outlines.append(box(shape, placement.x + dx, placement.y + dy, *size, corner=0.8))
    return outlines


def _printable(ink: Outline) -> Outline:
    """Keep print off the pads, as the maker does."""
    return np.asarray(np.minimum(ink, 255 - _no_print(ink.shape)), np.uint8)


@lru_cache(maxsize=1)
def _no_print(shape: tuple[int, ...]) -> Outline:
    keep_off = np.zeros(shape, np.uint8)
    for outline in _lands(shape, grown=1.0):
        np.maximum(keep_off, outline, out=keep_off)
    return keep_off


@lru_cache(maxsize=1)
def _vias() -> tuple[tuple[float, float], ...]:
    """Spread ground vias over the copper that traces and components leave free."""
    taken = Relief.empty(WIDTH, HEIGHT).height.shape
    busy = 255 - box(taken, WIDTH / 2, HEIGHT / 2, WIDTH - 30, HEIGHT - 30)
    for trace in TRACES:
        np.maximum(busy, line(taken, trace.points, trace.width + 14), out=busy)
    for placement in PLACEMENTS:
        size = PACKAGES[placement.package]
        wide, high = (size.height, size.width) if placement.upright else (size.width, size.height)
        np.maximum(busy, box(taken, placement.x, placement.y, wide + 16, high + 16), out=busy)
    for x, y in (*MOUNTING_HOLES, *FIDUCIALS):
        np.maximum(busy, disc(taken, x, y, 22), out=busy)
    for label in LABELS:
        ink = letters(taken, label.text, label.x, label.y, label.height, stroke=0.9)
        np.maximum(busy, ink, out=busy)
    rng = np.random.default_rng(2041)
    found: list[tuple[float, float]] = []
    while len(found) < _N_VIAS:
        free = np.flatnonzero(busy < 128)
        if not free.size:
            break
        row, column = divmod(int(free[rng.integers(free.size)]), taken[1])
        found.append((column / 2, row / 2))
        cv2.circle(busy, (column, row), 26, (255,), -1)
    return tuple(found)


def _drill(relief: Relief) -> None:
    shape = relief.height.shape
    for x, y in MOUNTING_HOLES:
        land = disc(shape, x, y, _LAND_RADIUS)
        relief.fill(land, TIN, height=domed(land, 0.8, 2), gloss=0.5)
        hole = disc(shape, x, y, _HOLE_RADIUS)
        relief.cover *= 1 - hole.astype(np.float32) / 255


def _mottled(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Give the small unevenness of the solder mask and the glass weave under it, near 1."""
    rng = np.random.default_rng(43)
    grain = rng.standard_normal(shape).astype(np.float32)
    cloud = cv2.GaussianBlur(grain, (0, 0), 12)
    fine = cv2.GaussianBlur(grain[::-1], (0, 0), 1.2)
    return np.asarray(1 + 0.02 * cloud / cloud.std() + 0.012 * fine / fine.std(), np.float32)
