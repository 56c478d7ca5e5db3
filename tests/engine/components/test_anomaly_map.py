from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from engine.components.anomaly_map import MapEnlarger, sigma_px
from engine.preprocess import Preprocessing
from engine.recipe import Masks

GRIDS = [(28, 28), (56, 56), (14, 14), (7, 20), (40, 40), (2, 2), (1, 1)]


def everything(grid: tuple[int, int], size: int) -> MapEnlarger:
    return MapEnlarger(np.ones(grid, bool), np.ones((size, size), bool))


def distances(grid: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(4, 0.5, grid).astype(np.float32)


def chain(plane: np.ndarray, size: int) -> np.ndarray:
    """The definition, in double precision."""
    enlarged = functional.interpolate(
        torch.from_numpy(plane).double()[None, None], (size, size), mode="bilinear"
    )
    return gaussian_filter(enlarged[0, 0].numpy(), sigma_px(size), mode="reflect", truncate=4)


def test_the_blur_is_4_px_at_224_and_the_same_share_elsewhere() -> None:
    assert sigma_px(224) == 4
    assert sigma_px(448) == 8


@pytest.mark.parametrize("size", [64, 224, 320])
@pytest.mark.parametrize("grid", GRIDS)
def test_it_equals_enlarging_then_blurring(grid: tuple[int, int], size: int) -> None:
    shown = everything(grid, size)(distances(grid))
    assert shown.shape == (size, size)
    assert shown.dtype == np.float32
    assert np.abs(shown - chain(distances(grid), size)).max() < 1e-5


@st.composite
def masked(draw: st.DrawFn) -> Preprocessing:
    corner = st.tuples(st.integers(0, 64), st.integers(0, 64))
    polygons = st.lists(st.lists(corner, min_size=3, max_size=5).map(tuple), max_size=2).map(tuple)
    drawn = Masks(include=draw(polygons), exclude=draw(polygons))
    return Preprocessing(size=64, masks=drawn, source_size=(64, 64))


class TestMasks:
    @settings(max_examples=60, deadline=None)
    @given(preprocessing=masked())
    def test_a_constant_map_stays_constant(self, preprocessing: Preprocessing) -> None:
        cells, pixels = preprocessing.counted(8, 8), preprocessing.counted(64, 64)
        shown = MapEnlarger(cells, pixels)(np.where(cells, np.float32(3), np.float32(np.nan)))
        assert np.isnan(shown[~pixels]).all()
        assert np.allclose(shown[np.isfinite(shown)], 3, rtol=1e-4)

    @settings(max_examples=40, deadline=None)
    @given(preprocessing=masked(), outside=st.sampled_from([0.0, 1e6, np.nan, np.inf]))
    def test_cells_outside_have_no_say(self, preprocessing: Preprocessing, outside: float) -> None:
        cells = preprocessing.counted(8, 8)
        enlarger = MapEnlarger(cells, preprocessing.counted(64, 64))
        plane = distances((8, 8))
        fouled = np.where(cells, plane, np.float32(outside))
        assert np.array_equal(enlarger(plane), enlarger(fouled), equal_nan=True)

    @settings(max_examples=40, deadline=None)
    @given(preprocessing=masked())
    def test_it_is_the_chain_divided_by_the_chain_of_the_mask(
        self, preprocessing: Preprocessing
    ) -> None:
        cells, pixels = preprocessing.counted(8, 8), preprocessing.counted(64, 64)
        weight = chain(cells.astype(np.float32), 64)
        shown = MapEnlarger(cells, pixels)(distances((8, 8)))
        is_sure = pixels & (weight > 0.01)
        expected = chain(np.where(cells, distances((8, 8)), 0), 64)[is_sure] / weight[is_sure]
        assert np.allclose(shown[is_sure], expected, rtol=1e-4)

    def test_a_pixel_inside_far_from_every_counted_cell_shows_nothing(self) -> None:
        cells = np.zeros((8, 8), bool)
        cells[0, 0] = True
        shown = MapEnlarger(cells, np.ones((64, 64), bool))(distances((8, 8)))
        assert np.isfinite(shown[2, 2])
        assert np.isnan(shown[60, 60])

    def test_a_mask_between_cell_centres_still_blanks_its_pixels(self) -> None:
        pixels = np.ones((64, 64), bool)
        pixels[9, 9] = False
        shown = MapEnlarger(np.ones((8, 8), bool), pixels)(distances((8, 8)))
        assert np.isnan(shown[9, 9])
        assert np.count_nonzero(np.isnan(shown)) == 1


def test_a_cell_that_was_inspected_and_is_no_number_is_seen() -> None:
    plane = distances((8, 8))
    plane[4, 4] = np.nan
    assert np.isnan(everything((8, 8), 64)(plane)).any()


def test_the_compact_map_stays_as_it_was() -> None:
    plane = distances((8, 8))
    plane.flags.writeable = False
    everything((8, 8), 64)(plane)
    assert np.array_equal(plane, distances((8, 8)))
