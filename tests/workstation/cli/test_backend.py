"""The back end of a release: chosen at the fit, shown wherever it judges."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from engine.releases.folder import open_release, write_release
from engine.types import BackendName
from tests.small_parts import good_image, save_png, the_release
from tests.workstation.cli.conftest import Loupe

needs_openvino = pytest.mark.skipif(
    find_spec("openvino") is None, reason="openvino is not installed"
)
SMALL = ("--size", 64, "--coreset", 0.25, "--backbone", "gabor")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save_png(good_image(100), tmp_path / "good.png")


@needs_openvino
def test_it_is_named_at_the_fit_and_told_since(
    loupe: Loupe, good_folder: Path, picture: Path
) -> None:
    fit = ("fit", "--images", good_folder, "--backend", "openvino", *SMALL)
    report = json.loads(loupe(*fit, "--json").stdout)
    assert (report["backend"], report["precision"], report["backend_ms"]) == (
        "openvino",
        "float32",
        {},
    )
    inspect = ("inspect", "--release", report["release"], "--device", "cpu", picture)
    told = json.loads(loupe(*inspect, "--json").stdout)["computed_by"]
    assert told == {"backend": "openvino", "precision": "float32", "device": "cpu"}
    result = loupe(*inspect)
    assert result.stderr == "Computed by openvino in float32 on cpu.\n"
    assert len(result.stdout.splitlines()) == 1
    assert "openvino in float32" in loupe("releases", "list").stdout


@needs_openvino
def test_auto_says_what_it_measured(loupe: Loupe, good_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "r"
    fit = ("fit", "--images", good_folder, "--out", out, "--device", "cpu", *SMALL)
    result = loupe(*fit, "--backend", "auto")
    record = open_release(out).manifest.backend
    assert set(record.latency_ms) == set(BackendName)
    line = next(line for line in result.stdout.splitlines() if line.startswith("back end"))
    assert line.startswith(f"back end       {record.name} in float32 (one picture here: torch ")


def test_another_one_that_judges_is_told(
    loupe: Loupe, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = the_release().manifest
    record = manifest.backend.model_copy(update={"name": BackendName.OPENVINO})
    changed = manifest.model_copy(update={"backend": record}).sealed()
    fitted = type(the_release())(changed, the_release().blobs)
    folder = write_release(fitted, tmp_path / "r").folder
    monkeypatch.setitem(sys.modules, "openvino", None)
    result = loupe("inspect", "--release", folder, "--device", "cpu", picture)
    assert result.exit_code == 0
    first, last = result.stderr.splitlines()
    assert "was fitted with openvino in float32, which does not do here" in first
    assert "openvino is not installed" in first
    assert last == "Computed by torch in float32 on cpu."


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--backend", "abacus"), "--backend is torch, openvino or auto, not 'abacus'."),
        (("--precision", "float16"), "torch in float16 on cpu: float16 needs a GPU. Use"),
    ],
)
def test_what_is_not_there_is_a_sentence(
    loupe: Loupe, good_folder: Path, tmp_path: Path, wrong: tuple[str, str], said: str
) -> None:
    fit = ("fit", "--images", good_folder, "--out", tmp_path / "r", "--device", "cpu", *SMALL)
    result = loupe(*fit, *wrong)
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
