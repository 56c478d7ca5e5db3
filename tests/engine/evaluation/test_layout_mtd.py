"""The magnetic tile defects as they are downloaded, and what is said where a piece is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.masks import read_mask
from tests.engine.evaluation.small_sets import picture


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    folder = tmp_path / "Magnetic-tile-defect-datasets.-master"
    for number in range(20):
        picture(folder / f"MT_Free/Imgs/exp1_num_{number}.jpg")
        picture(folder / f"MT_Free/Imgs/exp1_num_{number}.png", value=0)
    for name in ("Blowhole", "Crack"):
        for number in range(2):
            picture(folder / f"MT_{name}/Imgs/exp2_num_{number}.jpg", width=9 + number)
            picture(folder / f"MT_{name}/Imgs/exp2_num_{number}.png", width=9 + number, value=255)
    (folder / "README.md").write_text("not a picture")
    return folder


def test_the_layout(tiles):
    data = open_dataset(tiles)
    assert data.classes == ("Blowhole", "Crack")
    bad = [it for it in data.test if it.defect_class is not None]
    assert [it.path.suffix for it in bad] == [".jpg"] * 4
    assert [it.mask for it in bad] == [it.path.with_suffix(".png") for it in bad]
    assert all(read_mask(it.mask, height=8, width=9 + n % 2).all() for n, it in enumerate(bad))
    assert data.n_stray_masks == 0


def test_a_fifth_of_the_good_pictures_is_held_back(tiles):
    data = open_dataset(tiles)
    held_back = {it.path for it in data.test if it.defect_class is None}
    assert (len(data.train_good), len(held_back)) == (16, 4)
    assert not held_back & set(data.train_good)
    assert not any(it.mask for it in data.test if it.defect_class is None)


def test_the_split_follows_the_names_alone(tiles, tmp_path):
    before = {it.path.stem for it in open_dataset(tiles).test if it.defect_class is None}
    assert before == {"exp1_num_2", "exp1_num_12", "exp1_num_17", "exp1_num_19"}  # by sha256sum
    moved = tiles.rename(tmp_path / "elsewhere")
    for path in (moved / "MT_Free/Imgs").glob("*.jpg"):
        path.rename(path.with_suffix(".JPG"))
    after = {it.path.stem for it in open_dataset(moved).test if it.defect_class is None}
    assert after == before


def test_upper_case_suffixes_and_folders(tiles):
    for path in tiles.rglob("MT_Crack/Imgs/*"):
        path.rename(path.with_suffix(path.suffix.upper()))
    (tiles / "MT_Crack/Imgs").rename(tiles / "MT_Crack/imgs")
    (tiles / "MT_Free").rename(tiles / "mt_free")
    crack = [it for it in open_dataset(tiles).test if it.defect_class == "Crack"]
    assert [it.mask.suffix for it in crack] == [".PNG", ".PNG"]


def test_a_missing_mask_is_known_as_missing_and_a_stray_one_is_counted(tiles):
    crack = tiles / "MT_Crack/Imgs"
    (crack / "exp2_num_0.png").rename(crack / "exp9_num_0.png")
    data = open_dataset(tiles)
    masks = {it.path.name: it.mask for it in data.test if it.defect_class == "Crack"}
    assert masks["exp2_num_0.jpg"] is None
    assert masks["exp2_num_1.jpg"] is not None
    assert data.n_stray_masks == 1


@pytest.mark.parametrize(
    ("away", "missing"),
    [(["MT_Free"], "MT_Free"), (["MT_Blowhole", "MT_Crack"], "MT_<defect class>")],
)
def test_a_missing_kind_is_named(tiles, away, missing):
    for name in away:
        shutil.rmtree(tiles / name)
    with pytest.raises(RecipeError, match=f"has no folder {missing}"):
        open_dataset(tiles)


def test_a_kind_without_its_inner_folder_is_named(tiles):
    (tiles / "MT_Crack/Imgs").rename(tiles / "MT_Crack/pictures")
    with pytest.raises(RecipeError, match="MT_Crack holds no folder Imgs"):
        open_dataset(tiles)


def test_masks_alone_are_no_pictures(tiles):
    for path in (tiles / "MT_Crack/Imgs").glob("*.jpg"):
        path.unlink()
    with pytest.raises(RecipeError, match="Imgs holds no JPEG pictures"):
        open_dataset(tiles)


def test_one_good_picture_cannot_be_split(tiles):
    for path in sorted((tiles / "MT_Free/Imgs").glob("*.jpg"))[1:]:
        path.unlink()
    with pytest.raises(RecipeError, match="none is left to fit on"):
        open_dataset(tiles)
