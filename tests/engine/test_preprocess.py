from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import PIL.Image
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.nn import functional

from engine.errors import RecipeError
from engine.preprocess import FILL_RGB, IMAGENET_MEAN, IMAGENET_STD, Preprocessing, inside
from engine.recipe import Masks, Polygon, Recipe, Roi

CPU = torch.device("cpu")
CELL_PX = 8
"""Side of a cell of the grids below, in pixels of the square."""


@st.composite
def rectangles(draw: st.DrawFn, least: int = 8, most: int = 240) -> tuple[int, int, Roi]:
    """Draw (height, width, ROI) of a source picture."""
    width, height = draw(st.integers(least, most)), draw(st.integers(least, most))
    roi_width, roi_height = draw(st.integers(least, width)), draw(st.integers(least, height))
    x = draw(st.integers(0, width - roi_width))
    y = draw(st.integers(0, height - roi_height))
    return height, width, Roi(x=x, y=y, width=roi_width, height=roi_height)


def polygons(most: int) -> st.SearchStrategy[Polygon]:
    """Draw any polygon, also one that crosses itself, with corners on quarter pixels."""
    coordinate = st.integers(-8, 4 * most + 8).map(lambda quarter: quarter / 4)
    return st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=7).map(tuple)


def masks(most: int) -> st.SearchStrategy[Masks]:
    some = st.lists(polygons(most), max_size=2).map(tuple)
    return st.builds(Masks, include=some, exclude=some)


def frozen(height: int, width: int, roi: Roi | None, drawn: Masks, size: int = 64) -> Preprocessing:
    return Preprocessing(size=size, roi=roi, masks=drawn, source_size=(height, width))


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


