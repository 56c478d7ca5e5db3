"""BTAD as it is downloaded, and what is said where something of it is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.masks import read_mask
from tests.engine.evaluation.small_sets import picture


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """Product 03: pictures and masks are BMP."""
    folder = tmp_path / "03"
    for number in range(3):
        picture(folder / f"train/ok/{number:04}.bmp")
        picture(folder / f"test/ok/{number:04}.bmp")
    for number in range(2):
        picture(folder / f"test/ko/{number:04}.bmp")
        picture(folder / f"ground_truth/ko/{number:04}.bmp", value=255)
    return folder


def bad(data):
    return [it for it in data.test if it.defect_class is not None]


def test_the_layout(product):
    data = open_dataset(product)
    assert [path.name for path in data.train_good] == ["0000.bmp", "0001.bmp", "0002.bmp"]
    assert [it.path.name for it in data.test if it.defect_class is None] == [
        "0000.bmp",
        "0001.bmp",
        "0002.bmp",
    ]
    assert [it.mask for it in bad(data)] == [
        product / "ground_truth/ko/0000.bmp",
        product / "ground_truth/ko/0001.bmp",
    ]
    assert (data.classes, data.n_stray_masks) == (("ko",), 0)


def test_masks_may_have_another_format_than_their_pictures(product):
    masks = product / "ground_truth/ko"
    (masks / "0000.bmp").unlink()
    picture(masks / "0000.PNG", value=255)
    first, _ = bad(open_dataset(product))
    assert first.mask.name == "0000.PNG"
    assert read_mask(first.mask, height=8, width=12).all()


def test_upper_case_suffixes_and_folders(product):
    for path in product.rglob("*.bmp"):
        path.rename(path.with_suffix(".BMP"))
    (product / "test/ko").rename(product / "test/KO")
    (product / "ground_truth").rename(product / "Ground_Truth")
    data = open_dataset(product)
    assert (len(data.train_good), len(data.test)) == (3, 5)
    assert all(it.mask for it in bad(data))


def test_a_missing_mask_is_known_as_missing_and_a_stray_one_is_counted(product):
    masks = product / "ground_truth/ko"
    (masks / "0001.bmp").rename(masks / "0901.bmp")
    data = open_dataset(product)
    assert [it.mask is None for it in bad(data)] == [False, True]
    assert data.n_stray_masks == 1


def test_without_masks_the_pictures_are_still_there(product):
    shutil.rmtree(product / "ground_truth")
    data = open_dataset(product)
    assert (data.has_masks, len(data.test)) == (False, 5)


def test_a_mask_of_another_size_is_refused(product):
    picture(product / "ground_truth/ko/0000.bmp", width=6, height=4)
    mask = bad(open_dataset(product))[0].mask
    with pytest.raises(RecipeError, match="6 × 4 pixels, its picture 12 × 8"):
        read_mask(mask, height=8, width=12)


@pytest.mark.parametrize("missing", ["train/ok", "test/ok"])
def test_a_missing_folder_is_named(product, missing):
    shutil.rmtree(product / missing)
    with pytest.raises(RecipeError, match=f"product of BTAD, but has no folder {missing}"):
        open_dataset(product)


@pytest.mark.parametrize("empty", ["train/ok", "test/ok", "test/ko"])
def test_an_empty_folder_is_named(product, empty):
    for path in (product / empty).iterdir():
        path.unlink()
    with pytest.raises(RecipeError, match=f"{Path(empty).name} holds no pictures"):
        open_dataset(product)
