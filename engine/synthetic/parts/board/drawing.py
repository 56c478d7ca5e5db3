"""A printed board with its components on a dark mat, seen from above.

Boards differ as boards from one line do: every component sits a little off its place and has a
shade of its own; the board lies a little turned and shifted; light, focus and noise vary.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.synthetic.parts.board.artwork import Artwork
from engine.synthetic.parts.board.assembly import Placed, assembled, covered
from engine.synthetic.parts.board.defects import EFFECTS, FLAWS
from engine.synthetic.parts.board.layout import HEIGHT, PLACEMENTS, WIDTH, Placement
from engine.synthetic.parts.board.relief import SCALE, Relief, lit
from engine.synthetic.parts.drawn import DefectKind, Field, Light, Mask, Scene, Spoilt
from engine.synthetic.parts.graded import apply, area_px
from engine.synthetic.parts.lens import Shot, noise_of

PICTURE_WIDTH, PICTURE_HEIGHT = 480, 400
"""Pixels of the simulated camera."""
_MAT_RGB = (44.0, 46.0, 52.0)


class Board:
    """One board, a `GoodPart`: the same state of `rng` gives the same one."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._shot = Shot.of(rng)
        self._turn = np.deg2rad(rng.uniform(-1.0, 1.0))
        self._at = PICTURE_WIDTH / 2 + rng.uniform(-4, 4), PICTURE_HEIGHT / 2 + rng.uniform(-4, 4)
        self._placed = tuple(_placed(placement, rng) for placement in PLACEMENTS)
        light, part = self._seen(assembled(Artwork(), self._placed))
        self.scene = Scene(light, part > 0.5, noise_of(light.shape, rng), self._shot.noise)

    def spoil(self, kind: DefectKind, strength: float, rng: np.random.Generator) -> Spoilt:
        """Give the board a defect; see `GoodPart.spoil`."""
        area = area_px(self.scene, strength)
        if kind in EFFECTS:
            bare = replace(self.scene, part_mask=self._bare())
            return apply(EFFECTS[kind](bare, area, rng), bare, strength)
        flaw = FLAWS[kind](self._placed, area, rng)
        light, _ = self._seen(assembled(flaw.artwork, flaw.placed, flaw.solder))
        size = (PICTURE_WIDTH, PICTURE_HEIGHT)
        mask = cv2.warpAffine(flaw.mask, self._to_picture(), size)
        return Spoilt(light, mask > 127)

    def _bare(self) -> Mask:
        """Give where no component stands on or leans over the board."""
        hidden = cv2.dilate(covered(self._placed), np.ones((13, 13), np.uint8))
        seen = cv2.warpAffine(hidden, self._to_picture(), (PICTURE_WIDTH, PICTURE_HEIGHT))
        return np.asarray(self.scene.part_mask & (seen < 128))

    def _seen(self, relief: Relief) -> tuple[Light, Field]:
        """Give what the camera sees of the board, and the share of each pixel that is board."""
        move = self._to_picture()
        colour = _shrunk(np.dstack((relief.rgb * relief.cover[..., None], relief.cover)), move)
        form = _shrunk(np.dstack((relief.height, relief.gloss)), move)
        cover = np.ascontiguousarray(colour[..., 3])
        surface = lit(colour[..., :3], np.ascontiguousarray(form[..., 0]), form[..., 1])
        shadow = cv2.warpAffine(relief.cover, move + _DROP, (PICTURE_WIDTH, PICTURE_HEIGHT))
        ground = _mat() * (1 - 0.5 * cv2.GaussianBlur(shadow, (0, 0), 3.0)[..., None])
        # The surface is black outside the board, so it is weighed by its cover already.
        return self._shot.seen(surface + (1 - cover[..., None]) * ground), cover

    def _to_picture(self) -> NDArray[np.float32]:
        """Give the (2, 3) move from pixels of the relief to pixels of the picture."""
        c, s = np.cos(self._turn), np.sin(self._turn)
        to = np.array(((c, -s), (s, c))) / SCALE
        middle = np.array((WIDTH, HEIGHT)) * SCALE / 2
        return np.column_stack((to, np.array(self._at) - to @ middle)).astype(np.float32)


_DROP = np.array(((0, 0, 4), (0, 0, 5)), np.float32)
"""Where the board's shadow falls on the mat."""


def _shrunk(layers: NDArray[np.float32], move: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bring (H, W, n) layers of a relief to the camera's pixels, each the mean of several."""
    soft = cv2.GaussianBlur(layers, (0, 0), 0.35 * SCALE)
    return np.asarray(cv2.warpAffine(soft, move, (PICTURE_WIDTH, PICTURE_HEIGHT)), np.float32)


def _placed(placement: Placement, rng: np.random.Generator) -> Placed:
    dx, dy, turn, tone = rng.standard_normal(4)
    upright = np.pi / 2 if placement.upright else 0.0
    return Placed(
        placement,
        x=placement.x + 0.5 * float(dx),
        y=placement.y + 0.5 * float(dy),
        turn=upright + float(np.deg2rad(0.9 * turn)),
        tone=1 + 0.03 * float(tone),
    )


@lru_cache(maxsize=1)
def _mat() -> Light:
    """Give the rubber mat under the boards, read-only."""
    rng = np.random.default_rng(7)
    grain = rng.standard_normal((PICTURE_HEIGHT, PICTURE_WIDTH)).astype(np.float32)
    level = 1 + 0.10 * cv2.GaussianBlur(grain, (0, 0), 0.9) / 0.32
    mat = np.asarray(level[..., None] * np.array(_MAT_RGB), np.float32)
    mat.flags.writeable = False
    return mat
