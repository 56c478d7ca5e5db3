"""A machined ring: turned faces, chamfers, six countersunk bolt holes and a keyway in the bore.

Rings lie as they fall on the pins, turned at random; the light stays where it is. They also differ
in position, turning marks, light, focus and the sensor's noise, as real good parts do.
Every number below is in pixels of the 640 × 480 picture unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from engine.synthetic.parts.drawn import DefectKind, Field, Scene, Spoilt
from engine.synthetic.parts.lens import LAMP, noise_of
from engine.synthetic.parts.ring.defects import spoil_ring
from engine.synthetic.parts.ring.fixture import CENTRE, HEIGHT, WIDTH, fixture

OUTER, INNER = 200.0, 82.0
_HOLES, _BOLT_CIRCLE, _HOLE = 6, 147.0, 13.0
_COUNTERSINK = 5.0
_KEYWAY_HALF_WIDTH, _KEYWAY_DEPTH = 13.0, 17.0
_MARGIN = 28
_REACH = int(OUTER) + _MARGIN
_STEPS_PER_PX = 8
"""Resolution of the radial tables."""
_TURNS = 512
"""Columns of the turning marks around the ring."""
_TINT = np.array((1.0, 0.992, 0.975), np.float32)


@dataclass(frozen=True, slots=True)
class _Pose:
    """How one part lies under the camera, and how it is lit."""

    x: float
    y: float
    turn: float
    """Radians."""
    light: float
    """Direction the light comes from, radians."""
    gain: float
    """Brightness, 1 on average."""
    blur_px: float
    noise: float
    """See `Scene.noise`."""


class Ring:
    """One ring, a `GoodPart`: the same state of `rng` gives the same one."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._pose = _Pose(
            x=CENTRE[0] + rng.uniform(-4, 4),
            y=CENTRE[1] + rng.uniform(-4, 4),
            turn=rng.uniform(0, 2 * np.pi),
            light=LAMP + np.deg2rad(rng.uniform(-4, 4)),
            gain=rng.uniform(0.94, 1.06),
            blur_px=rng.uniform(0.55, 0.8),
            noise=rng.uniform(0.8, 1.2),
        )
        self.scene = _draw(self._pose, rng)

    def spoil(self, kind: DefectKind, strength: float, rng: np.random.Generator) -> Spoilt:
        """Give the ring a defect; see `GoodPart.spoil`."""
        centre = (self._pose.x, self._pose.y)
        return spoil_ring(self.scene, kind, strength, rng, centre=centre)


def _draw(pose: _Pose, rng: np.random.Generator) -> Scene:
    left, top = int(pose.x) - _REACH, int(pose.y) - _REACH
    window = np.s_[top : top + 2 * _REACH, left : left + 2 * _REACH]
    axis = np.arange(2 * _REACH, dtype=np.float32)
    dx, dy = np.meshgrid(axis + np.float32(left - pose.x), axis + np.float32(top - pose.y))
    radius, angle = (np.asarray(field, np.float32) for field in cv2.cartToPolar(dx, dy))

    metal = _turned_metal(radius, angle, pose, rng)
    cover = np.clip(OUTER + 0.5 - radius, 0, 1) * np.clip(radius - INNER + 0.5, 0, 1)
    _cut_keyway(metal, cover, dx, dy, pose)
    _drill_holes(metal, cover, dx, dy, pose)

    picture = fixture(OUTER).copy()
    shade = _shadow(radius, dx, dy, pose)
    plate = picture[window] * shade[..., None]
    picture[window] = plate + cover[..., None] * (metal[..., None] * _TINT - plate)
    picture *= pose.gain
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), pose.blur_px), np.float32)
    part = np.zeros((HEIGHT, WIDTH), bool)
    part[window] = cover > 0.5
    return Scene(picture, part, noise_of(picture.shape, rng), pose.noise)


@lru_cache(maxsize=1)
def _profile() -> tuple[Field, Field]:
    """Give tilt and brightness of the turned surface for each radius (step 1/_STEPS_PER_PX).

    Tilt is the slope of the surface towards outside, 0 on a flat face.
    """
    r = np.arange(0, _REACH * 2, 1 / _STEPS_PER_PX, dtype=np.float32)
    tilt, bright = np.zeros_like(r), np.full_like(r, 1.0)

    def band(low: float, high: float, *, slope: float, level: float = 1.0) -> None:
        inside = np.clip(r - low + 0.5, 0, 1) * np.clip(high - r + 0.5, 0, 1)
        tilt[:] += inside * (slope - tilt)
        bright[:] += inside * (level - bright)

    band(OUTER - 8, OUTER + 9, slope=0.95, level=0.72)  # outer chamfer
    band(OUTER - 24, OUTER - 21, slope=-0.7, level=0.75)  # groove: wall, floor, wall
    band(OUTER - 21, OUTER - 17, slope=0.0, level=0.62)
    band(OUTER - 17, OUTER - 14, slope=0.7, level=0.75)
    band(INNER + 26, INNER + 29, slope=-0.75, level=0.9)  # step down to the seat around the bore
    band(INNER + 6, INNER + 26, slope=0.0, level=0.84)
    band(INNER - 9, INNER + 6, slope=-0.95, level=0.72)  # inner chamfer
    return tilt, bright


