from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from engine.recipe import Roi
from engine.regions import find_regions, region_level

SIZE = 32
WHOLE = Roi(x=0, y=0, width=SIZE, height=SIZE)


def flat(value: float = 0.0) -> np.ndarray:
    return np.full((SIZE, SIZE), value, np.float32)


def test_a_quiet_map_has_no_regions() -> None:
    assert find_regions(flat(1.0), 1.0, WHOLE) == ()


def test_a_box_in_source_pixels() -> None:
    shown = flat()
    shown[4:8, 10:16] = 2
    shown[5, 12] = 3
    (found,) = find_regions(shown, 1.0, Roi(x=100, y=50, width=10 * SIZE, height=2 * SIZE))
    assert (found.x, found.y, found.width, found.height) == (200, 58, 60, 8)
    assert found.area_px == pytest.approx(4 * 6 * 20)
    assert (found.peak, found.peak_x, found.peak_y) == (3, 225, 61)


def test_corners_touch() -> None:
    shown = flat()
    shown[3, 3] = shown[4, 4] = shown[5, 3] = 2
    assert len(find_regions(shown, 1.0, WHOLE)) == 1
    shown[4, 4] = 0
    assert len(find_regions(shown, 1.0, WHOLE)) == 2


def test_the_largest_peak_comes_first() -> None:
    shown = flat()
    shown[2, 2], shown[10, 10:20], shown[20, 20] = 5, 4, 6
    assert [found.peak for found in find_regions(shown, 1.0, WHOLE)] == [6, 5, 4]


def test_what_equals_the_limit_is_below_it() -> None:
    shown = flat()
    shown[3, 3] = 1
    assert find_regions(shown, 1.0, WHOLE) == ()


def test_a_hole_has_a_region_inside_it_of_its_own() -> None:
    shown = flat()
    shown[2:20, 2:20] = 2
    shown[4:18, 4:18] = 0
    shown[10, 10] = 3
    ring, core = sorted(find_regions(shown, 1.0, WHOLE), key=lambda found: found.peak)
    assert ring.area_px == 18 * 18 - 14 * 14
    assert (core.x, core.y, core.area_px) == (10, 10, 1)


def test_a_picture_smaller_than_its_map_has_boxes_of_whole_pixels() -> None:
    shown = flat()
    shown[31, 31] = 2
    (found,) = find_regions(shown, 1.0, Roi(x=5, y=5, width=4, height=4))
    assert (found.x, found.y, found.width, found.height) == (8, 8, 1, 1)
    assert found.area_px == pytest.approx(1 / 64)


def test_a_box_over_everything_is_the_rectangle() -> None:
    # 224 · (225 / 224) is a little above 225 in binary.
    everything = np.ones((224, 224), np.float32)
    for width in (1, 29, 123, 225, 239, 450, 2448):
        rectangle = Roi(x=7, y=9, width=width, height=225)
        (found,) = find_regions(everything, 0.5, rectangle)
        assert (found.x, found.y, found.width, found.height) == (7, 9, width, 225)
        assert found.area_px == pytest.approx(width * 225)


@settings(max_examples=80, deadline=None)
@given(
    shown=arrays(
        np.float32,
        (24, 24),
        elements=st.sampled_from([0, 0, 0, 1, 2, 3, np.nan]),
        fill=st.just(0),
    ),
    rectangle=st.builds(
        Roi,
        x=st.integers(0, 50),
        y=st.integers(0, 50),
        width=st.integers(1, 300),
        height=st.integers(1, 300),
    ),
)
def test_regions_are_scipys_with_eight_neighbours(shown: np.ndarray, rectangle: Roi) -> None:
    labels, count = ndimage.label(np.nan_to_num(shown) > 0.5, np.ones((3, 3)))
    pixel_area = rectangle.width * rectangle.height / shown.size
    expected = sorted(
        (float(shown[labels == label].max()), np.count_nonzero(labels == label) * pixel_area)
        for label in range(1, count + 1)
    )
    found = find_regions(shown, 0.5, rectangle)
    pairs = sorted((one.peak, one.area_px) for one in found)
    assert np.allclose(pairs, expected)
    assert [one.peak for one in found] == sorted((one.peak for one in found), reverse=True)
    for one in found:
        assert rectangle.x <= one.x <= one.peak_x < one.x + one.width
        assert rectangle.y <= one.y <= one.peak_y < one.y + one.height
        assert one.x + one.width <= rectangle.x + rectangle.width
        assert one.y + one.height <= rectangle.y + rectangle.height
        assert one.area_px <= one.width * one.height + 1e-6


class TestRegionLevel:
    def test_by_hand(self) -> None:
        shown = flat(0.25)
        shown[2:6, 2:6] = 2  # 16 pixels
        shown[3, 3] = 7
        shown[20, 20] = 9
        assert region_level(shown, 0, WHOLE) == 9
        assert region_level(shown, 1, WHOLE) == 9
        assert region_level(shown, 2, WHOLE) == 2
        assert region_level(shown, 16, WHOLE) == 2
        assert region_level(shown, 17, WHOLE) == 0.25
        assert region_level(shown, SIZE**2 + 1, WHOLE) == -np.inf

    def test_the_area_is_that_of_the_source(self) -> None:
        shown = flat(0.25)
        shown[2:6, 2:6] = 2
        wide = Roi(x=9, y=9, width=3 * SIZE, height=SIZE)
        assert region_level(shown, 48, wide) == 2
        assert region_level(shown, 48.5, wide) == 0.25

    def test_what_was_not_inspected_joins_nothing(self) -> None:
        shown = flat(np.nan)
        shown[2:4, :] = 5
        shown[10:12, :] = 5
        assert region_level(shown, 2 * SIZE, WHOLE) == 5
        assert region_level(shown, 2 * SIZE + 1, WHOLE) == -np.inf
        assert region_level(flat(np.nan), 0, WHOLE) == -np.inf

    @given(
        shown=arrays(np.float32, (SIZE, SIZE), elements=st.floats(0, 1, width=16)),
        min_area_px=st.floats(0, 40),
    )
    @settings(deadline=None, max_examples=20)
    def test_below_it_a_region_counts_and_from_it_on_none_does(
        self, shown: np.ndarray, min_area_px: float
    ) -> None:
        def counts(limit: float) -> bool:
            return any(it.area_px >= min_area_px for it in find_regions(shown, limit, WHOLE))

        level = region_level(shown, min_area_px, WHOLE)
        assert not counts(level)
        assert counts(float(np.nextafter(np.float32(level), np.float32(-1))))
