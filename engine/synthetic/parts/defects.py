"""Defects on a drawn part, graded: strength s is a contrast of s × 4 σ on s × 0.2 % of the part.

σ is the spread of the good surface around the defect, so strength 1 is as hard to see on a rough
face as on a smooth one. A defect changes the light on the surface rather than covering it: the
turning marks and the sensor's noise stay visible inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.drawn import DefectKind, Drawn, Field, Mask
from engine.synthetic.parts.fixture import LIGHT
from engine.synthetic.parts.strokes import (
    around,
    blurred,
    distance_from,
    edge_of,
    line_on_part,
    place_on,
    polygon,
    shifted,
    smooth_noise,
)
from engine.types import Image

AREA_SHARE = 0.002
"""Area of a defect of strength 1, as a share of the part's area."""

CONTRAST_SIGMAS = 4.0
"""Mean change of brightness of a defect of strength 1, in σ of the surface around it."""

_LEAST_AREA_PX = 12.0
_LEAST_SIGMA = 1.5
"""Grey levels; below it a surface is as smooth as the sensor's noise lets one see."""
_AROUND_PX = 12
_FRACTURE_LEVEL = 46.0
"""Grey level of freshly broken metal turned away from the light."""
_GREY = (1.0, 1.0, 1.0)
_RUST = (0.72, 1.02, 1.26)


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class _Effect:
    """What a defect does to the light, before its contrast is set."""

    change: Field
    """(H, W) float32, signed, of any scale."""
    mask: Mask
    tint: tuple[float, float, float] = _GREY
    """How strongly red, green and blue follow the change."""


def add_defect(drawn: Drawn, kind: DefectKind, strength: float, rng: np.random.Generator) -> Drawn:
    """Give `drawn` with one defect of `kind` at a place that `rng` chooses.

    Raises
    ------
    ValueError
        `strength` is not above 0, or the part has a defect already.
    """
    if strength <= 0 or drawn.kind is not None:
        raise ValueError("A good part can be given one defect of a strength above 0.")
    area_px = max(_LEAST_AREA_PX, AREA_SHARE * strength * np.count_nonzero(drawn.part_mask))
    effect = _EFFECTS[kind](drawn, area_px, rng)
    grey = np.asarray(cv2.cvtColor(drawn.image, cv2.COLOR_RGB2GRAY))
    contrast = strength * CONTRAST_SIGMAS * _sigma_around(grey, effect.mask, drawn.part_mask)
    mean = float(np.abs(effect.change[effect.mask]).mean())
    scale = contrast / max(mean, 1e-6)
    if kind is DefectKind.CHIP:
        scale = min(scale, 1.0)  # its change is the way to bare fracture: there is no further
    change = scale * effect.change[..., None] * np.array(effect.tint, np.float32)
    image = np.rint(drawn.image + _within_light(change, drawn.image)).astype(np.uint8)
    return replace(drawn, image=image, mask=effect.mask, kind=kind)


def _within_light(change: Field, image: Image) -> Field:
    """Bend strong changes so that they approach black and white without reaching them."""
    room = np.where(change < 0, image, 255 - image).astype(np.float32)
    return room * np.tanh(change / np.maximum(room, 1))


def _sigma_around(grey: NDArray[np.generic], defect: Mask, part: Mask) -> float:
    """Give the robust standard deviation (1.4826 × MAD) of the part close to the defect."""
    kernel = np.ones((2 * _AROUND_PX + 1, 2 * _AROUND_PX + 1), np.uint8)
    around = (cv2.dilate(defect.astype(np.uint8), kernel) > 0) & part & ~defect
    levels = grey[around].astype(np.float32)
    if levels.size == 0:
        return _LEAST_SIGMA
    spread = 1.4826 * float(np.median(np.abs(levels - np.median(levels))))
    return max(spread, _LEAST_SIGMA)


def _scratch(drawn: Drawn, area_px: float, rng: np.random.Generator) -> _Effect:
    """Drag a bent line of uneven pressure; its thrown-up edge is dark away from the light."""
    length = min(area_px / 2.6, 150.0)
    half_width = area_px / length / 2
    path_mask, distance = line_on_part(drawn.part_mask, length, half_width, rng)
    pressure = np.clip(0.8 + 0.25 * smooth_noise(drawn.part_mask.shape, 18.0, rng), 0.35, 1.2)
    core = np.exp(-((distance / (half_width + 0.2)) ** 2)) * pressure
    edge = shifted(core, 1.6)
    change = blurred(core - 0.55 * edge, 0.6)
    bright_here = float(drawn.image[path_mask].mean()) > 150
    return _Effect((-change if bright_here else change) * drawn.part_mask, path_mask)


