"""The same pictures for all candidates, from whatever a person has in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from engine.comparison.drawn_defects import KINDS, damaged
from engine.comparison.split import Split, split_of
from engine.errors import RecipeError
from engine.evaluation.masks import read_mask
from tests.engine.evaluation.small_sets import picture
from tests.small_parts import finished, good_image, save_good, save_png, spotted


def split(folder: Path, tmp_path: Path, *, part_pattern: str | None = None, seed: int = 0) -> Split:
    return finished(split_of(folder, tmp_path / "out", part_pattern=part_pattern, seed=seed))


def names(split: Split, *, good: bool) -> list[str]:
    return [it.path.name for it in split.dataset.test if (it.defect_class is None) is good]


def mvtec(folder: Path) -> None:
    for number in range(4):
        picture(folder / "train" / "good" / f"{number}.png", value=10 + number)
    picture(folder / "test" / "good" / "0.png", value=50)
    picture(folder / "test" / "hole" / "0.png")
    picture(folder / "ground_truth" / "hole" / "0_mask.png")


def btad(folder: Path) -> None:
    for number in range(4):
        picture(folder / "train" / "ok" / f"{number}.bmp", value=10 + number)
    picture(folder / "test" / "ok" / "0.bmp", value=50)
    picture(folder / "test" / "ko" / "0.bmp")
    picture(folder / "ground_truth" / "ko" / "0.png")


def mtd(folder: Path) -> None:
    for number in range(10):
        picture(folder / "MT_Free" / "Imgs" / f"f{number}.jpg", value=20 * number)
    picture(folder / "MT_Crack" / "Imgs" / "c.jpg")
    picture(folder / "MT_Crack" / "Imgs" / "c.png")


def visa(folder: Path) -> None:
    lines = ["object,split,label,image,mask"]
    for number in range(5):
        name = f"{folder.name}/Data/Images/Normal/{number}.JPG"
        picture(folder.parent / name, value=20 * number)
        lines.append(f"{folder.name},{'train' if number else 'test'},normal,{name},")
    name, mask = (
        f"{folder.name}/Data/{it}" for it in ("Images/Anomaly/0.JPG", "Masks/Anomaly/0.png")
    )
    picture(folder.parent / name)
    picture(folder.parent / mask)
    lines.append(f"{folder.name},test,anomaly,{name},{mask}")
    (folder.parent / "split_csv").mkdir()
    (folder.parent / "split_csv" / "1cls.csv").write_text("\n".join(lines))


def plain(folder: Path) -> None:
    for number in range(5):
        picture(folder / "good" / f"{number}.png", value=20 * number)
    picture(folder / "bad" / "0.png")


@pytest.mark.parametrize(
    ("layout", "n_fitted_on", "n_good"),
    [(mvtec, 4, 1), (btad, 4, 1), (mtd, 8, 2), (visa, 4, 1), (plain, 3, 2)],
)
def test_every_layout_goes_through(
    tmp_path: Path, layout: object, n_fitted_on: int, n_good: int
) -> None:
    assert callable(layout)
    layout(tmp_path / "parts")
    found = split(tmp_path / "parts", tmp_path)
    assert not found.drawn
    assert len(found.dataset.train_good) == n_fitted_on
    assert (len(names(found, good=True)), len(names(found, good=False))) == (n_good, 1)
    assert bool(found.remarks) is (layout is plain)


def test_what_is_held_out_hangs_on_the_names_alone(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        for number in range(100):
            picture(tmp_path / folder / "good" / f"{number}.png", value=number)
        picture(tmp_path / folder / "bad" / "0.png")
    shutil.copy(tmp_path / "two/good/0.png", tmp_path / "two" / "good" / "another.png")
    ours, theirs = (split(tmp_path / it, tmp_path) for it in ("one", "two"))
    assert len(names(ours, good=True)) == 20
    assert len(set(names(ours, good=True)) & set(names(theirs, good=True))) >= 19
    assert ours.sha256 != theirs.sha256


def test_copies_and_pictures_of_one_part_stay_together(tmp_path: Path) -> None:
    for number in range(12):
        for view in "ab":
            picture(tmp_path / "parts" / "good" / f"p{number}_{view}.png", value=10 * number)
    picture(tmp_path / "parts" / "bad" / "0.png")
    for pattern in (None, r"(p\d+)_"):
        found = split(tmp_path / "parts", tmp_path, part_pattern=pattern)
        fitted_on = {path.name.partition("_")[0] for path in found.dataset.train_good}
        held_out = {name.partition("_")[0] for name in names(found, good=True)}
        assert not fitted_on & held_out
        assert len(fitted_on | held_out) == 12


def test_copies_of_what_is_fitted_on_are_not_tested_with(tmp_path: Path) -> None:
    mvtec(tmp_path / "parts")
    shutil.copy(tmp_path / "parts/train/good/1.png", tmp_path / "parts" / "test" / "good" / "1.png")
    found = split(tmp_path / "parts", tmp_path)
    assert names(found, good=True) == ["0.png"]
    assert "left out as copies of pictures to fit on: 1." in found.remarks[0]


@pytest.mark.parametrize("where", ["parts", "parts/good", "parts/train/good", "parts/MT_Free/Imgs"])
def test_good_pictures_alone_get_drawn_defects(tmp_path: Path, where: str) -> None:
    for path in save_good(tmp_path / where, 24):
        if "MT_Free" in where:
            PIL.Image.open(path).save(path.with_suffix(".jpg"), quality=100)
    found = split(tmp_path / "parts", tmp_path)
    assert found.drawn
    assert "damage was drawn" in " ".join(found.remarks)
    assert len(found.dataset.train_good) == 14
    assert len(names(found, good=True)) == len(names(found, good=False)) == 10
    assert len(found.dataset.classes) > 1
    assert set(found.dataset.classes) <= set(KINDS)
    for it in found.dataset.test:
        if it.defect_class is not None:
            assert it.mask is not None
            assert read_mask(it.mask, height=72, width=96).any()


def test_damage_is_drawn_into_those_held_out_by_the_folder_itself(tmp_path: Path) -> None:
    save_good(tmp_path / "parts" / "train" / "good", 6)
    save_good(tmp_path / "parts" / "test" / "good", 3, first=50)
    found = split(tmp_path / "parts", tmp_path)
    assert names(found, good=True) == ["part050.png", "part051.png", "part052.png"]
    assert len(names(found, good=False)) == 3
    again = split(tmp_path / "parts", tmp_path)
    assert again == found, "what was drawn is used again"
    shutil.rmtree(tmp_path / "out")
    assert split(tmp_path / "parts", tmp_path).sha256 == found.sha256, "drawn anew, the same"
    assert split(tmp_path / "parts", tmp_path, seed=1).sha256 != found.sha256


@pytest.mark.parametrize("kind", KINDS)
def test_damage_changes_the_picture_where_the_mask_says(kind: str) -> None:
    blocks = np.random.default_rng(0).integers(60, 200, (18, 24, 1)).astype(np.uint8)
    image = blocks.repeat(4, 0).repeat(4, 1).repeat(3, 2)
    found = damaged(image, kind, 0, 1)
    assert found is not None
    drawn, mask = found
    change = np.abs(drawn.astype(float) - image).mean(axis=2)
    assert (drawn.shape, mask.shape) == (image.shape, image.shape[:2])
    assert change[mask].mean() > 8
    assert change[mask].mean() > 4 * change[~mask].mean()
    again = damaged(image, kind, 0, 1)
    assert again is not None
    assert np.array_equal(drawn, again[0])


def test_damage_that_nobody_would_see_is_not_drawn() -> None:
    even = np.full((72, 96, 3), 90, np.uint8)
    assert damaged(even, "displaced", 0, 1) is None
    assert damaged(even, "smear", 0, 1) is None
    assert damaged(even, "spot", 0, 1) is not None


def test_one_part_cannot_be_split(tmp_path: Path) -> None:
    picture(tmp_path / "parts" / "good" / "a.png")
    with pytest.raises(RecipeError, match="show one part"):
        split(tmp_path / "parts", tmp_path)


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    PIL.Image.new("RGB", (8, 8)).save(picture(tmp_path / "parts" / "odd" / "a.png"))
    with pytest.raises(RecipeError, match="no layout that Loupe knows"):
        split(tmp_path / "parts", tmp_path)
    with pytest.raises(RecipeError, match="There is no folder"):
        split(tmp_path / "nowhere", tmp_path)


def test_an_unreadable_good_picture_gets_no_damage(tmp_path: Path) -> None:
    save_good(tmp_path / "parts" / "train" / "good", 6)
    save_png(spotted(good_image(1)), tmp_path / "parts" / "test" / "good" / "a.png")
    (tmp_path / "parts" / "test" / "good" / "b.png").write_bytes(b"\x89PNG no more")
    found = split(tmp_path / "parts", tmp_path)
    assert (len(names(found, good=True)), len(names(found, good=False))) == (2, 1)
