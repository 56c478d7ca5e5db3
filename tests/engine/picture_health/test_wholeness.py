"""Pictures of which something is missing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.picture_health.wholeness import compare_rows, highest_seam, still_share


def scene(seed: int = 0, height: int = 300, width: int = 400) -> np.ndarray:
    """Something a lens has seen: soft shapes, with the sensor's noise."""
    rng = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(rng.normal(0, 1, (height, width)), (0, 0), 8)
    grey = 120 + 40 * soft / soft.std() + rng.normal(0, 2, soft.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)


def test_a_whole_picture_has_neither() -> None:
    rows = compare_rows(scene())
    assert still_share(rows) == 0
    assert highest_seam(rows) < 1.1


@pytest.mark.parametrize("fill", [0, 128, 255, "last row"])
def test_rows_that_never_came(fill: int | str) -> None:
    image = scene()
    image[240:] = image[239] if fill == "last row" else fill
    rows = compare_rows(image)
    assert still_share(rows) == pytest.approx(0.2, abs=0.005)
    if fill != "last row":
        assert highest_seam(rows) > 2.5


def test_a_block_in_the_middle_that_never_came() -> None:
    image = scene()
    image[100:116] = 128
    assert still_share(compare_rows(image)) == pytest.approx(15 / 300)


def test_compressed_rows_that_repeat_are_still() -> None:
    image = scene()
    image[150:] = image[149] + (np.arange(150)[:, None, None] % 2).astype(np.uint8)
    assert still_share(compare_rows(image)) == pytest.approx(0.5, abs=0.005)


def test_two_exposures_in_one_picture() -> None:
    image = scene(1)
    image[170:] = scene(2)[170:]
    assert highest_seam(compare_rows(image)) > 2
    assert still_share(compare_rows(image)) == 0


@pytest.mark.parametrize("blur_px", [0.7, 1.0])
def test_an_edge_of_the_scene_is_no_seam(blur_px: float) -> None:
    grey = np.full((300, 400), 60, np.float64)
    grey[150:] = 180
    grey = cv2.GaussianBlur(grey, (0, 0), blur_px) + np.random.default_rng(0).normal(
        0, 2, grey.shape
    )
    image = np.clip(grey, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)
    assert highest_seam(compare_rows(image)) < 1.3


@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (3, 1), (5, 129), (4, 2000)])
def test_the_smallest_pictures(shape: tuple[int, int]) -> None:
    rows = compare_rows(np.zeros((*shape, 3), np.uint8))
    assert np.isfinite([still_share(rows), highest_seam(rows)]).all()
