from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.picture_health import WINDOW_PX, baseline, measure_health
from engine.preprocess import Preprocessing
from engine.recipe import Roi


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(40, 200, (height, width, 3), dtype=np.uint8)


def measured(image: np.ndarray, roi: Roi | None = None) -> tuple[float, float, float]:
    preprocessing = Preprocessing(size=64, roi=roi)
    rectangle = preprocessing.rectangle(*image.shape[:2])
    health = measure_health(image, preprocessing.square(image), rectangle)
    return health.brightness, health.clipped, health.sharpness


def test_a_grey_picture() -> None:
    assert measured(np.full((80, 90, 3), 77, np.uint8)) == (77, 0, 0)


def test_clipping_is_a_share_of_the_pixels_at_either_end() -> None:
    image = np.full((64, 64, 3), 77, np.uint8)
    image[:16] = 255
    image[16:32, :, 1] = 0
    assert measured(image)[1] == 0.5


def test_a_picture_out_of_focus_is_less_sharp() -> None:
    sharp = noise(300, 300)
    sharpness = [measured(cv2.GaussianBlur(sharp, (0, 0), sigma))[2] for sigma in (0.5, 1, 2, 4)]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 10 * sharpness[-1]


def test_only_the_roi_is_measured() -> None:
    image, other = noise(300, 300), noise(300, 300)
    other[:100] = 255
    roi = Roi(x=20, y=100, width=150, height=120)
    assert measured(image, roi) == measured(other, roi)


def test_sharpness_looks_at_the_middle_at_source_resolution() -> None:
    image = np.full((1400, 1400, 3), 90, np.uint8)
    middle = slice(700 - WINDOW_PX // 2, 700 + WINDOW_PX // 2)
    image[middle, middle] = noise(WINDOW_PX, WINDOW_PX)
    blurred = cv2.GaussianBlur(image, (0, 0), 3)
    blurred[middle, middle] = image[middle, middle]
    assert measured(image)[2] == measured(blurred)[2] > 1000


@pytest.mark.parametrize("roi", [(0, 0, 1, 1), (298, 0, 2, 300), (0, 299, 300, 1)])
def test_the_smallest_rectangles_are_measured(roi: tuple[int, int, int, int]) -> None:
    x, y, width, height = roi
    rectangle = Roi(x=x, y=y, width=width, height=height)
    assert np.isfinite(measured(noise(300, 300), rectangle)).all()


def test_a_baseline_is_mean_and_standard_deviation() -> None:
    pictures = [np.full((70, 70, 3), grey, np.uint8) for grey in (100, 110, 120)]
    whole = Roi(x=0, y=0, width=70, height=70)
    found = baseline([measure_health(picture, picture[:64, :64], whole) for picture in pictures])
    assert found.mean.brightness == pytest.approx(110)
    assert found.std.brightness == pytest.approx(np.std([100, 110, 120]))
    assert (found.mean.clipped, found.std.sharpness) == (0, 0)


def test_one_picture_has_no_spread() -> None:
    picture = noise(64, 64)
    found = baseline([measure_health(picture, picture, Roi(x=0, y=0, width=64, height=64))])
    assert found.std.brightness == found.std.clipped == found.std.sharpness == 0
