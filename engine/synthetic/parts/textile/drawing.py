"""A woven textile under the camera: a 2/2 twill of blue-grey warp and pale weft, filling the view.

Every picture is another place on the web: no thread lies where one lay before, the cloth is a
little turned, stretched and uneven, and light, focus and noise vary.
"""

from __future__ import annotations

import cv2
import numpy as np

from engine.synthetic.parts.drawn import DefectKind, Field, Light, Scene, Spoilt
from engine.synthetic.parts.graded import apply, area_px
from engine.synthetic.parts.lens import Shot, noise_of
from engine.synthetic.parts.strokes import smooth_noise
from engine.synthetic.parts.textile.cloth import N_THREADS, weave
from engine.synthetic.parts.textile.defects import (
    DAMAGES,
    EFFECTS,
    SURFACE_CONTRAST,
    WARP_PX,
    WEFT_PX,
    Damage,
    Strand,
)
from engine.synthetic.parts.textile.light import WARP_RGB, WEFT_RGB, light_of

SIDE = 400
"""Pixels of the simulated camera, square."""


class Textile:
    """One piece of cloth, a `GoodPart`: the same state of `rng` gives the same one."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._shot = Shot.of(rng)
        self._cloth = weave(rng)
        self._u, self._v = _lay(rng)
        light = self._shot.seen(light_of(self._cloth, self._u, self._v))
        part = np.ones((SIDE, SIDE), bool)
        self.scene = Scene(light, part, noise_of(light.shape, rng), self._shot.noise)

    def spoil(self, kind: DefectKind, strength: float, rng: np.random.Generator) -> Spoilt:
        """Give the cloth a defect; see `GoodPart.spoil`."""
        area = area_px(self.scene, strength)
        if kind in EFFECTS:
            effect = EFFECTS[kind](self.scene, area, rng)
            return apply(effect, self.scene, SURFACE_CONTRAST * strength)
        mask = np.zeros_like(self.scene.part_mask)
        damage = Damage(self._cloth.copy(), self._u, self._v, mask)
        DAMAGES[kind](damage, area, rng)
        surface = light_of(damage.cloth, damage.u, damage.v)
        for strand in damage.strands:
            _lay_strand(strand, surface)
        return Spoilt(self._shot.seen(surface), damage.mask)


def _lay(rng: np.random.Generator) -> tuple[Field, Field]:
    """Lay the cloth under the camera: u and v of every pixel, in threads."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) - np.float32(SIDE / 2)
    turn, skew = np.deg2rad(rng.uniform(-1.5, 1.5)), np.deg2rad(rng.uniform(-0.7, 0.7))
    stretch = rng.uniform(0.985, 1.015, 2)
    middle = N_THREADS / 2 + rng.uniform(-4, 4, 2)
    bow = rng.uniform(-1.5, 1.5)
    x, y = (
        x * np.cos(turn) + y * np.sin(turn),
        y * np.cos(turn) - x * np.sin(turn + skew) + bow * (2 * x / SIDE) ** 2,
    )
    x += 0.9 * smooth_noise(x.shape, 70.0, rng)
    y += 0.9 * smooth_noise(y.shape, 70.0, rng)
    u = x * np.float32(stretch[0] / WARP_PX) + np.float32(middle[0])
    v = y * np.float32(stretch[1] / WEFT_PX) + np.float32(middle[1])
    return u.astype(np.float32), v.astype(np.float32)


def _lay_strand(strand: Strand, surface: Light) -> None:
    """Lay a loose bit of thread on the lit cloth, with its shadow; changes `surface`."""
    drop = np.array((1.3, 1.6), np.float32)
    for points, colour, share in (
        (strand.points + drop, None, 0.35),
        (strand.points, WARP_RGB if strand.warp else WEFT_RGB, 0.9),
    ):
        canvas = np.zeros(surface.shape[:2], np.uint8)
        bent = [np.rint(points * 16).astype(np.int32)]
        cv2.polylines(canvas, bent, False, (255,), 1, cv2.LINE_AA, shift=4)
        cover = (
            cv2.GaussianBlur(canvas, (0, 0), 0.4 * strand.width_px)
            if strand.width_px > 2
            else canvas
        )
        cover = np.clip(cover.astype(np.float32) * (strand.width_px / 255), 0, 1)[
            ..., None
        ] * np.float32(share)
        surface += cover * ((0 if colour is None else 1.08 * colour) - surface)
