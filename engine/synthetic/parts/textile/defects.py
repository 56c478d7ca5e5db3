"""What can be wrong with cloth: its threads are changed and all is woven and lit again.

The pulled, torn and loose threads of a defect move their neighbours, as they do in cloth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.drawn import DefectKind, Field, Mask, Scene
from engine.synthetic.parts.graded import GREY, Effect
from engine.synthetic.parts.strokes import blurred, line_on_part, smooth_noise
from engine.synthetic.parts.surface import stain
from engine.synthetic.parts.textile.cloth import N_THREADS, STEPS_PER_THREAD, Cloth, Threads

WARP_PX, WEFT_PX = 7.0, 7.6
"""From one thread to the next."""
_FROM_RIM_PX = 36
_OIL = (1.0, 1.02, 1.08)
_MOST_FOLD, _MOST_OIL = 80.0, 120.0
"""Grey levels that a fold and a drop change at their strongest place at most."""


@dataclass(slots=True, eq=False)
class Damage:
    """A copy of a piece of cloth that a defect may change in place."""

    cloth: Cloth
    u: Field
    v: Field
    mask: Mask
    strands: list[Strand] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """A loose bit of thread that lies on the cloth."""

    points: NDArray[np.float32]
    """(n, 2) x, y in pixels."""
    warp: bool
    """Which thread's colour it has."""
    width_px: float


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """A stretch of one thread."""

    warp: bool
    thread: int
    start: float
    end: float
    """Along the thread, in threads of the other direction."""

    def threads(self, cloth: Cloth) -> Threads:
        return cloth.warp if self.warp else cloth.weft

    def steps(self) -> slice:
        first = round(self.start * STEPS_PER_THREAD)
        return slice(first, max(round(self.end * STEPS_PER_THREAD), first + 1))

    def covers(self, u: Field, v: Field, *, half_width: float = 0.5) -> Mask:
        side, along = (u, v) if self.warp else (v, u)
        beside = np.abs(side - self.thread - np.float32(0.5)) <= half_width
        return np.asarray(beside & (along >= self.start) & (along < self.end))


def broken_thread(damage: Damage, area: float, rng: np.random.Generator) -> None:
    """Take a thread away for a stretch; its ends fray, its neighbours move into the gap."""
    run = _choose_run(damage, area, rng)
    threads, steps = run.threads(damage.cloth), run.steps()
    threads.thickness[run.thread, steps] = 0
    for beside, towards in ((run.thread - 1, 0.12), (run.thread + 1, -0.12)):
        threads.wander[beside, steps] += towards
    damage.mask |= run.covers(damage.u, damage.v)
    for end, outwards in ((run.start, 1.0), (run.end, -1.0)):
        for _ in range(2):
            damage.strands.append(_frayed(damage, run, end, outwards, rng))


def thick_thread(damage: Damage, area: float, rng: np.random.Generator) -> None:
    """Let a thread swell; the cloth beside it is pushed aside, less and less with distance."""
    swollen = 0.45 + 0.85 * min(area / 640, 1.5)
    run = _choose_run(damage, area / (1 + swollen), rng)
    threads, steps = run.threads(damage.cloth), run.steps()
    threads.tone[run.thread, steps] *= 1.1
    threads.lift[run.thread, steps] += 0.9 * swollen
    _widen(damage, run, swollen / 2)
    damage.mask |= run.covers(damage.u, damage.v)


def pulled_thread(damage: Damage, area: float, rng: np.random.Generator) -> None:
    """Draw a thread tight: it runs straight, the cloth closes over it; a loop stands at one end."""
    run = _choose_run(damage, 0.8 * area, rng)
    threads, steps = run.threads(damage.cloth), run.steps()
    threads.thickness[run.thread, steps] *= 0.62
    threads.tone[run.thread, steps] *= 1.1
    threads.lift[run.thread, steps] -= 0.5
    for beside in (run.thread - 1, run.thread + 1):
        threads.tone[beside, steps] *= 0.9
    damage.mask |= run.covers(damage.u, damage.v)
    _widen(damage, run, -0.4)
    damage.strands.append(_loop(damage, run, 0.22 * area, rng))


