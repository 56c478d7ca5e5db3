"""`loupe compare` as a person types it, on pictures that the test makes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner, Result

from engine.comparison.measured import MEASURED
from tests.small_parts import HEIGHT, WIDTH, good_image, save_good, save_png
from tests.workstation.cli.conftest import Loupe
from tests.workstation.cli.test_comparison_page import Page
from workstation.cli.comparison.folder import alone_in
from workstation.cli.main import app

SMALL = ("--size", 64, "--backbones", "gabor", "--device", "cpu")


def labelled(data: Path) -> Path:
    """Write parts with spots that hardly show to plain ones, and a picture that is damaged."""
    save_good(data / "train" / "good", 12)
    save_good(data / "test" / "good", 8, first=100)
    (data / "test" / "good" / "broken.png").write_bytes(b"\x89PNG no more")
    for number in range(8):
        centre, radius, grey = (20 + 7 * number, 36), 2 + number // 2, 112 - 6 * number
        spot = cv2.circle(good_image(200 + number), centre, radius, (grey, grey, grey), -1)
        save_png(np.asarray(spot, np.uint8), data / "test" / "spot" / f"{number:03}.png")
        mask = cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), centre, radius, 255, -1)
        save_png(
            mask[..., None].repeat(3, 2), data / "ground_truth" / "spot" / f"{number:03}_mask.png"
        )
    return data


def compare(folder: Path, *arguments: object) -> Result:
    typed = ("compare", "--out", folder / "out", "--json", folder / "r.json", *SMALL, *arguments)
    variables = {"LOUPE_DATA": str(folder / "data folder")}
    return CliRunner().invoke(app, [str(it) for it in typed], env=variables)


def report(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """Two methods, compared once for all tests."""
    folder = tmp_path_factory.mktemp("comparison")
    data = labelled(folder / "parts")
    which = ("--methods", "patchcore,mahalanobis", "--set", "patchcore.coreset=0.25")
    result = compare(folder, "--data", data, *which)
    assert result.exit_code == 3, "done, but a picture could not be inspected"
    return folder, result


@pytest.mark.slow
def test_the_figures_are_those_of_the_scores_that_were_kept(done: tuple[Path, Result]) -> None:
    folder, _ = done
    found = report(folder)
    assert (found["n_fitted_on"], found["n_good"], found["n_defective"]) == (12, 9, 8)
    assert found["ranked_by"] == "labelled pictures"
    assert {it["method"] for it in found["candidates"]} == {"patchcore", "mahalanobis"}
    by_method = {it["method"]: it for it in found["candidates"]}
    for one in found["candidates"]:
        kept = json.loads(
            (folder / "out" / "candidates" / one["results"] / MEASURED).read_text(encoding="utf-8")
        )
        scores = [picture["score"] for picture in kept["tested"] if picture is not None]
        assert (len(scores), one["n_unreadable"]) == (16, 1)
        assert one["image_auroc"] == pytest.approx(roc_auc_score([0] * 8 + [1] * 8, scores))
        assert one["fit_peak_mb"] >= one["start_mb"] > 50
        assert 0 < one["latency_ms"]["p50"] <= one["latency_ms"]["p95"]
        assert one["release_mb"] > 0 and one["fit_s"] > 0
    first, second = found["candidates"]
    assert first["behind_best"] is None
    assert second["behind_best"]["image_auroc"] == pytest.approx(
        first["image_auroc"] - second["image_auroc"]
    )
    assert by_method["mahalanobis"]["pixel_auroc"] is None
    assert 0 < by_method["patchcore"]["au_pro_05"] <= by_method["patchcore"]["au_pro_30"] <= 1


def numbers(found: Any) -> Iterator[float]:
    match found:
        case dict():
            for value in found.values():
                yield from numbers(value)
        case list():
            for value in found:
                yield from numbers(value)
        case bool():
            pass
        case int() | float():
            yield found


@pytest.mark.slow
def test_the_page_holds_every_figure_of_the_json(done: tuple[Path, Result]) -> None:
    folder, _ = done
    page, found = Page((folder / "out" / "report.html").read_text(encoding="utf-8")), report(folder)
    assert found["conclusion"] in page.text
    for candidate in found["candidates"]:
        assert candidate["name"] in page.text
        for number in numbers(candidate):
            shown = {f"{number:.3f}", f"{number:.1f}", f"{number:.0f}"}
            assert any(text in page.text for text in shown), number
            if 0 < abs(number) <= 1 and number not in (candidate["fit_s"], candidate["release_mb"]):
                assert f"{number:.3f}" in page.text
    assert found["data_sha256"] in page.text
    assert page.seen.count("img") == 0, "one method has a map, so there are none to compare"


@pytest.mark.slow
def test_a_person_reads_the_same(done: tuple[Path, Result]) -> None:
    folder, result = done
    found, lines = report(folder), result.stdout.splitlines()
    assert lines[0] == found["conclusion"]
    assert "fitted on      12 good pictures" in lines
    assert "tested with    9 good pictures and 8 defective pictures" in lines
    (mahalanobis,) = (it for it in found["candidates"] if it["method"] == "mahalanobis")
    row = next(line for line in lines if line.startswith("Mahalanobis AD  "))
    assert f"{mahalanobis['image_auroc']:.3f} (0." in row
    assert row.split()[-3:] == ["–", "–", "–"], "no map"
    assert "Pictures that could not be inspected, left out: 1." in result.stdout
    assert lines[-1] == f"The report with plots and maps is {folder / 'out' / 'report.html'}."


@pytest.mark.slow
def test_without_ng_pictures_drawn_defects_rank_and_one_that_refuses_is_told(
    tmp_path: Path,
) -> None:
    save_good(tmp_path / "parts", 24)
    # There are no weights for resnet18: that candidate cannot be fitted.
    which = ("--methods", "padim", "--backbones", "resnet18,gabor")
    result = compare(tmp_path, "--data", tmp_path / "parts", *which)
    assert result.exit_code == 3, result.stderr
    found = report(tmp_path)
    assert found["ranked_by"] == "drawn defects"
    assert (found["n_fitted_on"], found["n_good"], found["n_defective"]) == (14, 10, 10)
    (candidate,) = found["candidates"]
    assert (candidate["name"], candidate["backbone"]) == ("PaDiM on gabor", "gabor")
    assert candidate["pixel_auroc"] > 0.5
    assert result.stdout.startswith("On drawn defects PaDiM on gabor ")
    assert "tested with    10 good pictures and 10 defects drawn into them" in result.stdout
    assert "No picture is defective, so damage was drawn into" in result.stdout
    (missing,) = found["not_measured"]
    assert missing["name"] == "PaDiM on resnet18"
    assert missing["reason"].startswith("resnet18 has no built-in weights.")
    assert "PaDiM on resnet18 was not measured: resnet18 has no" in result.stdout
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert "On drawn defects" in page.text
    assert missing["reason"] in page.text


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_where_every_candidate_refuses_nothing_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "python"
    stand_in.write_text("""#!/bin/sh\necho '{"refused": "Five pictures are too few."}'\n""")
    stand_in.chmod(0o755)
    monkeypatch.setattr("engine.comparison.apart.sys.executable", str(stand_in))
    data = labelled(tmp_path / "parts")
    result = compare(tmp_path, "--data", data, "--methods", "padim")
    assert result.exit_code == 1
    assert "No candidate could be measured. PaDiM: Five pictures are too few." in result.stderr
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_folder_belongs_to_one_comparison_at_a_time(tmp_path: Path) -> None:
    data, folder = labelled(tmp_path / "parts"), tmp_path / "out"
    unfinished = folder / "candidates" / ".key.working"
    unfinished.mkdir(parents=True)
    with alone_in(folder):
        result = compare(tmp_path, "--data", data, "--methods", "mahalanobis")
        assert result.exit_code == 1
        assert f"Another comparison is writing to {folder} (process {os.getpid()} on " in (
            result.stderr.replace("\n", " ")
        )
        assert unfinished.exists()
    with alone_in(folder):
        pass


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    data = labelled(tmp_path / "parts")
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    result = compare(tmp_path, "--data", data, "--methods", "mahalanobis")
    assert result.exit_code == 1
    assert "A comparison cannot be kept in" in result.stderr
    assert (tmp_path / "out").read_text(encoding="utf-8") == "a file"