class TestGeometry:
    @settings(max_examples=150, deadline=None)
    @given(
        picture=rectangles(least=48),
        drawn=masks(240),
        size=st.sampled_from([64, 96, 128, 224]),
        where=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    )
    def test_a_spot_comes_back_to_where_it_was(
        self,
        picture: tuple[int, int, Roi],
        drawn: Masks,
        size: int,
        where: tuple[float, float],
    ) -> None:
        height, width, roi = picture
        reach_x, reach_y = max(1, roi.width // size), max(1, roi.height // size)
        # The resize mirrors nothing beyond the edge, so a spot there is cut, not moved.
        edge_x, edge_y = 3 * reach_x + 2, 3 * reach_y + 2
        column = roi.x + edge_x + round(where[0] * (roi.width - 1 - 2 * edge_x))
        row = roi.y + edge_y + round(where[1] * (roi.height - 1 - 2 * edge_y))
        image = np.full((height, width, 3), FILL_RGB, np.uint8)
        image[row - reach_y : row + reach_y + 1, column - reach_x : column + reach_x + 1] = 255
        preprocessing = frozen(height, width, roi, drawn, size)
        around = np.zeros((height, width), bool)
        around[row - edge_y : row + edge_y + 1, column - edge_x : column + edge_x + 1] = True
        source_xs, source_ys = np.arange(width) + 0.5, np.arange(height) + 0.5
        assume((inside(drawn, source_xs, source_ys) | ~around).all())

        seen = np.abs(preprocessing.square(image).astype(float) - FILL_RGB).sum(2)

        centre = (np.arange(size) + 0.5) @ seen.sum(0), (np.arange(size) + 0.5) @ seen.sum(1)
        x, y = (total / seen.sum() for total in centre)
        plane = {"height": height, "width": width}
        back = preprocessing.to_source(x, y, rows=size, columns=size, **plane)
        assert back == pytest.approx((column + 0.5, row + 0.5), abs=1)

        cells = size // CELL_PX
        grid = seen.reshape(cells, CELL_PX, cells, CELL_PX).mean((1, 3))
        cell_row, cell_column = np.unravel_index(grid.argmax(), grid.shape)
        back_x, back_y = preprocessing.to_source(
            cell_column + 0.5, cell_row + 0.5, rows=cells, columns=cells, **plane
        )
        assert abs(back_x - column - 0.5) <= roi.width / cells / 2 + 0.5
        assert abs(back_y - row - 0.5) <= roi.height / cells / 2 + 0.5

    @settings(deadline=None)
    @given(
        picture=rectangles(),
        grid=st.tuples(st.integers(1, 80), st.integers(1, 80)),
        point=st.tuples(st.floats(-10, 300), st.floats(-10, 300)),
    )
    def test_there_and_back_is_the_same_point(
        self, picture: tuple[int, int, Roi], grid: tuple[int, int], point: tuple[float, float]
    ) -> None:
        height, width, roi = picture
        preprocessing = Preprocessing(size=64, roi=roi)
        plane = {"rows": grid[0], "columns": grid[1], "height": height, "width": width}
        there = preprocessing.to_grid(*point, **plane)
        assert preprocessing.to_source(*there, **plane) == pytest.approx(point, abs=1e-6)

    def test_the_corners_of_the_grid_are_the_corners_of_the_roi(self) -> None:
        preprocessing = Preprocessing(size=64, roi=Roi(x=30, y=10, width=50, height=20))
        plane = {"rows": 8, "columns": 8, "height": 100, "width": 100}
        assert preprocessing.to_source(0, 0, **plane) == (30, 10)
        assert preprocessing.to_source(8, 8, **plane) == (80, 30)


class TestSquare:
    @settings(max_examples=60, deadline=None)
    @given(picture=rectangles(), drawn=masks(240), seed=st.integers(0, 9))
    def test_nothing_outside_leaks_in(
        self, picture: tuple[int, int, Roi], drawn: Masks, seed: int
    ) -> None:
        height, width, roi = picture
        preprocessing = frozen(height, width, roi, drawn)
        counts = inside(drawn, np.arange(width) + 0.5, np.arange(height) + 0.5)
        in_roi = np.zeros_like(counts)
        in_roi[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width] = True
        image = noise(height, width, seed)
        other = np.where((counts & in_roi)[:, :, None], image, noise(height, width, seed + 1))
        assert np.array_equal(preprocessing.square(image), preprocessing.square(other))

    @settings(max_examples=60, deadline=None)
    @given(picture=rectangles(least=1), size=st.sampled_from([32, 64, 224]))
    @example(picture=(64, 64, Roi(x=0, y=0, width=64, height=64)), size=224)  # many ties
    def test_it_is_an_antialiased_bilinear_resize_within_one_level(
        self, picture: tuple[int, int, Roi], size: int
    ) -> None:
        height, width, roi = picture
        image = noise(height, width)
        cut = image[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width]
        exact = functional.interpolate(
            torch.from_numpy(cut.astype(np.float64)).permute(2, 0, 1)[None],
            (size, size),
            mode="bilinear",
            antialias=True,
        )
        off = np.abs(
            Preprocessing(size=size, roi=roi).square(image) - exact[0].permute(1, 2, 0).numpy()
        )
        assert off.max() < 1.02  # half a level per axis, and weights of 16 bits

    @settings(max_examples=60, deadline=None)
    @given(picture=rectangles(least=1), size=st.sampled_from([32, 64, 224]))
    @example(picture=(64, 64, Roi(x=0, y=0, width=64, height=64)), size=224)
    def test_it_equals_pillows_bilinear_within_one_level(
        self, picture: tuple[int, int, Roi], size: int
    ) -> None:
        height, width, roi = picture
        image = noise(height, width)
        cut = image[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width]
        expected = PIL.Image.fromarray(cut).resize((size, size), PIL.Image.Resampling.BILINEAR)
        off = np.abs(Preprocessing(size=size, roi=roi).square(image).astype(int) - expected)
        if min(roi.width, roi.height) < size:  # enlarged, where ties are rounded the other way
            assert off.max() <= 2
            assert (off == 2).mean() < 1e-3
        else:
            assert off.max() <= 1

    def test_a_picture_of_the_right_size_is_not_touched(self) -> None:
        image = noise(64, 64)
        assert np.array_equal(Preprocessing(size=64).square(image), image)

    def test_what_is_masked_has_the_fill_colour(self) -> None:
        left = Masks(exclude=(((0, 0), (32, 0), (32, 64), (0, 64)),))
        square = frozen(64, 64, None, left).square(noise(64, 64))
        assert (square[:, :32] == FILL_RGB).all()
        assert np.array_equal(square[:, 32:], noise(64, 64)[:, 32:])

    def test_the_source_picture_stays_as_it_was(self) -> None:
        image = noise(80, 70)
        mask = Masks(exclude=(((0, 0), (30, 0), (30, 30)),))
        frozen(80, 70, None, mask).square(image)
        assert np.array_equal(image, noise(80, 70))

    @pytest.mark.parametrize("roi", [None, Roi(x=3, y=5, width=40, height=41)])
    @pytest.mark.parametrize("drawn", [Masks(), Masks(exclude=(((0, 0), (20, 0), (0, 20)),))])
    def test_read_only_pictures_are_read_without_a_warning(
        self, roi: Roi | None, drawn: Masks
    ) -> None:
        image, kept = noise(64, 64), noise(64, 64)
        kept.flags.writeable = False
        preprocessing = frozen(64, 64, roi, drawn, size=32)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            square = preprocessing.square(kept)
            square.flags.writeable = False
            tensor = preprocessing.tensor(square[None], CPU)
        assert np.array_equal(square, preprocessing.square(image))
        assert not torch.isnan(tensor).any()

    def test_a_frozen_copy_sees_the_same(self) -> None:
        drawn = Masks(include=(((5.25, 5), (70, 9), (33, 66.5)),))
        before = frozen(90, 80, Roi(x=4, y=3, width=70, height=80), drawn)
        after = Preprocessing.model_validate_json(before.model_dump_json())
        assert after == before
        assert np.array_equal(after.square(noise(90, 80)), before.square(noise(90, 80)))


class TestTensor:
    def test_it_is_normalised_as_imagenet_was(self) -> None:
        squares = noise(64, 32).reshape(2, 32, 32, 3)
        tensor = Preprocessing(size=32).tensor(squares, CPU)
        expected = (squares / 255 - IMAGENET_MEAN) / IMAGENET_STD
        assert tensor.dtype == torch.float32
        assert tensor.is_contiguous(memory_format=torch.channels_last)
        assert np.abs(tensor.permute(0, 2, 3, 1).numpy() - expected).max() < 1e-5

    def test_the_fill_colour_is_nearly_zero(self) -> None:
        filled = np.full((1, 32, 32, 3), FILL_RGB, np.uint8)
        assert Preprocessing(size=32).tensor(filled, CPU).abs().max() < 0.01

    def test_a_batch_is_its_pictures(self) -> None:
        squares = noise(96, 32).reshape(3, 32, 32, 3)
        preprocessing = Preprocessing(size=32)
        alone = [preprocessing.tensor(square[None], CPU) for square in squares]
        assert torch.equal(preprocessing.tensor(squares, CPU), torch.cat(alone))


def crossings(polygon: Polygon, x: Fraction, y: Fraction) -> tuple[bool, bool]:
    """Tell by the even-odd rule, in exact numbers, whether a point is inside and on the edge."""
    is_inside = on_edge = False
    corners = [(Fraction(a), Fraction(b)) for a, b in polygon]
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
        if y1 == y2:
            on_edge |= y == y1 and min(x1, x2) <= x <= max(x1, x2)
        elif min(y1, y2) <= y < max(y1, y2):
            crossing = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
            on_edge |= crossing == x
            is_inside ^= crossing < x
    return is_inside, on_edge


class TestMasks:
    @settings(max_examples=80, deadline=None)
    @given(polygon=polygons(20))
    def test_a_pixel_counts_when_its_centre_is_inside(self, polygon: Polygon) -> None:
        centres = np.arange(20) + 0.5
        found = inside(Masks(include=(polygon,)), centres, centres)
        for row, y in enumerate(centres):
            for column, x in enumerate(centres):
                is_inside, on_edge = crossings(polygon, Fraction(x), Fraction(y))
                assert on_edge or found[row, column] == is_inside

    def test_pixel_edges_cut_exactly(self) -> None:
        square = Masks(include=(((2, 3), (7, 3), (7, 9), (2, 9)),))
        expected = np.zeros((12, 12), bool)
        expected[3:9, 2:7] = True
        assert np.array_equal(inside(square, np.arange(12) + 0.5, np.arange(12) + 0.5), expected)

    def test_a_star_is_hollow(self) -> None:
        corners = [(10 + 9 * np.sin(a), 10 - 9 * np.cos(a)) for a in 4 * np.pi / 5 * np.arange(5)]
        found = inside(Masks(include=(tuple(corners),)), np.array([10.0]), np.array([10.0, 3.0]))
        assert found.ravel().tolist() == [False, True]

    @settings(max_examples=40, deadline=None)
    @given(drawn=masks(20))
    def test_include_is_any_and_exclude_wins(self, drawn: Masks) -> None:
        centres = np.arange(20) + 0.5

        def single(polygon: Polygon) -> np.ndarray:
            return inside(Masks(include=(polygon,)), centres, centres)

        expected = np.full((20, 20), not drawn.include)
        for polygon in drawn.include:
            expected |= single(polygon)
        for polygon in drawn.exclude:
            expected &= ~single(polygon)
        assert np.array_equal(inside(drawn, centres, centres), expected)

    @settings(max_examples=60, deadline=None)
    @given(picture=rectangles(), drawn=masks(240), grid=st.tuples(*[st.integers(1, 40)] * 2))
    def test_a_cell_counts_when_its_centre_is_inside(
        self, picture: tuple[int, int, Roi], drawn: Masks, grid: tuple[int, int]
    ) -> None:
        height, width, roi = picture
        rows, columns = grid
        preprocessing = frozen(height, width, roi, drawn)
        plane = {"rows": rows, "columns": columns, "height": height, "width": width}
        xs = [preprocessing.to_source(c + 0.5, 0, **plane)[0] for c in range(columns)]
        ys = [preprocessing.to_source(0, r + 0.5, **plane)[1] for r in range(rows)]
        expected = inside(drawn, np.array(xs), np.array(ys))
        counted = preprocessing.counted(rows, columns)
        assert counted.shape == (rows, columns)
        # Where a centre lies on an edge to the last bit, either answer is right.
        assert np.count_nonzero(counted != expected) <= max(rows, columns)

    def test_half_a_cell_decides(self) -> None:
        def counted(edge: float) -> list[bool]:
            left = Masks(include=(((0, 0), (edge, 0), (edge, 64), (0, 64)),))
            return frozen(64, 64, None, left).counted(1, 4)[0].tolist()

        assert counted(23.9) == [True, False, False, False]
        assert counted(24.1) == [True, True, False, False]

    def test_without_masks_every_cell_counts(self) -> None:
        assert Preprocessing(size=64, roi=Roi(x=9, y=9, width=5, height=5)).counted(8, 9).all()


class TestMapToSource:
    def test_outside_the_roi_nothing_is_known(self) -> None:
        roi = Roi(x=10, y=20, width=50, height=30)
        laid = Preprocessing(size=32, roi=roi).map_to_source(
            np.full((32, 32), 3, np.float32), (80, 90)
        )
        assert laid.shape == (80, 90)
        assert laid.dtype == np.float32
        assert np.allclose(laid[20:50, 10:60], 3)
        assert np.count_nonzero(np.isfinite(laid)) == 50 * 30

    @settings(max_examples=40, deadline=None)
    @given(picture=rectangles(least=40), drawn=masks(240))
    def test_nothing_is_known_of_masked_pixels_and_nothing_of_them_is_mixed_in(
        self, picture: tuple[int, int, Roi], drawn: Masks
    ) -> None:
        height, width, roi = picture
        preprocessing = frozen(height, width, roi, drawn)
        pixels = preprocessing.counted(64, 64)
        laid = preprocessing.map_to_source(
            np.where(pixels, np.float32(2), np.float32(np.nan)), (height, width)
        )
        counts = inside(drawn, np.arange(width) + 0.5, np.arange(height) + 0.5)
        assert np.isnan(laid[~counts]).all()
        assert np.allclose(laid[np.isfinite(laid)], 2, atol=1e-5)

    @settings(max_examples=40, deadline=None)
    @given(picture=rectangles(least=40), where=st.tuples(st.integers(4, 59), st.integers(4, 59)))
    def test_a_peak_lies_where_to_source_says(
        self, picture: tuple[int, int, Roi], where: tuple[int, int]
    ) -> None:
        height, width, roi = picture
        preprocessing = Preprocessing(size=64, roi=roi)
        row, column = where
        rows, columns = np.mgrid[:64, :64]
        bump = -np.hypot(rows - row, columns - column).astype(np.float32)
        laid = preprocessing.map_to_source(bump, (height, width))
        peak_row, peak_column = np.unravel_index(np.nanargmax(laid), laid.shape)
        x, y = preprocessing.to_source(
            column + 0.5, row + 0.5, rows=64, columns=64, height=height, width=width
        )
        assert abs(peak_column + 0.5 - x) <= max(1, roi.width / 64)
        assert abs(peak_row + 0.5 - y) <= max(1, roi.height / 64)


class TestRefusals:
    @pytest.mark.parametrize("roi", [(1, 0, 100, 50), (0, 31, 100, 50), (200, 200, 5, 5)])
    def test_a_roi_beyond_the_picture(self, roi: tuple[int, int, int, int]) -> None:
        x, y, width, height = roi
        recipe = Recipe(roi=Roi(x=x, y=y, width=width, height=height))
        with pytest.raises(RecipeError, match="beyond the picture of 100 × 80"):
            Preprocessing.of(recipe, noise(80, 100))
        with pytest.raises(RecipeError, match="Draw the ROI again"):
            Preprocessing(size=64, roi=recipe.roi).square(noise(80, 100))

    def test_masks_drawn_on_another_size(self) -> None:
        recipe = Recipe(masks=Masks(exclude=(((0, 0), (9, 0), (0, 9)),)))
        preprocessing = Preprocessing.of(recipe, noise(80, 100))
        with pytest.raises(RecipeError, match="drawn on pictures of 100 × 80"):
            preprocessing.square(noise(100, 80))
        with pytest.raises(RecipeError, match="this one has 50 × 40"):
            preprocessing.map_to_source(np.zeros((64, 64), np.float32), (40, 50))

    def test_masks_of_an_unknown_picture(self) -> None:
        with pytest.raises(ValidationError, match="source_size"):
            Preprocessing(size=64, masks=Masks(exclude=(((0, 0), (9, 0), (0, 9)),)))

    def test_another_resize_than_the_one_there_is(self) -> None:
        with pytest.raises(ValidationError):
            Preprocessing(size=64, resize="nearest")

    def test_pictures_of_other_sizes_pass_where_nothing_was_drawn(self) -> None:
        preprocessing = Preprocessing.of(Recipe(size=64), noise(80, 100))
        assert preprocessing.square(noise(33, 500)).shape == (64, 64, 3)