def hole(damage: Damage, area: float, rng: np.random.Generator) -> None:
    """Tear threads of both directions around a place; the ends stand into the opening."""
    x, y = _choose_place(damage, rng)
    u, v = damage.u, damage.v
    middle = float(u[y, x]), float(v[y, x])
    radius = float(np.sqrt(area / np.pi))
    for warp, threads in ((True, damage.cloth.warp), (False, damage.cloth.weft)):
        own_px, other_px = (WARP_PX, WEFT_PX) if warp else (WEFT_PX, WARP_PX)
        side, along = middle if warp else middle[::-1]
        for thread in range(int(side - radius / own_px), int(side + radius / own_px) + 1):
            offset = (thread + 0.5 - side) * own_px
            half = np.sqrt(max(radius**2 - offset**2, 0)) * rng.uniform(0.85, 1.15) / other_px
            if half < 0.2:
                continue
            run = _Run(warp, thread, along - half, along + half)
            threads.thickness[thread, run.steps()] = 0
            for end, outwards in ((run.start, 1.0), (run.end, -1.0)):
                if rng.random() < 0.5:
                    damage.strands.append(_frayed(damage, run, end, outwards, rng))
    dx, dy = (u - middle[0]) * np.float32(WARP_PX), (v - middle[1]) * np.float32(WEFT_PX)
    distance = np.hypot(dx, dy)
    damage.mask |= distance <= radius
    push = 0.18 * radius * np.exp(-((distance / (1.6 * radius)) ** 2)) / np.maximum(distance, 1)
    damage.u = np.asarray(u - dx * push / WARP_PX, np.float32)
    damage.v = np.asarray(v - dy * push / WEFT_PX, np.float32)


def weave_fault(damage: Damage, area: float, rng: np.random.Generator) -> None:
    """Let one thread, or two side by side, float over what they should pass under."""
    cells = max(area / (WARP_PX * WEFT_PX), 1.0)
    run = _choose_run(damage, area, rng)
    floats = damage.cloth.warp_on_top if run.warp else damage.cloth.warp_on_top.T
    changed = 0
    for step in range(60):
        row = int(run.start) + step // 2 if cells > 4 else int(run.start) + step
        column = run.thread + (step % 2 if cells > 4 else 0)
        if row >= N_THREADS:
            return
        if floats[row, column] != run.warp:
            floats[row, column] = run.warp
            changed += 1
            cell = _Run(run.warp, column, row, row + 1)
            damage.mask |= cell.covers(damage.u, damage.v)
        if changed >= round(cells):
            return


