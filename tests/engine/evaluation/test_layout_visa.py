"""VisA as it is downloaded, and what is said where something of it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.masks import read_mask
from tests.engine.evaluation.small_sets import picture

HEADER = "object,split,label,image,mask"


@pytest.fixture
def visa(tmp_path: Path) -> Path:
    """The folder that holds the objects candle and pcb1; the table names files of both."""
    rows = [HEADER]
    for name in ("candle", "pcb1"):
        for number in range(5):
            path = f"{name}/Data/Images/Normal/{number:04}.JPG"
            picture(tmp_path / path)
            rows.append(f"{name},{'train' if number < 3 else 'test'},normal,{path},")
        for number in range(2):
            path = f"{name}/Data/Images/Anomaly/{number:03}.JPG"
            mask = f"{name}/Data/Masks/Anomaly/{number:03}.png"
            picture(tmp_path / path)
            picture(tmp_path / mask, value=number + 1)  # the number of the defect class
            rows.append(f"{name},test,anomaly,{path},{mask}")
    write_table(tmp_path, rows)
    return tmp_path


def write_table(root: Path, rows: list[str], encoding: str = "utf-8") -> Path:
    table = root / "split_csv/1cls.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("\n".join(rows) + "\n", encoding=encoding)
    return table


def rows_of(root: Path) -> list[str]:
    return (root / "split_csv/1cls.csv").read_text().splitlines()


def test_the_table_splits_the_pictures_of_one_object(visa):
    data = open_dataset(visa / "candle")
    assert [path.name for path in data.train_good] == ["0000.JPG", "0001.JPG", "0002.JPG"]
    assert {path.parents[3].name for path in data.train_good} == {"candle"}
    good = [it for it in data.test if it.defect_class is None]
    bad = [it for it in data.test if it.defect_class is not None]
    assert [it.path.name for it in good] == ["0003.JPG", "0004.JPG"]
    assert [(it.path.name, it.mask.name) for it in bad] == [
        ("000.JPG", "000.png"),
        ("001.JPG", "001.png"),
    ]
    assert data.classes == ("anomaly",)
    assert data.n_stray_masks == 0
    assert read_mask(bad[0].mask, height=8, width=12).all(), "a class number of 1 is a mask too"


def test_the_folder_may_be_named_from_inside(visa, monkeypatch):
    monkeypatch.chdir(visa / "candle")
    assert len(open_dataset(Path()).train_good) == 3


def test_the_folder_may_be_a_link_to_where_there_is_room(visa):
    (visa / "candle").rename(visa / "large disk")
    (visa / "candle").symlink_to(visa / "large disk", target_is_directory=True)
    assert len(open_dataset(visa / "candle").train_good) == 3


def test_names_count_in_any_case_and_the_table_may_come_from_another_program(visa):
    rows = [row.replace("/", "\\").replace(".JPG", ".jpg") for row in rows_of(visa)]
    write_table(visa, [row.replace(",normal,", ",Normal, ") for row in rows], "utf-8-sig")
    (visa / "candle").rename(visa / "Candle")
    data = open_dataset(visa / "Candle")
    assert (len(data.train_good), len(data.test)) == (3, 4)
    assert all(it.mask for it in data.test if it.defect_class)


def test_a_missing_mask_is_known_as_missing_and_a_stray_one_is_counted(visa):
    masks = visa / "candle/Data/Masks/Anomaly"
    (masks / "001.png").rename(masks / "901.png")
    data = open_dataset(visa / "candle")
    assert [it.mask is None for it in data.test if it.defect_class] == [False, True]
    assert data.n_stray_masks == 1


def test_without_any_mask_the_pictures_are_still_there(visa):
    for path in (visa / "candle/Data/Masks/Anomaly").iterdir():
        path.unlink()
    (visa / "candle/Data/Masks/Anomaly").rmdir()
    data = open_dataset(visa / "candle")
    assert (data.has_masks, data.n_stray_masks, len(data.test)) == (False, 0, 4)


def test_the_folder_of_all_objects_names_them(visa):
    with pytest.raises(RecipeError, match=r"holds some: candle, pcb1\. Name one of them"):
        open_dataset(visa)


def test_an_object_that_the_table_does_not_know(visa):
    (visa / "candle").rename(visa / "candles")
    with pytest.raises(RecipeError, match=r"knows no object candles \(only candle, pcb1\)"):
        open_dataset(visa / "candles")


def test_an_object_without_the_table_says_which_is_missing(visa):
    (visa / "split_csv/1cls.csv").unlink()
    with pytest.raises(RecipeError, match=r"split_csv/1cls\.csv is not beside it"):
        open_dataset(visa / "candle")


def test_pictures_that_the_table_names_and_nobody_has(visa):
    (visa / "candle/Data/Images/Normal/0001.JPG").unlink()
    (visa / "candle/Data/Images/Anomaly/000.JPG").unlink()
    with pytest.raises(RecipeError, match=r"names 2 pictures .* first candle.*Normal/0001\.JPG"):
        open_dataset(visa / "candle")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (HEADER, "object,split,label,image", "should have the columns object, split, label"),
        ("candle,train,normal", "candle,train,anomaly", "row 2: split 'train' with label 'anom"),
        ("candle,test,normal", "candle,validation,normal", "row 5: split 'validation'"),
        ("candle,test,anomaly", "pcb1,test,anomaly", "no good or no defective test picture"),
    ],
)
def test_a_table_of_other_content_is_refused_in_a_sentence(visa, old, new, sentence):
    write_table(visa, [row.replace(old, new) for row in rows_of(visa)])
    with pytest.raises(RecipeError, match=sentence):
        open_dataset(visa / "candle")


@pytest.mark.parametrize("content", [b"", HEADER.encode() + b"\n", b"\xff\xfe\x00 no text"])
def test_a_damaged_table_is_named(visa, content):
    (visa / "split_csv/1cls.csv").write_bytes(content)
    with pytest.raises(RecipeError, match=r"1cls\.csv .*Unpack it again"):
        open_dataset(visa / "candle")
