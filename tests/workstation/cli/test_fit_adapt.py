"""`loupe fit --adapt` and `--adapt-steps` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import fitting
from engine.pretraining.adaptation import adapt as adapting
from engine.pretraining.adaptation import ranking
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.releases.folder import open_release
from tests.workstation.cli.conftest import Loupe

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
    assert f"AUROC {without.mean_auroc:.3f} to {adapted.mean_auroc:.3f} (crack " in result.stdout
    assert "x their median without" in result.stdout
    held_out = 3 if gain < 0 else 11
    assert f" of {held_out} held out; " in result.stdout


def test_as_json(loupe: Loupe, good_folder: Path, tmp_path: Path) -> None:
    arguments = ("fit", "--images", good_folder, "--json", *SMALL)
    result = loupe(*arguments, "--out", tmp_path / "r", "--adapt-steps", 2)
    report = json.loads(result.stdout)["adaptation"]
    assert (report["steps"], report["minutes"], report["seed"]) == (2, None, 0)
    assert (report["n_learned_from"], report["n_held_out"]) == (8, 3)
    for figures in (report["without"], report["adapted"]):
        assert set(figures["per_kind"]) == {"crack", "displaced", "smear"}
        assert 0 < figures["good_median"] <= figures["good_highest"]
    plain = json.loads(loupe(*arguments, "--out", tmp_path / "plain").stdout)
    assert plain["adaptation"] is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--adapt", 1, "--adapt-steps", 2), "either the minutes of an adaptation or its steps"),
        (("--adapt", 0), "adapt_minutes: Input should be greater than 0"),
        (
            ("--adapt", 1, "--backbone", "resnet18", "--weights", "timm"),
            "Only the built-in backbone can be adapted, not 'resnet18'",
        ),
        (("--adapt", 1, "--layers", "16"), "Only stride 8 of the built-in backbone"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    loupe: Loupe, good_folder: Path, tmp_path: Path, arguments: tuple[object, ...], sentence: str
) -> None:
    result = loupe("fit", "--images", good_folder, "--out", tmp_path / "r", *SMALL, *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert not (tmp_path / "r").exists()
