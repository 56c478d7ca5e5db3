"""Finding labelled pictures in real folders, and the sentences when they are not as expected."""

from __future__ import annotations

import os
from pathlib import Path

import PIL.Image
import pytest

from engine.errors import RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.masks import read_mask
from tests.engine.evaluation.small_sets import picture


@pytest.fixture
def mvtec(tmp_path: Path) -> Path:
    for number in range(3):
        picture(tmp_path / f"train/good/{number}.png")
        picture(tmp_path / f"test/good/{number}.png")
        picture(tmp_path / f"test/crack/{number}.jpg")
        picture(tmp_path / f"ground_truth/crack/{number}_mask.png", value=255)
    picture(tmp_path / "test/fray/0.png")
    picture(tmp_path / "ground_truth/fray/0.png", value=255)
    (tmp_path / "license.txt").write_text("not a picture")
    return tmp_path


def test_the_mvtec_layout(mvtec):
    data = open_dataset(mvtec)
    assert [path.name for path in data.train_good] == ["0.png", "1.png", "2.png"]
    assert data.classes == ("crack", "fray")
    assert data.has_masks
    assert data.n_stray_masks == 0
    good = [it for it in data.test if it.defect_class is None]
    assert len(good) == 3
    assert not any(it.mask for it in good)
    crack = [it for it in data.test if it.defect_class == "crack"]
    assert [it.mask.name for it in crack] == ["0_mask.png", "1_mask.png", "2_mask.png"]


def test_masks_may_bear_the_bare_name_of_their_picture(mvtec):
    (fray,) = [it for it in open_dataset(mvtec).test if it.defect_class == "fray"]
    assert fray.mask == mvtec / "ground_truth/fray/0.png"


def test_a_missing_mask_is_known_as_missing(mvtec):
    (mvtec / "ground_truth/crack/1_mask.png").rename(mvtec / "ground_truth/crack/9_mask.png")
    data = open_dataset(mvtec)
    (second,) = [it for it in data.test if it.path.name == "1.jpg"]
    assert second.mask is None
    assert data.has_masks
    assert data.n_stray_masks == 1


@pytest.mark.parametrize(("good", "bad"), [("good", "bad"), ("OK", "NG"), ("Good", "Defective")])
def test_two_plain_folders(tmp_path, good, bad):
    picture(tmp_path / good / "a.png")
    picture(tmp_path / bad / "b.png")
    data = open_dataset(tmp_path)
    assert [(it.path.name, it.defect_class) for it in data.test] == [
        ("a.png", None),
        ("b.png", bad),
    ]
    assert data.train_good == ()
    assert not data.has_masks


def test_folders_inside_the_bad_one_are_defect_classes(tmp_path):
    picture(tmp_path / "good/a.png")
    picture(tmp_path / "bad/b.png")
    picture(tmp_path / "bad/scratch/c.png")
    picture(tmp_path / "bad/dent/d.png")
    assert open_dataset(tmp_path).classes == ("bad", "dent", "scratch")


def test_a_folder_of_another_layout_names_what_was_found(tmp_path):
    picture(tmp_path / "monday/a.png")
    with pytest.raises(RecipeError, match="monday"):
        open_dataset(tmp_path)


def test_a_folder_of_data_sets_names_them(tmp_path):
    for number in ("01", "02"):
        for inside in ("train/ok", "test/ok", "test/ko"):
            picture(tmp_path / number / inside / "0.bmp")
    with pytest.raises(
        RecipeError, match=r"no data set, but holds some: 01, 02\. Name one of them"
    ):
        open_dataset(tmp_path)


def test_a_part_of_a_data_set_names_the_whole(mvtec):
    with pytest.raises(RecipeError, match=rf"part of a data set\. Name the whole of it, {mvtec}"):
        open_dataset(mvtec / "test")


def test_good_under_two_names_is_refused(tmp_path):
    for name in ("good", "ok", "bad"):
        picture(tmp_path / name / "a.png")
    with pytest.raises(RecipeError, match="no layout"):
        open_dataset(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"There is no folder .*nowhere"):
        open_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize("missing", ["test/good", "test/crack", "train/good"])
def test_an_empty_folder_is_named(mvtec, missing):
    for path in (mvtec / missing).iterdir():
        path.unlink()
    with pytest.raises(RecipeError, match=f"{Path(missing).name} holds no pictures"):
        open_dataset(mvtec)


def test_a_test_set_needs_good_pictures_and_defective_ones(tmp_path):
    picture(tmp_path / "test/crack/a.png")
    with pytest.raises(RecipeError, match="must hold one folder good"):
        open_dataset(tmp_path)
    (tmp_path / "test/crack").rename(tmp_path / "test/good")
    with pytest.raises(RecipeError, match="at least one folder of defective"):
        open_dataset(tmp_path)


@pytest.mark.skipif("LOUPE_PARTS" not in os.environ, reason="LOUPE_PARTS names no real parts")
def test_every_mask_of_the_real_parts_fits_its_picture():
    data = open_dataset(Path(os.environ["LOUPE_PARTS"]))
    assert data.train_good
    assert data.n_stray_masks == 0
    for labelled in data.test:
        if labelled.defect_class is not None:
            with PIL.Image.open(labelled.path) as header:
                assert read_mask(labelled.mask, height=header.height, width=header.width).any()