def crease(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Press in a fold: one flank turned to the lamp, the other away from it."""
    width = 6.0 + 0.006 * area
    length = float(np.clip(area / width - 0.785 * width, width, 260.0))
    half_width = width / 2
    mask, distance = line_on_part(scene.part_mask, length, half_width, rng, bend=0.03)
    slope_x = np.gradient(distance, axis=1)
    slope_y = np.gradient(distance, axis=0)
    flank = (slope_x + slope_y) / np.sqrt(2)
    change = -flank * np.exp(-((distance / (0.75 * half_width)) ** 2))
    faded = blurred(mask.astype(np.float32), 6.0)
    change *= (faded / max(float(faded.max()), 1e-6)) ** 2
    return _bounded(blurred(np.asarray(change, np.float32), 1.6), mask, most=_MOST_FOLD)


def oil(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Leave a drop of machine oil that ran a little way along the threads."""
    effect = stain(scene, area, rng)
    wick = 1 + 0.25 * smooth_noise(effect.change.shape, 4.0, rng)
    change = blurred(effect.change * wick, 1.2)
    return _bounded(change, effect.mask, most=_MOST_OIL, tint=_OIL)


def _bounded(
    change: Field, mask: Mask, *, most: float, tint: tuple[float, float, float] = GREY
) -> Effect:
    """Let an effect change the light by no more than cloth can."""
    largest = max(float(np.abs(change).max()), 1e-6)
    return Effect(change / np.float32(largest), mask, tint, largest_scale=most)


DAMAGES: dict[DefectKind, Callable[[Damage, float, np.random.Generator], None]] = {
    DefectKind.BROKEN_THREAD: broken_thread,
    DefectKind.THICK_THREAD: thick_thread,
    DefectKind.PULLED_THREAD: pulled_thread,
    DefectKind.HOLE: hole,
    DefectKind.WEAVE_FAULT: weave_fault,
}
EFFECTS: dict[DefectKind, Callable[[Scene, float, np.random.Generator], Effect]] = {
    DefectKind.STAIN: oil,
    DefectKind.CREASE: crease,
}
SURFACE_CONTRAST = 0.55
"""Of what `apply` would give: most of the spread in cloth is its weave, which is regular, and what
lies on it shows long before it is as strong."""
TEXTILE_KINDS = (*DAMAGES, *EFFECTS)


def _choose_place(damage: Damage, rng: np.random.Generator) -> tuple[int, int]:
    height, width = damage.u.shape
    x = rng.integers(_FROM_RIM_PX, width - _FROM_RIM_PX)
    return int(x), int(rng.integers(_FROM_RIM_PX, height - _FROM_RIM_PX))


def _choose_run(damage: Damage, area: float, rng: np.random.Generator) -> _Run:
    """Choose a thread and a stretch of it that covers `area` pixels."""
    x, y = _choose_place(damage, rng)
    u, v = float(damage.u[y, x]), float(damage.v[y, x])
    half = 0.5 * area / (WARP_PX * WEFT_PX)
    warp = rng.random() < 0.5
    thread, middle = (int(u), v) if warp else (int(v), u)
    return _Run(warp, thread, max(middle - half, 0.0), min(middle + half, N_THREADS - 1.0))


def _widen(damage: Damage, run: _Run, extra: float) -> None:
    """Make a thread wider by `extra` on either side, by pushing the cloth beside it away."""
    side, along = (damage.u, damage.v) if run.warp else (damage.v, damage.u)
    middle, half = 0.5 * (run.start + run.end), 0.5 * (run.end - run.start) + 0.4
    within = np.clip(1.25 - ((along - middle) / half) ** 2, 0, 1)  # lens-shaped, blunt
    offset = side - np.float32(run.thread + 0.5)
    distance = np.abs(offset)
    here = extra * within
    inner = distance * 0.5 / (0.5 + here)
    outer = distance - here * np.exp(-np.maximum(distance - 0.5 - here, 0) / 1.3)
    moved = np.where(distance < 0.5 + here, inner, outer)
    changed = (np.float32(run.thread + 0.5) + np.sign(offset) * moved).astype(np.float32)
    if run.warp:
        damage.u = changed
    else:
        damage.v = changed


def _frayed(
    damage: Damage, run: _Run, end: float, outwards: float, rng: np.random.Generator
) -> Strand:
    """Give one fibre bundle that stands out of a thread's torn end into the gap."""
    x, y = _pixel_of(damage, run, end)
    ahead = outwards * np.array((0.0, 1.0) if run.warp else (1.0, 0.0))
    heading = np.arctan2(ahead[1], ahead[0]) + rng.uniform(-0.7, 0.7)
    turns = heading + np.cumsum(rng.uniform(-0.5, 0.5, 4))
    path = np.cumsum(1.1 * np.stack((np.cos(turns), np.sin(turns)), axis=1), axis=0)
    points = np.vstack(((0, 0), path)) + np.array((x, y)) + rng.uniform(-1.2, 1.2, 2)
    return Strand(points.astype(np.float32), run.warp, 1.2)


def _loop(damage: Damage, run: _Run, area: float, rng: np.random.Generator) -> Strand:
    """Give the loop where a thread was caught; marks it as well."""
    x, y = _pixel_of(damage, run, run.end)
    radius = max(float(np.sqrt(area / np.pi)), 2.5)
    turn = rng.uniform(0, 2 * np.pi)
    angles = turn + np.linspace(0.3, 2 * np.pi - 0.3, 16)
    ring = np.stack((np.cos(angles), 0.7 * np.sin(angles)), axis=1) * radius
    centre = np.array((x, y)) + radius * np.array((np.cos(turn), np.sin(turn))) * -0.9
    rows, columns = np.indices(damage.mask.shape)
    damage.mask |= np.hypot(columns - centre[0], rows - centre[1]) <= radius + 1
    return Strand((ring + centre).astype(np.float32), run.warp, 2.6)


def _pixel_of(damage: Damage, run: _Run, along: float) -> tuple[int, int]:
    """Find the pixel (x, y) that shows a place on a thread."""
    u, v = (run.thread + 0.5, along) if run.warp else (along, run.thread + 0.5)
    nearest = int(np.argmin((damage.u - np.float32(u)) ** 2 + (damage.v - np.float32(v)) ** 2))
    row, column = divmod(nearest, damage.u.shape[1])
    return column, row
