"""Light, focus and position of one picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.picture_health.measure import PictureHealth, measure_health
from engine.preprocess import Preprocessing
from engine.recipe import Masks, Roi


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(40, 200, (height, width, 3), dtype=np.uint8)


def measured(
    image: np.ndarray, roi: Roi | None = None, masks: Masks | None = None
) -> PictureHealth:
    height, width = image.shape[:2]
    preprocessing = Preprocessing(
        size=64, roi=roi, masks=masks or Masks(), source_size=(height, width) if masks else None
    )
    rectangle = preprocessing.rectangle(height, width)
    return measure_health(
        image,
        preprocessing.square(image),
        rectangle,
        counted=preprocessing.counted(64, 64) if masks else None,
        inside=preprocessing.counted(rectangle.height, rectangle.width) if masks else None,
    )


def test_a_grey_picture() -> None:
    health = measured(np.full((80, 90, 3), 77, np.uint8))
    assert (health.brightness, health.contrast, health.clipped, health.sharpness) == (77, 0, 0, 0)
    assert (health.position_x, health.position_y) == (0.5, 0.5)
    assert health.still_rows == pytest.approx(79 / 80)


def test_clipping_is_a_share_of_the_pixels_at_either_end() -> None:
    image = np.full((64, 64, 3), 77, np.uint8)
    image[:16] = 255
    image[16:32, :, 1] = 0
    assert measured(image).clipped == 0.5


def test_a_picture_out_of_focus_is_less_sharp() -> None:
    sharp = noise(300, 300)
    sharpness = [measured(cv2.GaussianBlur(sharp, (0, 0), s)).sharpness for s in (0.5, 1, 2, 4)]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 10 * sharpness[-1]


def test_light_is_no_sharpness() -> None:
    dark = measured((noise(300, 300) * 0.5).astype(np.uint8))
    assert dark.sharpness == pytest.approx(measured(noise(300, 300)).sharpness, rel=0.02)
    assert dark.brightness == pytest.approx(60, abs=1)


def test_sharpness_is_told_at_source_resolution() -> None:
    """Blurred by a pixel of 20 megapixels: the square the backbone sees is the same."""
    sharp = noise(1400, 1400)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 1)
    assert measured(blurred).sharpness < 0.5 * measured(sharp).sharpness
    assert measured(blurred).brightness == pytest.approx(measured(sharp).brightness, abs=1)


def test_only_the_roi_is_measured() -> None:
    image, other = noise(300, 300), noise(300, 300)
    other[:100] = 255
    roi = Roi(x=20, y=100, width=150, height=120)
    one, two = measured(image, roi), measured(other, roi)
    assert (one.brightness, one.clipped, one.sharpness) == (
        two.brightness,
        two.clipped,
        two.sharpness,
    )


def test_only_what_the_masks_leave_is_measured() -> None:
    image, other = noise(300, 300), noise(300, 300)
    other[:, 155:] = 255
    left = Masks(include=(((0, 0), (150, 0), (150, 300), (0, 300)),))
    one, two = measured(image, masks=left), measured(other, masks=left)
    for name in ("brightness", "contrast", "clipped"):
        assert getattr(one, name) == getattr(two, name)
    assert one.brightness == pytest.approx(image.mean(), abs=1)
    assert one.sharpness == pytest.approx(two.sharpness)


@pytest.mark.parametrize("roi", [(0, 0, 1, 1), (298, 0, 2, 300), (0, 299, 300, 1)])
def test_the_smallest_rectangles_are_measured(roi: tuple[int, int, int, int]) -> None:
    x, y, width, height = roi
    health = measured(noise(300, 300), Roi(x=x, y=y, width=width, height=height))
    assert np.isfinite([getattr(health, name) for name in PictureHealth.__slots__]).all()


def turned(degrees: float, dx: float = 0, dy: float = 0) -> np.ndarray:
    """A square with a hole beside its centre."""
    part = np.full((240, 240, 3), 60, np.uint8)
    cv2.rectangle(part, (60, 60), (180, 180), (180, 180, 180), -1)
    cv2.circle(part, (140, 120), 14, (60, 60, 60), -1)
    turn = cv2.getRotationMatrix2D((120, 120), degrees, 1)
    turn[:, 2] += dx, dy
    return cv2.warpAffine(part, turn, (240, 240), borderValue=(60, 60, 60))


def test_the_position_follows_a_part_that_moves_and_hardly_one_that_turns() -> None:
    still = measured(turned(0))
    moved, round_ = measured(turned(0, 24, -12)), measured(turned(40))
    assert moved.position_x - still.position_x == pytest.approx(0.1, abs=0.01)
    assert moved.position_y - still.position_y == pytest.approx(-0.05, abs=0.01)
    assert abs(round_.position_x - still.position_x) < 0.02
    assert abs(round_.position_y - still.position_y) < 0.02
