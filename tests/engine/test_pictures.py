from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from engine.errors import PictureError, SourceError
from engine.pictures import (
    FilePicture,
    Picture,
    file_pictures,
    image_sha256,
    is_picture_name,
    list_pictures,
    pictures_lying_in,
)
from tests.engine.picture_files import saved, scene


def test_a_file_picture_gives_its_image_and_the_hash_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "part 1.png"
    path.write_bytes(saved(scene(), "PNG"))
    picture: Picture = FilePicture(path, "part 1")
    image, sha256 = picture.load()
    assert picture.name == "part 1.png"
    assert np.array_equal(image, scene())
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_gone_is_a_picture_error(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"gone\.png could not be read"):
        FilePicture(tmp_path / "gone.png", "gone").load()


def test_pictures_are_listed_in_counting_order_and_nothing_else(tmp_path: Path) -> None:
    wanted = ["part 1.png", "part 2.JPG", "part 10.tiff", "Part 11.webp", "part 011.webp"]
    others = [".hidden.png", "~lock.png", "part.png.tmp", "part.png.part", "x.crdownload", "png"]
    for name in [*reversed(wanted), *others]:
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "part 3.png").touch()
    assert [path.name for path in list_pictures(tmp_path)] == wanted


def test_a_missing_folder_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere could not be read"):
        list_pictures(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["part.png", "part.JPeG", "a.b.tif", "ü.webp"])
def test_picture_names(name: str) -> None:
    assert is_picture_name(name)


@pytest.mark.parametrize("name", ["", "png", ".png", "part", "part.", "part.png~", "part.txt"])
def test_other_names(name: str) -> None:
    assert not is_picture_name(name)


def test_pictures_of_one_part_share_a_group(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("p7_view1.png", "p7_view2.png", "p8_view1.png")]
    groups = [picture.group for picture in file_pictures(paths, r"^(p\d+)_")]
    assert groups == ["p7", "p7", "p8"]
    assert [picture.group for picture in file_pictures(paths)] == [path.name for path in paths]


def test_the_hash_of_an_image_knows_its_shape() -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    assert image_sha256(image) != image_sha256(image.reshape(6, 4, 3))
    assert image_sha256(image[:, ::2]) == image_sha256(np.zeros((4, 3, 3), np.uint8))


def test_where_there_is_none_the_folders_that_may_be_meant_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"no picture in .*\. Name the folder in which"):
        pictures_lying_in(tmp_path)
    for name in ("train", "test"):
        (tmp_path / name).mkdir()
    with pytest.raises(SourceError, match="; it holds the folders test, train"):
        pictures_lying_in(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    assert pictures_lying_in(tmp_path) == [tmp_path / "a.png"]
