"""Masks as painting programs, label editors and data sets write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from engine.errors import RecipeError
from engine.evaluation.masks import read_mask
from tests.engine.evaluation.small_sets import picture

MARKED = np.zeros((20, 30), dtype=bool)
MARKED[3:6, 4:9] = True
BLACK_AND_WHITE = (MARKED * 255).astype(np.uint8)


def test_every_value_above_zero_is_defective(tmp_path):
    values = np.array([[0, 1, 127], [255, 0, 2]], dtype=np.uint8)
    PIL.Image.fromarray(values).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", height=2, width=3), values > 0)


@pytest.mark.parametrize("mode", ["1", "I;16", "RGB", "RGBA", "LA"])
def test_masks_of_any_mode(tmp_path, mode):
    marked = np.array([[False, True, False], [True, False, False]])
    arrays = {
        "1": marked,
        "I;16": marked.astype(np.uint16),  # a value of 1 in 65535 must not be rounded away
        "RGB": np.stack([marked * 0, marked * 255, marked * 0], axis=2).astype(np.uint8),
        "RGBA": np.stack([marked * 9] * 3 + [marked * 0 + 255], axis=2).astype(np.uint8),
        "LA": np.stack([marked * 9, marked * 0 + 255], axis=2).astype(np.uint8),
    }
    PIL.Image.fromarray(arrays[mode]).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", height=2, width=3), marked)


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
@pytest.mark.parametrize("palette", [[0, 0, 0, 90, 0, 0], [255, 255, 255, 0, 0, 0]])
def test_of_a_palette_the_colours_count_in_whatever_order_they_stand(tmp_path, palette, suffix):
    numbers = MARKED if palette[0] == 0 else ~MARKED
    image = PIL.Image.fromarray(numbers.astype(np.uint8))
    image.putpalette(palette)
    path = tmp_path / f"m{suffix}"
    image.save(path)
    assert np.array_equal(read_mask(path, height=20, width=30), MARKED)


def test_a_mask_reduced_to_few_colours(tmp_path):
    PIL.Image.fromarray(BLACK_AND_WHITE).quantize(2).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", height=20, width=30), MARKED)


def test_what_is_transparent_is_not_marked_whatever_its_colour(tmp_path):
    white = np.full((20, 30, 4), 255, dtype=np.uint8)
    white[..., 3] = BLACK_AND_WHITE
    PIL.Image.fromarray(white).save(tmp_path / "m.png")
    assert np.array_equal(read_mask(tmp_path / "m.png", height=20, width=30), MARKED)


def test_a_mask_of_another_size_is_refused(tmp_path):
    path = picture(tmp_path / "m.png", width=12, height=8)
    with pytest.raises(RecipeError, match="12 × 8 pixels, its picture 24 × 16"):
        read_mask(path, height=16, width=24)


def bmp_of_3600_megapixels(path: Path) -> bytes:
    data = bytearray(picture(path).read_bytes())
    data[18:26] = 2 * (60_000).to_bytes(4, "little")
    return bytes(data)


def tiff_at_a_fractional_place(path: Path) -> bytes:
    """Tag 273, where the pixels begin, is announced as a rational number (5) instead of a long."""
    return picture(path).read_bytes().replace(b"\x11\x01\x04\x00", b"\x11\x01\x05\x00")


@pytest.mark.parametrize(
    ("suffix", "damaged"), [(".bmp", bmp_of_3600_megapixels), (".tif", tiff_at_a_fractional_place)]
)
def test_a_mask_that_lies_about_itself_is_named(tmp_path, suffix, damaged):
    path = tmp_path / f"m{suffix}"
    path.write_bytes(damaged(path))
    with pytest.raises(RecipeError, match=r"m\.\w+ cannot be read .*Save it again"):
        read_mask(path, height=8, width=12)


def test_a_damaged_mask_is_named(tmp_path):
    (tmp_path / "m.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(RecipeError, match=r"m\.png cannot be read"):
        read_mask(tmp_path / "m.png", height=2, width=3)
