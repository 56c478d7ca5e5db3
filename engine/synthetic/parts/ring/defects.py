"""What can be wrong with a machined ring; see ``graded`` for what strength means."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from engine.synthetic.parts.drawn import DefectKind, Scene, Spoilt
from engine.synthetic.parts.graded import Effect, apply, area_px
from engine.synthetic.parts.lens import LAMP
from engine.synthetic.parts.strokes import (
    around,
    blurred,
    distance_from,
    edge_of,
    place_on,
    polygon,
    shifted,
    smooth_noise,
    wandering,
)
from engine.synthetic.parts.surface import RUST, scratch, stain

_FRACTURE_LEVEL = 46.0
"""Grey level of freshly broken metal turned away from the light."""
_RIPPLE_PX = 11.0
"""From one chatter mark to the next."""
_CHATTER_LENGTH = 3.4
"""Of a patch of them, in its depths."""


def spoil_ring(
    scene: Scene,
    kind: DefectKind,
    strength: float,
    rng: np.random.Generator,
    *,
    centre: tuple[float, float],
) -> Spoilt:
    """Give the ring whose middle lies at `centre` (x, y) a defect; see `GoodPart.spoil`."""
    area = area_px(scene, strength)
    if kind is DefectKind.CHATTER:
        return apply(_chatter(scene, area, rng, centre), scene, strength)
    return apply(RING_EFFECTS[kind](scene, area, rng), scene, strength)


def _dent(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Press in a bowl: its wall towards the light lies in shade, the wall opposite shines."""
    radius = float(np.sqrt(area / np.pi))
    dx, dy = around(scene.part_mask, place_on(scene.part_mask, radius + 2, rng))
    squeeze, angle = rng.uniform(0.8, 1.0), rng.uniform(0, np.pi)
    u = (dx * np.cos(angle) + dy * np.sin(angle)) * squeeze / radius
    v = (dy * np.cos(angle) - dx * np.sin(angle)) / (squeeze * radius)
    r = np.sqrt(u * u + v * v)
    facing = (dx * np.cos(LAMP) + dy * np.sin(LAMP)) / radius
    wall = -facing * np.exp(-(r**4))
    floor = -0.35 * np.exp(-((r / 0.55) ** 2))
    change = np.float32(wall + floor) * scene.part_mask
    return Effect(change, (r <= 1) & scene.part_mask)


def _chip(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Break a piece out of an edge, with flat facets and a bright line where it broke."""
    part = scene.part_mask
    edge = edge_of(part, rng)
    x, y = edge[rng.integers(len(edge))]
    radius = float(np.sqrt(2 * area / np.pi))
    corners = int(rng.integers(8, 12))
    angles = (np.arange(corners) + rng.uniform(0, 0.8, corners)) * (2 * np.pi / corners)
    corner = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    corner *= rng.uniform(0.8, 1.25, (corners, 1))
    broken = polygon(part.shape, (x, y) + radius * corner)
    # How much of the shape lies on the part depends on the edge's bend: size it once more.
    radius *= float(np.sqrt(area / max(int(np.count_nonzero((broken > 0.5) & part)), 1)))
    broken = polygon(part.shape, (x, y) + radius * corner)
    facets = np.sign(smooth_noise(part.shape, radius / 3, rng)) * 12
    grain = 7 * rng.standard_normal(part.shape, np.float32)
    grey = np.asarray(cv2.cvtColor(scene.light, cv2.COLOR_RGB2GRAY))
    fracture = _FRACTURE_LEVEL + blurred(facets + grain, 0.9)
    ridge = np.clip(broken - shifted(broken, -1.5), 0, 1)
    soft = blurred(broken, 0.6)
    change = soft * (fracture + 90 * ridge - grey) * part
    return Effect(change, (broken > 0.5) & part, largest_scale=1.0)


def _burr(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Raise a bright sliver along an edge, with its shadow behind it."""
    part = scene.part_mask
    edge = edge_of(part, rng)
    length = min(area / 3.2, 110.0, 0.6 * len(edge))
    half_width = area / length / 2
    steps = int(length) + 1
    first = int(rng.integers(len(edge)))
    run = edge[np.arange(first, first + steps) % len(edge)].astype(np.float32)
    run = np.asarray(cv2.blur(run, (1, 5), borderType=cv2.BORDER_REPLICATE), np.float32)
    run += 0.8 * smooth_noise(run.shape, 7.0, rng)
    distance = distance_from(run, part.shape)
    core = np.exp(-((distance / (half_width + 0.3)) ** 2))
    change = blurred(core - 0.5 * shifted(core, 2.2), 0.6)
    return Effect(change, distance <= half_width - 0.3)


def _rust(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Leave a dried drop that turned brown."""
    return stain(scene, area, rng, tint=RUST)


def _crack(scene: Scene, area: float, rng: np.random.Generator) -> Effect:
    """Tear the metal open from an edge: a dark jagged hairline that thins out."""
    part = scene.part_mask
    edge = edge_of(part, rng)
    width = 1.6 + 0.004 * area
    path = wandering(part, edge[rng.integers(len(edge))], area / width, rng)
    distance = distance_from(path, part.shape)
    core = np.exp(-((distance / (0.5 * width + 0.1)) ** 2))
    change = blurred(0.35 * shifted(core, -1.4) - core, 0.5) * part
    return Effect(change, (distance <= 0.5 * width) & part)


def _chatter(
    scene: Scene, area: float, rng: np.random.Generator, centre: tuple[float, float]
) -> Effect:
    """Let the tool swing: short ripples across the turning marks, in a patch along them."""
    part = scene.part_mask
    half_depth = float(np.sqrt(area / np.pi / _CHATTER_LENGTH))
    column, row = place_on(part, half_depth + 2, rng)
    dx, dy = around(part, centre)
    radius, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
    at_radius = float(radius[row, column])
    turned = np.angle(np.exp(1j * (angle - angle[row, column]))).astype(np.float32)
    along, across = turned * at_radius, radius - at_radius
    r = np.hypot(along / (_CHATTER_LENGTH * half_depth), across / half_depth)
    ripples = np.sin(2 * np.pi * along / _RIPPLE_PX + 0.25 * across + rng.uniform(0, 2 * np.pi))
    uneven = 1 + 0.3 * smooth_noise(part.shape, 6.0, rng)
    change = np.float32(ripples * uneven * np.exp(-(r**4))) * part
    return Effect(change, (r <= 1) & part)


RING_EFFECTS: dict[DefectKind, Callable[[Scene, float, np.random.Generator], Effect]] = {
    DefectKind.SCRATCH: scratch,
    DefectKind.DENT: _dent,
    DefectKind.STAIN: _rust,
    DefectKind.CHIP: _chip,
    DefectKind.BURR: _burr,
    DefectKind.CRACK: _crack,
}
RING_KINDS = (*RING_EFFECTS, DefectKind.CHATTER)
