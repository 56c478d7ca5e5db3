"""`loupe simulate`: what lies in the folder afterwards, and that nothing does otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import engine.synthetic.labelled as labelled
from engine.decoding import decode
from engine.evaluation.datasets import open_dataset
from engine.evaluation.masks import read_mask
from engine.synthetic.labelled import write_dataset
from engine.synthetic.parts.parts import PARTS
from tests.workstation.cli.conftest import Loupe

pytestmark = pytest.mark.slow


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw a handful of parts instead of 380."""
    monkeypatch.setattr(labelled, "GOOD_TO_FIT", 2)
    monkeypatch.setattr(labelled, "GOOD_TO_TEST", 1)
    monkeypatch.setattr(labelled, "DEFECTIVE", 8)


@pytest.mark.usefixtures("few")
def test_the_folder_is_a_data_set(loupe: Loupe, tmp_path: Path) -> None:
    out = tmp_path / "Prüflinge" / "ring"
    result = loupe("simulate", "--part", "ring", "--strength", 0.5, "--out", out, "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["part"], report["strength"], report["seed"]) == ("ring", 0.5, 0)
    assert (report["train_good"], report["test_good"]) == (2, 1)
    assert report["defective"] == {
        kind.value: 1 + (number == 0) for number, kind in enumerate(PARTS["ring"].kinds)
    }
    dataset = open_dataset(out)
    assert len(dataset.train_good) == 2
    assert [it.defect_class for it in dataset.test].count(None) == 1
    assert set(dataset.classes) == {kind.value for kind in PARTS["ring"].kinds}
    assert dataset.n_stray_masks == 0
    for it in dataset.test:
        image = decode(it.path.read_bytes(), it.path.name)
        if it.defect_class is not None:
            assert it.mask is not None
            height, width = image.shape[:2]
            assert 0 < read_mask(it.mask, height=height, width=width).mean() < 0.01


@pytest.mark.usefixtures("few")
def test_the_seed_decides_everything(loupe: Loupe, tmp_path: Path) -> None:
    def pictures(name: str, seed: int) -> dict[str, bytes]:
        folder = tmp_path / name
        assert loupe("simulate", "--part=ring", f"--seed={seed}", "--out", folder).exit_code == 0
        return {str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*.png")}

    once, again, other = pictures("a", 3), pictures("b", 3), pictures("c", 4)
    assert once == again
    assert once.keys() == other.keys()
    train = [name for name in once if name.startswith("train")]
    assert not {once[name] for name in train} & {other[name] for name in train}


def test_a_folder_with_something_in_it_is_refused(loupe: Loupe, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    result = loupe("simulate", "--part", "board", "--out", tmp_path, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "choose another folder" in result.stderr
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("wrong", [("--part", "gear"), ("--part", "ring", "--strength", "0")])
def test_what_it_does_not_know_is_said(loupe: Loupe, tmp_path: Path, wrong: tuple[str]) -> None:
    assert loupe("simulate", *wrong, "--out", tmp_path / "new").exit_code == 2
    assert not (tmp_path / "new").exists()


def test_a_cancelled_one_leaves_nothing(tmp_path: Path) -> None:
    steps = write_dataset(tmp_path / "ring", "ring", strength=1.0, seed=0)
    next(steps)
    assert list(tmp_path.iterdir()), "it is being written"
    steps.close()
    assert not list(tmp_path.iterdir())