def _turned_metal(radius: Field, angle: Field, pose: _Pose, rng: np.random.Generator) -> Field:
    """Light the turned surface; grey levels.

    Fine concentric grooves reflect like hair (Kajiya & Kay 1989): brightest where the groove runs
    across the light, in two opposite sectors.
    """
    tilt_of, bright_of = _profile()
    step = (radius * _STEPS_PER_PX).astype(np.int32)
    tilt, bright = tilt_of[step], bright_of[step]
    facing = np.cos(angle - np.float32(pose.light))
    across = facing * facing
    marks = _turning_marks(radius, angle, pose, rng)
    hair = across * across
    second = np.cos(angle - np.float32(pose.light + 1.9)) ** 2
    flat = 98 + 92 * hair + 24 * second * second
    level = flat * (1 + marks * (0.5 + 0.7 * across))
    return np.asarray(bright * level + tilt * (84 * facing + 8), np.float32)


def _turning_marks(radius: Field, angle: Field, pose: _Pose, rng: np.random.Generator) -> Field:
    """Give the relative brightness of the marks a lathe leaves: full rings, and arcs that fade."""
    rows = int(OUTER - INNER) * 2 + 4 * _MARGIN
    rings = rng.standard_normal((rows, 1), np.float32)
    coarse = cv2.GaussianBlur(
        rng.standard_normal((rows, 1), np.float32), (1, 0), sigmaX=1, sigmaY=5
    )
    arcs = cv2.resize(rng.standard_normal((rows, _TURNS // 16), np.float32), (_TURNS, rows))
    marks = 0.05 * cv2.GaussianBlur(rings, (1, 3), 0) + 0.14 * coarse + 0.05 * arcs
    row = (radius - np.float32(INNER - _MARGIN)) * 2
    column = (angle - np.float32(pose.turn)) * np.float32(_TURNS / (2 * np.pi))
    lit = cv2.remap(marks, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(lit, np.float32)


def _cut_keyway(metal: Field, cover: Field, dx: Field, dy: Field, pose: _Pose) -> None:
    """Cut the slot into the bore's upper side, with a small chamfer; changes both fields."""
    along_x, along_y = np.sin(pose.turn), -np.cos(pose.turn)
    depth = dx * along_x + dy * along_y
    side = np.abs(dx * along_y - dy * along_x)
    inside = np.minimum(_KEYWAY_HALF_WIDTH - side, INNER + _KEYWAY_DEPTH - depth)
    inside = np.where(depth > 0, inside, -9)
    rim = np.clip(inside + 4.5, 0, 1) * np.clip(0.5 - inside, 0, 1)
    metal -= rim * (metal - 128) * 0.6
    cover *= 1 - np.clip(inside + 0.5, 0, 1)


def _drill_holes(metal: Field, cover: Field, dx: Field, dy: Field, pose: _Pose) -> None:
    """Drill the countersunk bolt holes; changes both fields."""
    reach = int(_HOLE + _COUNTERSINK) + 3
    for hole in range(_HOLES):
        at = pose.turn + 2 * np.pi * hole / _HOLES
        x, y = _BOLT_CIRCLE * np.cos(at), _BOLT_CIRCLE * np.sin(at)
        column, row = round(x - float(dx[0, 0])), round(y - float(dy[0, 0]))
        here = np.s_[row - reach : row + reach + 1, column - reach : column + reach + 1]
        hx, hy = dx[here] - np.float32(x), dy[here] - np.float32(y)
        r = np.hypot(hx, hy)
        facing = (hx * np.cos(pose.light) + hy * np.sin(pose.light)) / np.maximum(r, 1)
        sunk = np.clip(_HOLE + _COUNTERSINK + 0.5 - r, 0, 1)
        metal[here] += sunk * (104 - 92 * facing - metal[here])
        cover[here] *= np.clip(r - _HOLE + 0.5, 0, 1)


def _shadow(radius: Field, dx: Field, dy: Field, pose: _Pose) -> Field:
    """Give the share of light that reaches the plate beside and under the ring."""
    x, y = 7 * np.float32(np.cos(pose.light)), 7 * np.float32(np.sin(pose.light))
    thrown = cv2.magnitude(dx + x, dy + y)
    outside = np.clip((thrown - OUTER + 2) / 16, 0, 1)
    bore = np.clip((INNER - 4 - thrown) / 30, 0, 1)
    through = np.where(radius < INNER + _KEYWAY_DEPTH + 2, 0.35 + 0.65 * bore, 0.22)
    return np.where(radius > OUTER - 1, 0.3 + 0.7 * outside, through).astype(np.float32)
