"""`loupe inspect` as a person types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from engine.inspector import Inspector
from engine.pictures import decode
from engine.recipe import Roi
from engine.releases.folder import MANIFEST, write_release
from tests.small_parts import (
    HEIGHT,
    WIDTH,
    fitted,
    frame_of,
    good_image,
    save_png,
    small_recipe,
    spotted,
)
from tests.workstation.cli.conftest import Loupe, run_process


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return save_png(good_image(100), tmp_path / "pictures" / "good.png")


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    return save_png(spotted(good_image(100)), tmp_path / "pictures" / "bad.png")


def test_every_picture_gets_a_line(
    loupe: Loupe, release_folder: Path, good: Path, bad: Path
) -> None:
    result = loupe("inspect", "--release", release_folder, good, bad)
    assert result.exit_code == 0
    first, second = result.stdout.splitlines()
    assert first.startswith(f"{good}  ") and "  OK  " in first
    assert second.startswith(f"{bad}  ") and "  NG  " in second
    assert second.endswith(" ms") and "1 regions" not in first


def test_json_says_what_the_inspector_found(
    loupe: Loupe, release_folder: Path, good: Path, bad: Path
) -> None:
    report = json.loads(loupe("inspect", "--release", release_folder, good.parent, "--json").stdout)
    assert [Path(row["path"]).name for row in report["pictures"]] == ["bad.png", "good.png"]
    row = report["pictures"][0]
    found = Inspector.open(release_folder, "cpu").inspect(frame_of(spotted(good_image(100))))
    assert (row["score"], row["verdict"]) == (found.score, "NG")
    assert [r["area_px"] for r in row["regions"]] == [r.area_px for r in found.regions]
    assert row["ms"] > 0
    assert report["release"] == found.release_id


def test_overlaid_pictures_are_written(
    loupe: Loupe, release_folder: Path, good: Path, bad: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a" / "b"
    assert loupe("inspect", "--release", release_folder, good, bad, "--out", out).exit_code == 0
    names = sorted(path.name for path in out.iterdir())
    assert names == ["00001_good.png", "00002_bad.png"]
    plain, marked = (decode((out / name).read_bytes(), name) for name in names)
    assert plain.shape == marked.shape == (HEIGHT, WIDTH, 3)
    difference = np.abs(marked.astype(int) - spotted(good_image(100)).astype(int)).max(2)
    assert difference[40, 60] > 40, "the spot glows"


def test_outside_the_roi_nothing_is_painted(loupe: Loupe, bad: Path, tmp_path: Path) -> None:
    recipe = small_recipe(roi=Roi(x=40, y=24, width=48, height=40))
    release = write_release(fitted(recipe), tmp_path / "r").folder
    loupe("inspect", "--release", release, bad, "--out", tmp_path / "out")
    painted = decode((tmp_path / "out" / "00001_bad.png").read_bytes(), "bad")
    same = (painted == spotted(good_image(100))).all(2)
    assert same[:, :39].all() and same[:23].all()
    assert not same[40, 60]


def test_faults_are_told_and_exit_with_3(
    loupe: Loupe, release_folder: Path, good: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(good.read_bytes()[:60])
    paths = (broken, tmp_path / "none.png", good)
    result = loupe("inspect", "--release", release_folder, *paths)
    assert result.exit_code == 3
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{broken}  fault  ")
    assert "none.png" in lines[1] and "  fault  " in lines[1]
    assert "  OK  " in lines[2]
    as_json = loupe("inspect", "--release", release_folder, *paths, "--json")
    assert as_json.exit_code == 3
    assert ["fault" in row for row in json.loads(as_json.stdout)["pictures"]] == [True, True, False]


def test_a_picture_the_roi_does_not_fit_is_a_fault(
    loupe: Loupe, good: Path, tmp_path: Path
) -> None:
    recipe = small_recipe(roi=Roi(x=40, y=24, width=48, height=40))
    release = write_release(fitted(recipe), tmp_path / "r").folder
    small = save_png(good_image(1)[:50, :50], tmp_path / "small.png")
    result = loupe("inspect", "--release", release, small, good)
    assert result.exit_code == 3
    assert "reaches beyond the picture of 50 × 50" in result.stdout


def test_an_unfit_picture_is_a_fault_with_its_sentence(
    loupe: Loupe, release_folder: Path, good: Path, tmp_path: Path
) -> None:
    dark = save_png((good_image(100) * 0.4).astype(np.uint8), tmp_path / "dark.png")
    half = good_image(100)
    half[HEIGHT // 2 :] = 0
    torn = save_png(half, tmp_path / "torn.png")
    result = loupe("inspect", "--release", release_folder, dark, torn, good)
    assert result.exit_code == 3
    first, second, third = result.stdout.splitlines()
    assert first.startswith(f"{dark}  fault  The picture is too dark: brightness 47 of 255")
    assert second.startswith(f"{torn}  fault  The picture was not transmitted whole")
    assert "  OK  " in third


def test_a_score_that_is_no_number_is_a_fault(
    loupe: Loupe, release_folder: Path, good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_number(self: Inspector, frame: object) -> None:
        raise ValueError("A score of nan cannot be judged.")

    monkeypatch.setattr(Inspector, "inspect", no_number)
    result = loupe("inspect", "--release", release_folder, good)
    assert (result.exit_code, "cannot be judged" in result.stdout) == (3, True)


@pytest.mark.parametrize("what", ["missing", "no release", "manifest", "blob", "pickle"])
def test_a_bad_release_is_one_sentence(
    loupe: Loupe, release_folder: Path, good: Path, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "r"
    if what != "missing":
        shutil.copytree(release_folder, folder)
    match what:
        case "no release":
            (folder / MANIFEST).unlink()
        case "manifest":
            path = folder / MANIFEST
            path.write_text(path.read_text().replace('"t2": ', '"t2": 9'))
        case "blob" | "pickle":
            path = next(folder.glob("*.safetensors"))
            if what == "blob":
                path.write_bytes(path.read_bytes()[:-1])
            else:
                torch.save(safetensors.torch.load(path.read_bytes()), path)
    result = loupe("inspect", "--release", folder, good, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    (sentence,) = result.stderr.splitlines()
    assert sentence.startswith("loupe: ")


def test_a_folder_without_pictures_is_one_sentence(
    loupe: Loupe, release_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    result = loupe("inspect", "--release", release_folder, tmp_path / "empty")
    assert result.exit_code == 1
    assert "no picture" in result.stderr


def test_a_place_that_cannot_be_written_is_one_sentence(
    loupe: Loupe, release_folder: Path, good: Path
) -> None:
    result = loupe("inspect", "--release", release_folder, good, "--out", good)
    assert result.exit_code == 1
    assert result.stderr.startswith("loupe: ")


@pytest.mark.slow
def test_as_a_process_json_is_all_there_is_on_the_output(release_folder: Path, good: Path) -> None:
    done = run_process("inspect", "--release", release_folder, good, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["pictures"][0]["verdict"] == "OK"
