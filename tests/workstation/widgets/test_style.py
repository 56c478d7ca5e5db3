"""Words can be read on every ground, and keys meet a gloved finger."""

import pytest

from workstation.widgets.style import Sizes, contrast, load_palette, style_sheet


def test_contrast_of_black_and_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("pair", sorted(set(load_palette().text_pairs())), ids=str)
def test_words_stand_out_from_their_ground(pair: tuple[str, str]) -> None:
    assert contrast(*pair) >= 4.5


def test_greys_are_neutral() -> None:
    palette = load_palette()
    for colour in (palette.window, palette.panel, palette.key, palette.line, palette.text):
        assert colour[1:3] == colour[3:5] == colour[5:7]


def test_keys_are_24_mm_where_the_window_has_room() -> None:
    sizes = Sizes.for_window(1920, 1080, dots_per_inch=120)
    assert sizes.key_px == round(24 / 25.4 * 120)


def test_keys_are_capped_so_that_a_small_window_holds_them() -> None:
    assert Sizes.for_window(1280, 720, dots_per_inch=200).key_px == 91


@pytest.mark.parametrize("reported", [0.0, 7.0, 10_000.0])
def test_a_screen_that_does_not_know_its_size_counts_as_96_dots(reported: float) -> None:
    usual = Sizes.for_window(1920, 1080, dots_per_inch=96)
    assert Sizes.for_window(1920, 1080, dots_per_inch=reported) == usual


def test_the_style_sheet_has_no_hole() -> None:
    sheet = style_sheet(load_palette(), Sizes.for_window(1280, 720, dots_per_inch=96))
    assert "$" not in sheet
    assert sheet.count("{") == sheet.count("}")
