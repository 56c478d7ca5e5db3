"""The heatmap's colours, pinned; and where its outlines lie."""

import numpy as np
import pytest

from workstation.widgets.heatmap import HeatColours, colour_table, coloured, contours, levels


def a_row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_the_limit_lies_in_the_middle_and_zero_at_the_bottom() -> None:
    assert levels(a_row(0, 1, 2, 4, 9), pixel_limit=2.0).tolist() == [[0, 64, 128, 255, 255]]


def test_the_scale_does_not_follow_the_pictures_own_range() -> None:
    calm, wild = a_row(0.5, 1.0, 0.1), a_row(0.5, 1.0, 50.0)
    left, right = (levels(each, pixel_limit=2.0) for each in (calm, wild))
    assert left[0, :2].tolist() == right[0, :2].tolist()


def test_what_was_not_inspected_is_clear() -> None:
    assert coloured(a_row(np.nan), pixel_limit=2.0).tolist() == [[[0, 0, 0, 0]]]


@pytest.mark.parametrize(
    ("colours", "bottom", "middle", "top"),
    [
        (HeatColours.INFERNO, [0, 0, 4], [188, 55, 84], [252, 255, 164]),
        (HeatColours.CIVIDIS, [0, 34, 78], [125, 124, 120], [254, 232, 56]),
    ],
)
def test_pinned_colours(
    colours: HeatColours, bottom: list[int], middle: list[int], top: list[int]
) -> None:
    table = colour_table(colours)
    assert [table[0].tolist(), table[128].tolist(), table[255].tolist()] == [bottom, middle, top]
    rgba = coloured(a_row(0.4, 2.0, 4.0), pixel_limit=2.0, colours=colours, opacity=1.0)
    assert rgba[0].tolist() == [[0, 0, 0, 0], [*middle, 255], [*top, 255]]


def test_opacity_scales_colour_and_alpha_together() -> None:
    rgba = coloured(a_row(2.0), pixel_limit=2.0, opacity=0.5)[0, 0]
    assert rgba.tolist() == [94, 28, 42, 128]


def test_a_lower_limit_on_trial_recolours() -> None:
    shown = a_row(1.5)
    assert levels(shown, pixel_limit=1.0)[0, 0] > levels(shown, pixel_limit=2.0)[0, 0]


def test_a_limit_of_zero_puts_every_anomaly_above_it() -> None:
    assert levels(a_row(0.0, 0.1, np.nan), pixel_limit=0.0).tolist() == [[0, 255, 0]]


def test_an_outline_goes_through_the_outermost_cells_above_the_limit() -> None:
    shown = np.zeros((10, 20), np.float32)
    shown[2:5, 8:12] = 3.0
    (line,) = contours(shown, pixel_limit=2.0)
    x, y = line[:, 0] * 20, line[:, 1] * 10
    # Centres of the cells 8..11 and 2..4.
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((8.5, 11.5, 2.5, 4.5))


def test_nothing_above_the_limit_has_no_outline() -> None:
    assert contours(np.full((4, 4), np.nan, np.float32), pixel_limit=2.0) == []
    assert contours(np.full((4, 4), 2.0, np.float32), pixel_limit=2.0) == []
