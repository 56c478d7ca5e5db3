"""`loupe evaluate` on data sets that the test makes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.releases.folder import open_release
from tests.small_parts import HEIGHT, WIDTH, good_image, save_good, save_png, spotted
from tests.workstation.cli.conftest import Loupe


@pytest.fixture
def two_folders(tmp_path: Path) -> Path:
    data = tmp_path / "two folders"
    save_good(data / "good", 6, first=100)
    for number in range(4):
        save_png(spotted(good_image(200 + number)), data / "bad" / f"{number}.png")
    return data


@pytest.fixture
def mvtec(tmp_path: Path) -> Path:
    data = tmp_path / "mvtec"
    save_good(data / "train" / "good", 3)
    save_good(data / "test" / "good", 6, first=100)
    for name, x in (("left", 24), ("right", 72)):
        for number in range(3):
            picture = spotted(good_image(200 + number), x=x, y=36)
            save_png(picture, data / "test" / name / f"{number:03}.png")
            mask = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), (x, 36), 8, 255, -1)
            save_png(
                mask[..., None].repeat(3, 2), data / "ground_truth" / name / f"{number:03}_mask.png"
            )
    return data


def test_two_plain_folders(loupe: Loupe, release_folder: Path, two_folders: Path) -> None:
    result = loupe("evaluate", "--release", release_folder, "--data", two_folders, "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["method"], report["backbone"]) == ("patchcore", "gabor")
    assert (report["n_good"], report["n_defective"]) == (6, 4)
    assert report["image_auroc"] == 1.0
    assert (report["pixel_auroc"], report["au_pro_30"]) == (None, None)
    assert report["per_class"] == {"bad": 1.0}
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p95"]
    assert report["release_mb"] == open_release(release_folder).size_bytes() / 1e6


def test_the_mvtec_layout(loupe: Loupe, release_folder: Path, mvtec: Path) -> None:
    result = loupe("evaluate", "--release", release_folder, "--data", mvtec, "--json")
    report = json.loads(result.stdout)
    assert (report["n_good"], report["n_defective"], report["n_defects"]) == (6, 6, 6)
    assert report["per_class"] == {"left": 1.0, "right": 1.0}
    assert 0.7 < report["pixel_auroc"] <= 1
    assert 0 < report["au_pro_30"] <= 1


def test_a_product_of_btad(loupe: Loupe, release_folder: Path, mvtec: Path) -> None:
    for kind in ("train", "test"):
        (mvtec / kind / "good").rename(mvtec / kind / "ok")
    for kind in ("test", "ground_truth"):
        (mvtec / kind / "left").rename(mvtec / kind / "ko")
    shutil.rmtree(mvtec / "test" / "right")
    result = loupe("evaluate", "--release", release_folder, "--data", mvtec, "--json")
    report = json.loads(result.stdout)
    assert (report["n_good"], report["n_defective"], report["n_defects"]) == (6, 3, 3)
    assert report["per_class"] == {"ko": 1.0}
    assert 0 < report["au_pro_05"] <= report["au_pro_30"] <= 1
    assert 0 < report["region_iou"] <= 1
    assert report["image_f1_max"] == 1.0
    assert report["image_f1_max_95"] is None, "every draw is ranked right, which promises nothing"
    again = loupe("evaluate", "--release", release_folder, "--data", mvtec.parent, "--json")
    assert again.exit_code == 1
    assert "Name one of them" in again.stderr


def test_a_person_reads_the_same_figures(loupe: Loupe, release_folder: Path, mvtec: Path) -> None:
    lines = loupe("evaluate", "--release", release_folder, "--data", mvtec).stdout.splitlines()
    assert lines[0].startswith("patchcore on gabor, release ")
    assert any(line.startswith("image AUROC    1.000  (95 %: 0.") for line in lines)
    assert any(line.startswith("AU-PRO (0.05)  0.") for line in lines)
    assert any(line.startswith("region IoU     0.") for line in lines)
    assert any(line.split() == ["left", "1.000"] for line in lines)
    result = loupe("evaluate", "--release", release_folder, "--data", mvtec, "--json")
    report = json.loads(result.stdout)
    overkill, missed = (round(6 * report[name]) for name in ("overkill", "missed_share"))
    assert any(line.startswith(f"overkill       {overkill} of 6 (") for line in lines)
    assert any(line.startswith(f"missed         {missed} of 6 (") for line in lines)


def test_an_unreadable_test_picture_is_counted(
    loupe: Loupe, release_folder: Path, two_folders: Path
) -> None:
    (two_folders / "good" / "broken.png").write_bytes(b"\x89PNG no more")
    result = loupe("evaluate", "--release", release_folder, "--data", two_folders, "--json")
    report = json.loads(result.stdout)
    assert (report["n_unreadable"], report["n_good"]) == (1, 6)
    assert result.exit_code == 3, "done, but some pictures were faults"


def test_pictures_unfit_for_a_verdict_are_measured_all_the_same(
    loupe: Loupe, release_folder: Path, two_folders: Path
) -> None:
    dark = (spotted(good_image(300)) * 0.5).astype(np.uint8)
    save_png(dark, two_folders / "bad" / "dark.png")
    result = loupe("evaluate", "--release", release_folder, "--data", two_folders, "--json")
    assert (result.exit_code, json.loads(result.stdout)["n_defective"]) == (0, 5)


@pytest.mark.parametrize("what", ["missing", "no layout", "empty class", "mask of another size"])
def test_data_that_cannot_be_used_is_one_sentence(
    loupe: Loupe, release_folder: Path, mvtec: Path, what: str
) -> None:
    data = mvtec
    match what:
        case "missing":
            data = mvtec / "nowhere"
        case "no layout":
            data = mvtec / "ground_truth"
        case "empty class":
            (mvtec / "test" / "none").mkdir()
        case _:
            save_png(good_image(0)[:9, :9], mvtec / "ground_truth" / "left" / "000_mask.png")
    result = loupe("evaluate", "--release", release_folder, "--data", data, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.strip().splitlines()[-1].lstrip().startswith("loupe: ")
    assert "Traceback" not in result.stderr
