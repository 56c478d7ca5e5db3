"""What can be wrong with a board: it is assembled, soldered or printed wrongly, and lit again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.board.artwork import Artwork, letter_cell
from engine.synthetic.parts.board.assembly import BOARD_SHAPE, Placed, Solder, covered
from engine.synthetic.parts.board.components import PACKAGES, solder_drop
from engine.synthetic.parts.board.layout import LABELS, TRACES, Trace
from engine.synthetic.parts.board.outlines import Outline, line, turned_box
from engine.synthetic.parts.board.relief import SCALE
from engine.synthetic.parts.drawn import DefectKind, Scene
from engine.synthetic.parts.graded import Effect
from engine.synthetic.parts.surface import scratch, stain

_FLUX = (-0.5, 0.8, 1.1)
_WASHED_FLUX = (1.1, 0.95, 1.05)
_AREA_PER_PX = float(SCALE * SCALE)
"""Pixels of the relief in one of the picture."""


@dataclass(frozen=True, slots=True, eq=False)
class Flaw:
    """A board that was made wrongly, and where; at the relief's scale."""

    placed: Sequence[Placed]
    mask: Outline
    artwork: Artwork = field(default_factory=Artwork)
    solder: Sequence[Solder] = ()


def missing(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Leave out a component of about this area."""
    number = _of_area(placed, area, rng)
    others = [it for at, it in enumerate(placed) if at != number]
    return Flaw(others, placed[number].footprint())


def shifted(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Slide a component along one of its sides, so far that `area` is or is no longer covered."""
    ways = [
        (number, along, 0.5 * area / it.size[1 - along], 0.75 * it.size[along])
        for number, it in enumerate(placed)
        for along in (0, 1)
        if it.placement.package not in _THROUGH_HOLE
    ]
    fitting = [way for way in ways if _LEAST_SHIFT_PX <= way[2] <= way[3]]
    # Where nothing fits, the area is so large or so small that any component will do.
    ways = fitting or ways
    number, along, far, most = ways[int(rng.integers(len(ways)))]
    far = float(np.clip(far, _LEAST_SHIFT_PX, most))
    before = placed[number]
    heading = before.turn + along * np.pi / 2 + np.pi * rng.integers(2)
    after = replace(
        before, x=before.x + far * float(np.cos(heading)), y=before.y + far * float(np.sin(heading))
    )
    return Flaw(_with(placed, number, after), before.footprint() ^ after.footprint())


def rotated(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Turn a component, so far that `area` is or is no longer covered."""
    wanted = area * _AREA_PER_PX * 255
    for number in rng.permutation(len(placed)):
        before = placed[number]
        if before.placement.package in _THROUGH_HOLE:
            continue
        side = int(rng.choice((-1, 1)))
        old = before.footprint()
        for degrees in range(7, 50, 3):
            after = replace(before, turn=before.turn + side * float(np.deg2rad(degrees)))
            mask = old ^ after.footprint()
            if mask.sum() >= wanted:
                break
        if 0.7 * wanted <= mask.sum() <= 1.4 * wanted:
            return Flaw(_with(placed, int(number), after), mask)
    return shifted(placed, area, rng)


def tombstone(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Stand a chip of about this area up on one end."""
    number = _of_area(placed, area, rng, chips_only=True)
    before = placed[number]
    side = float(rng.choice((-1.0, 1.0)))
    far = side * 0.5 * (before.size[0] - 0.6 * before.size[1])
    after = replace(
        before,
        x=before.x + far * float(np.cos(before.turn)),
        y=before.y + far * float(np.sin(before.turn)),
        turn=before.turn + side * float(rng.uniform(0.02, 0.15)),
        stands=True,
    )
    return Flaw(_with(placed, number, after), before.footprint() | after.footprint())


def bridge(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Let solder run across neighbouring leads."""
    width = float(np.clip(np.sqrt(area / 2.4), 5.0, 13.0))
    length = max(area / width, width)
    ics = [it for it in placed if len(PACKAGES[it.placement.package].pads) >= 8]
    ic = ics[int(rng.integers(len(ics)))]
    pads = PACKAGES[ic.placement.package].pads
    first, second = _neighbours(pads, rng)
    middle = 0.5 * (np.array(first[:2]) + np.array(second[:2]))
    outwards = middle / np.hypot(*middle) * rng.uniform(0.0, 3.0)
    along = float(np.arctan2(second[1] - first[1], second[0] - first[0]))
    c, s = np.cos(ic.turn), np.sin(ic.turn)
    x, y = np.array(((c, -s), (s, c))) @ (middle + outwards) + (ic.x, ic.y)
    turn = ic.turn + along + float(rng.uniform(-0.06, 0.06))
    drop = Solder(solder_drop(float(round(length)), float(round(width))), x, y, turn)
    return Flaw(
        placed, turned_box(BOARD_SHAPE, x, y, 0.97 * length, 0.94 * width, turn), solder=(drop,)
    )


def broken_trace(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Take copper away from a trace, where no component hides it."""
    hidden = cv2.dilate(covered(placed), np.ones((9, 9), np.uint8)) > 0
    best: tuple[float, Trace] | None = None
    for number in rng.permutation(len(TRACES)):
        trace = TRACES[number]
        points = _walked(trace)
        rows, columns = (np.rint(points.T[::-1] * SCALE)).astype(int)
        bare = np.flatnonzero(~hidden[rows, columns])
        runs = np.split(bare, np.flatnonzero(np.diff(bare) > 1) + 1)
        run = max(runs, key=len)
        # Its round ends take some copper away as well.
        wanted = max(round(area / trace.width - 0.785 * trace.width), 2)
        length = min(wanted, len(run))
        if length < 2:
            continue
        start = int(rng.integers(len(run) - length + 1))
        cut = Trace(tuple(map(tuple, points[run[start : start + length]].tolist())), trace.width)
        if best is None or length / wanted > best[0]:
            best = length / wanted, cut
        if best[0] == 1:
            break
    assert best is not None, "the board has traces that are not hidden"
    cut = best[1]
    mask = line(BOARD_SHAPE, cut.points, cut.width)
    return Flaw(placed, mask, Artwork(cuts=(cut,)))


def misprint(placed: Sequence[Placed], area: float, rng: np.random.Generator) -> Flaw:
    """Leave letters out, or print others: of one label, and of those beside it if it is short."""
    labels = list(LABELS)
    others = rng.random() < 0.4
    first = LABELS[int(rng.integers(len(LABELS)))]
    nearest = sorted(
        range(len(LABELS)), key=lambda at: np.hypot(LABELS[at].x - first.x, LABELS[at].y - first.y)
    )
    hidden = covered(placed) > 127
    mask = np.zeros(BOARD_SHAPE, np.uint8)
    for number in nearest:
        for place in rng.permutation(len(labels[number].text)):
            cell = letter_cell(labels[number], int(place))
            cell[hidden] = 0
            mask |= cell
            letter = _OTHER_LETTERS[int(rng.integers(len(_OTHER_LETTERS)))] if others else " "
            text = labels[number].text
            text = text[:place] + letter + text[place + 1 :]
            labels[number] = replace(labels[number], text=text)
            if np.count_nonzero(mask > 127) >= 0.9 * area * _AREA_PER_PX:
                return Flaw(placed, mask, Artwork(labels=tuple(labels)))
    return Flaw(placed, mask, Artwork(labels=tuple(labels)))


def flux(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Leave dried flux: amber, or white where someone tried to wash it off."""
    effect = stain(scene, area, rng, tint=_FLUX)
    if rng.random() < 0.5:
        return Effect(-effect.change, effect.mask, _WASHED_FLUX)
    return effect


FLAWS: dict[DefectKind, Callable[[Sequence[Placed], float, np.random.Generator], Flaw]] = {
    DefectKind.MISSING: missing,
    DefectKind.SHIFTED: shifted,
    DefectKind.ROTATED: rotated,
    DefectKind.TOMBSTONE: tombstone,
    DefectKind.BRIDGE: bridge,
    DefectKind.BROKEN_TRACE: broken_trace,
    DefectKind.MISPRINT: misprint,
}
EFFECTS: dict[DefectKind, Callable[[Scene, float, np.random.Generator], Effect]] = {
    DefectKind.SCRATCH: scratch,
    DefectKind.STAIN: flux,
}
BOARD_KINDS = (*FLAWS, *EFFECTS)

_THROUGH_HOLE = ("header", "socket")
"""Packages that pins hold in place."""
_LEAST_SHIFT_PX = 2.0
"""Four times what good components are off their places."""
_OTHER_LETTERS = "ABEFHKMNPRTUWXZ23456789"


def _of_area(
    placed: Sequence[Placed], area: float, rng: np.random.Generator, *, chips_only: bool = False
) -> int:
    """Choose one of the components that come nearest to an area."""
    off = [
        abs(float(np.log(it.size[0] * it.size[1] / area)))
        if it.placement.package not in _THROUGH_HOLE
        and (PACKAGES[it.placement.package].is_chip or not chips_only)
        else np.inf
        for it in placed
    ]
    near = np.flatnonzero(np.array(off) <= min(off) + 0.05)
    return int(near[rng.integers(len(near))])


def _with(placed: Sequence[Placed], number: int, changed: Placed) -> list[Placed]:
    return [changed if at == number else it for at, it in enumerate(placed)]


def _neighbours(
    pads: tuple[tuple[float, float, float, float], ...], rng: np.random.Generator
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Choose two pads side by side."""
    first = pads[int(rng.integers(len(pads)))]
    others = [pad for pad in pads if pad != first]
    return first, min(others, key=lambda pad: np.hypot(pad[0] - first[0], pad[1] - first[1]))


def _walked(trace: Trace) -> NDArray[np.float64]:
    """Give points along a trace, one for each pixel of its length: (n, 2) x, y."""
    corners = np.array(trace.points)
    lengths = np.hypot(*np.diff(corners, axis=0).T)
    at = np.concatenate(((0.0,), np.cumsum(lengths)))
    steps = np.arange(0, at[-1], 1.0)
    return np.column_stack([np.interp(steps, at, corners[:, axis]) for axis in (0, 1)])