def _dent(drawn: Drawn, area_px: float, rng: np.random.Generator) -> _Effect:
    """Press in a bowl: its wall towards the light lies in shade, the wall opposite shines."""
    radius = float(np.sqrt(area_px / np.pi))
    dx, dy = around(drawn.part_mask, place_on(drawn.part_mask, radius + 2, rng))
    squeeze, angle = rng.uniform(0.8, 1.0), rng.uniform(0, np.pi)
    u = (dx * np.cos(angle) + dy * np.sin(angle)) * squeeze / radius
    v = (dy * np.cos(angle) - dx * np.sin(angle)) / (squeeze * radius)
    r = np.sqrt(u * u + v * v)
    facing = (dx * np.cos(LIGHT) + dy * np.sin(LIGHT)) / radius
    wall = -facing * np.exp(-(r**4))
    floor = -0.35 * np.exp(-((r / 0.55) ** 2))
    change = np.float32(wall + floor) * drawn.part_mask
    return _Effect(change, (r <= 1) & drawn.part_mask)


def _stain(drawn: Drawn, area_px: float, rng: np.random.Generator) -> _Effect:
    """Leave a dried drop: thin inside, darker along its outline, brownish."""
    radius = float(np.sqrt(area_px / np.pi))
    dx, dy = around(drawn.part_mask, place_on(drawn.part_mask, radius + 1, rng))
    angle = np.arctan2(dy, dx)
    edge = np.full(angle.shape, radius, np.float32)
    for lobes in (2, 3, 5):
        edge *= 1 + rng.uniform(0.1, 0.3) / lobes * np.cos(
            lobes * angle + rng.uniform(0, 2 * np.pi)
        )
    inside = edge - np.hypot(dx, dy)
    film = np.clip(inside / 2.5 + 0.5, 0, 1)
    rim = np.exp(-(((inside - 1.5) / 1.6) ** 2))
    cloud = 1 + 0.3 * smooth_noise(inside.shape, radius / 2, rng)
    change = -np.float32(film * 0.6 * cloud + 0.55 * rim) * drawn.part_mask
    return _Effect(change, (inside >= 0) & drawn.part_mask, _RUST)


def _chip(drawn: Drawn, area_px: float, rng: np.random.Generator) -> _Effect:
    """Break a piece out of an edge, with flat facets and a bright line where it broke."""
    part = drawn.part_mask
    edge = edge_of(part, rng)
    x, y = edge[rng.integers(len(edge))]
    radius = float(np.sqrt(2 * area_px / np.pi))
    corners = int(rng.integers(8, 12))
    angles = (np.arange(corners) + rng.uniform(0, 0.8, corners)) * (2 * np.pi / corners)
    corner = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    corner *= rng.uniform(0.8, 1.25, (corners, 1))
    broken = polygon(part.shape, (x, y) + radius * corner)
    # How much of the shape lies on the part depends on the edge's bend: size it once more.
    radius *= float(np.sqrt(area_px / max(int(np.count_nonzero((broken > 0.5) & part)), 1)))
    broken = polygon(part.shape, (x, y) + radius * corner)
    facets = np.sign(smooth_noise(part.shape, radius / 3, rng)) * 12
    grain = 7 * rng.standard_normal(part.shape, np.float32)
    grey = cv2.cvtColor(drawn.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fracture = _FRACTURE_LEVEL + blurred(facets + grain, 0.9)
    ridge = np.clip(broken - shifted(broken, -1.5), 0, 1)
    soft = blurred(broken, 0.6)
    change = soft * (fracture + 90 * ridge - grey) * part
    return _Effect(change, (broken > 0.5) & part)


def _burr(drawn: Drawn, area_px: float, rng: np.random.Generator) -> _Effect:
    """Raise a bright sliver along an edge, with its shadow behind it."""
    part = drawn.part_mask
    edge = edge_of(part, rng)
    length = min(area_px / 3.2, 110.0, 0.6 * len(edge))
    half_width = area_px / length / 2
    steps = int(length) + 1
    first = int(rng.integers(len(edge)))
    run = edge[np.arange(first, first + steps) % len(edge)].astype(np.float32)
    run = np.asarray(cv2.blur(run, (1, 5), borderType=cv2.BORDER_REPLICATE), np.float32)
    run += 0.8 * smooth_noise(run.shape, 7.0, rng)
    distance = distance_from(run, part.shape)
    core = np.exp(-((distance / (half_width + 0.3)) ** 2))
    change = blurred(core - 0.5 * shifted(core, 2.2), 0.6)
    return _Effect(change, distance <= half_width - 0.3)


_EFFECTS: dict[DefectKind, Callable[[Drawn, float, np.random.Generator], _Effect]] = {
    DefectKind.SCRATCH: _scratch,
    DefectKind.DENT: _dent,
    DefectKind.STAIN: _stain,
    DefectKind.CHIP: _chip,
    DefectKind.BURR: _burr,
}