@pytest.mark.slow
def test_after_a_kill_and_after_ctrl_c_the_same_command_goes_on(tmp_path: Path) -> None:
    data = labelled(tmp_path / "parts")
    which = ("--data", data, "--methods", "patchcore,padim")
    whole = ("compare", "--out", tmp_path / "out", *SMALL, *which)
    results = tmp_path / "out" / "candidates"

    def begun(n_done: int) -> subprocess.Popen[str]:
        """Run until so many candidates are done and another one has begun."""
        process = subprocess.Popen(
            [sys.executable, "-m", "workstation", *map(str, whole)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"LOUPE_DATA": str(tmp_path / "data folder")},
        )
        while process.poll() is None:
            if len(list(results.glob("[!.]*"))) == n_done and list(results.glob(".*/log.txt")):
                return process
        raise AssertionError(process.communicate())

    killed = begun(0)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    ended = begun(1)
    ended.send_signal(signal.SIGINT)
    _, said = ended.communicate(timeout=180)
    assert ended.returncode == 1, said
    assert "the same command goes on from here" in said
    (first,) = results.iterdir()
    before = (first / MEASURED).read_bytes()
    result = compare(tmp_path, *which)
    assert result.exit_code == 3, "a picture could not be inspected"
    assert "PatchCore: image AUROC" in result.stderr
    assert result.stderr.count("kept from an earlier run") == 1
    assert (first / MEASURED).read_bytes() == before
    assert len(report(tmp_path)["candidates"]) == 2
    assert len(list(results.iterdir())) == 2
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert page.seen.count("img") == 3 * 8, "picture, PatchCore, PaDiM"
    again = compare(tmp_path, *which)
    assert again.stderr.count("kept from an earlier run") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--methods", "patchcor"), "There is no method 'patchcor'. Choose among patchcore"),
        (("--set", "padim.channels=3", "--methods", "patchcore"), "not 'padim.channels=3'"),
        (("--set", "padim.colour=3"), "--set takes NAME=VALUE, not 'colour=3'"),
        (("--backbones", "resnet18=plates"), "plates"),
        (("--backbones", "resnet18=./no.pth"), "could be measured. PatchCore: no.pth could not be"),
        (("--size", 65), "size: a multiple of 32"),
        (("--data", "nowhere"), "There is no folder nowhere"),
        (("--out", "{data}/out"), "lies among the pictures"),
        (("--json", "nowhere/r.json"), "There is no folder nowhere for the JSON report"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    loupe: Loupe, good_folder: Path, tmp_path: Path, arguments: tuple[object, ...], said: str
) -> None:
    given = [str(it).format(data=good_folder) for it in arguments]
    result = loupe("compare", "--data", good_folder, "--out", tmp_path / "out", *given)
    assert result.exit_code == 1
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
