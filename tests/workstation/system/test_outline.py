"""The outline lies where the part's edge is, whatever the contrast."""

import cv2
import numpy as np
import pytest

from engine.types import Image
from workstation.system.outline import LEAST_SIDE, outline_of


def a_disc(*, size: int, light: int, dark: int, noise: float = 2.0) -> Image:
    rng = np.random.default_rng(0)
    image = np.full((size, size), dark, np.float32)
    cv2.circle(image, (size // 2, size // 2), size // 4, float(light), -1)
    image = cv2.GaussianBlur(image, (0, 0), 1.0) + rng.normal(0, noise, image.shape)
    return np.repeat(image.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(("light", "dark"), [(200, 40), (90, 60)])
@pytest.mark.parametrize("size", [128, 320])
def test_the_edge_of_a_disc(size: int, light: int, dark: int) -> None:
    outline = outline_of(a_disc(size=size, light=light, dark=dark))
    side = len(outline)
    assert outline.shape == (side, side, 4)
    assert side >= LEAST_SIDE
    assert side % size == 0
    y, x = np.nonzero(outline[..., 0] > 200)
    radius = np.hypot(x + 0.5 - side / 2, y + 0.5 - side / 2) / side
    assert np.abs(radius - 0.25).max() < 2.5 / size
    angles = np.arctan2(y - side / 2, x - side / 2)
    assert np.diff(np.sort(angles)).max() < 0.05  # closed all round


def test_colours_are_multiplied_by_alpha_and_most_is_clear() -> None:
    outline = outline_of(a_disc(size=128, light=200, dark=40))
    assert (outline[..., :3] <= outline[..., 3:]).all()
    assert (outline[..., 3] == 0).mean() > 0.8


def test_a_picture_without_edges_has_no_outline() -> None:
    assert not outline_of(np.full((64, 64, 3), 90, np.uint8)).any()
