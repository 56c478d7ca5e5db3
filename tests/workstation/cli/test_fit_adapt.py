"""`loupe fit --adapt` and `--adapt-steps` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.fitting import release as fitting
from engine.pretraining.adaptation import adapt as adapting
from engine.pretraining.adaptation import ranking, sizes
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.releases.folder import open_release
from tests.small_parts import good_image, save_good, save_png, spotted
from tests.workstation.cli.conftest import Loupe

pytestmark = pytest.mark.slow

SMALL = ("--size", 64, "--coreset", 0.25)


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        fitting, "AdaptationPlan", lambda seed: AdaptationPlan(seed=seed, damaged=24, hidden=8)
    )
    monkeypatch.setattr(ranking, "_PER_KIND", 6)
    monkeypatch.setattr(adapting, "MOST_STEPS", 4)
    monkeypatch.setattr(adapting, "LEAST_STEPS", 4)


@pytest.mark.parametrize(("gain", "said"), [(-1.0, "kept, step "), (1.0, "not kept: in 4 steps")])
def test_the_report_says_with_and_without(
    loupe: Loupe,
    good_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gain: float,
    said: str,
) -> None:
    monkeypatch.setattr(adapting, "LEAST_GAIN", gain)
    result = loupe("fit", "--images", good_folder, "--out", tmp_path / "r", "--adapt", 1, *SMALL)
    assert result.exit_code == 0, result.stderr
    manifest = open_release(tmp_path / "r").manifest
    assert manifest.adaptation is not None
    assert (manifest.adaptation.minutes, manifest.adaptation.steps) == (1, 4)
    assert f"adaptation     {said}" in result.stdout
    without, adapted = manifest.adaptation.without, manifest.adaptation.adapted
    assert (
        f"AUROC {without.mean_auroc:.3f} to {adapted.mean_auroc:.3f} (displaced " in result.stdout
    )
    assert "x their median without" in result.stdout
    held_out = 3 if gain < 0 else 11
    assert f" of {held_out} held out; " in result.stdout


def test_labelled_pictures_are_measured_with_and_without(
    loupe: Loupe, good_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "LEAST_GAIN", -1.0)
    data = tmp_path / "data set"
    save_good(data / "good", 4, first=100)
    for number in range(3):
        save_png(spotted(good_image(200 + number)), data / "bad" / f"{number}.png")
    arguments = ("fit", "--images", good_folder, "--labelled", data, "--adapt-steps", 2, *SMALL)
    shown = loupe(*arguments, "--out", tmp_path / "shown")
    assert shown.exit_code == 0, shown.stderr
    assert "labelled       4 good and 3 defective pictures" in shown.stdout
    assert "  adapted      image AUROC " in shown.stdout
    report = json.loads(loupe(*arguments, "--out", tmp_path / "r", "--json").stdout)["labelled"]
    assert list(report) == ["without", "adapted"]
    assert all(0 <= figures["image_auroc"] <= 1 for figures in report.values())
    plain = ("fit", "--images", good_folder, "--labelled", data, *SMALL, "--json")
    alone = json.loads(loupe(*plain, "--out", tmp_path / "plain").stdout)["labelled"]
    assert alone["without"] == report["without"]


def test_as_json(loupe: Loupe, good_folder: Path, tmp_path: Path) -> None:
    arguments = ("fit", "--images", good_folder, "--json", *SMALL)
    result = loupe(*arguments, "--out", tmp_path / "r", "--adapt-steps", 2)
    report = json.loads(result.stdout)["adaptation"]
    assert (report["steps"], report["minutes"], report["seed"]) == (2, None, 0)
    assert (report["n_learned_from"], report["n_held_out"]) == (8, 3)
    for figures in (report["without"], report["adapted"]):
        assert set(figures["per_kind"]) == {"displaced", "smear", "specks"}
        assert 0 < figures["good_median"] <= figures["good_highest"]
    plain = json.loads(loupe(*arguments, "--out", tmp_path / "plain").stdout)
    assert plain["adaptation"] is None


def test_the_size_is_proposed_and_said(
    loupe: Loupe, good_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "SIZES", (64, 96))
    arguments = ("fit", "--images", good_folder, "--size", "auto", "--coreset", 0.25)
    result = loupe(*arguments, "--out", tmp_path / "r")
    assert result.exit_code == 0, result.stderr
    manifest = open_release(tmp_path / "r").manifest
    assert manifest.proposed_size is not None
    assert manifest.preprocessing.size == manifest.proposed_size.chosen
    assert f"size           {manifest.proposed_size.chosen} px, the smallest" in result.stdout
    for trial in manifest.proposed_size.trials:
        assert f"{trial.size} px      AUROC {trial.image_auroc:.3f}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--size", "wide"), "width and height such as 320x224, or auto, not 'wide'"),
        (("--adapt", 1, "--size", "96x64"), "adapted to squares only"),
        (("--adapt", 1, "--adapt-steps", 2), "either the minutes of an adaptation or its steps"),
        (("--adapt", 0), "adapt_minutes: Input should be greater than 0"),
        (("--adapt", 1, "--layers", "16"), "An adapted backbone gives stride 8 alone, not 16"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    loupe: Loupe, good_folder: Path, tmp_path: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    result = loupe("fit", "--images", good_folder, "--out", tmp_path / "r", *SMALL, *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert not (tmp_path / "r").exists()
