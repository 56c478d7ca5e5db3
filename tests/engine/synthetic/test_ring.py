"""The machined ring: what is its own."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest

from engine.synthetic.parts.drawn import DefectKind, Drawn
from engine.synthetic.parts.graded import CONTRAST_SIGMAS
from engine.synthetic.parts.parts import PARTS, Defect, draw_part
from engine.synthetic.parts.ring.drawing import Ring

pytestmark = pytest.mark.slow


@cache
def ring(number: int, defect: Defect | None = None) -> Drawn:
    return draw_part("ring", np.random.default_rng([5, number]), defect=defect)


def grey(image: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float)


def test_the_mask_is_one_piece_of_metal_with_its_holes() -> None:
    it = ring(1)
    pieces, _ = cv2.connectedComponents(it.part_mask.astype(np.uint8))
    holes, _ = cv2.connectedComponents((~it.part_mask).astype(np.uint8))
    assert (pieces - 1, holes - 1) == (1, 8)  # the plate, the bore with its keyway, six bolts


def test_metal_is_brighter_than_the_plate() -> None:
    it = ring(2)
    level = grey(it.image)
    assert np.median(level[it.part_mask]) > 2 * np.median(level[~it.part_mask])


def test_rings_lie_as_they_fall_and_near_one_place() -> None:
    keyways, centres = [], []
    for number in range(12):
        part = Ring(np.random.default_rng([5, number])).scene.part_mask
        centres.append(np.argwhere(part).mean(axis=0))
        y, x = np.indices(part.shape)
        y, x = y - centres[-1][0], x - centres[-1][1]
        cut = ~part & (np.hypot(x, y) > 88) & (np.hypot(x, y) < 97)
        keyways.append(np.arctan2(y[cut].mean(), x[cut].mean()))
    assert (np.ptp(centres, axis=0) > 1).all() and (np.ptp(centres, axis=0) < 12).all()
    assert np.abs(np.exp(1j * np.array(keyways)).mean()) < 0.6, "turned in every direction"


@pytest.mark.parametrize("kind", PARTS["ring"].kinds)
def test_contrast_is_measured_in_sigmas_of_the_surface(kind: DefectKind) -> None:
    ratios = []
    for number in range(5):
        good, bad = ring(number), ring(number, Defect(kind, 0.5))
        around = cv2.dilate(bad.mask.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
        levels = grey(good.image)[around & good.part_mask & ~bad.mask]
        sigma = 1.4826 * np.median(np.abs(levels - np.median(levels)))
        change = np.abs(grey(bad.image) - grey(good.image))[bad.mask].mean()
        ratios.append(change / (0.5 * CONTRAST_SIGMAS * max(sigma, 1.5)))
    # Broken metal is as dark as it is: a chip may fall short on a rough face.
    assert (0.5 if kind is DefectKind.CHIP else 0.75) < np.median(ratios) < 1.25
