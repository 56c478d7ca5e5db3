"""A fit with an adapted backbone: its limits, its release, and the fit that goes on without."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch

from engine.components.backbone import open_base
from engine.components.metric_head import MetricHead
from engine.errors import RecipeError, WeightsError
from engine.fitting import fit
from engine.fitting import release as fitting
from engine.inspector import Inspector
from engine.pretraining.adaptation import adapt as adapting
from engine.pretraining.adaptation import ranking
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.releases.folder import FittedRelease, write_release
from engine.types import Verdict
from tests.small_parts import (
    fitted,
    frame_of,
    good_image,
    good_pictures,
    small_recipe,
    spotted,
    the_release,
)


def little(seed: int) -> AdaptationPlan:
    return AdaptationPlan(seed=seed, damaged=24, rows=200, damages=6, hidden=8)


def fitted_and_kept() -> FittedRelease:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fitting, "AdaptationPlan", little)
        patched.setattr(ranking, "_PER_KIND", 6)
        patched.setattr(adapting, "LEAST_GAIN", -1.0)
        return fitted(small_recipe(adapt_steps=5))


@pytest.fixture(scope="module")
def adapted() -> FittedRelease:
    return fitted_and_kept()


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "AdaptationPlan", little)
    monkeypatch.setattr(ranking, "_PER_KIND", 6)


def test_the_limits_come_from_what_the_adaptation_never_saw(adapted: FittedRelease) -> None:
    manifest = adapted.manifest
    assert manifest.adaptation is not None and manifest.adaptation.kept
    held_out = [p for p in manifest.pictures if p.group in manifest.adaptation.held_out]
    assert len(held_out) == 3, "of eleven"
    assert manifest.adaptation.n_learned_from == len(manifest.pictures) - len(held_out)
    assert len(manifest.calibration.scores) == len(manifest.calibration.map_peaks) == len(held_out)
    assert manifest.limits.t2 == max(manifest.calibration.scores)
    assert min(manifest.calibration.scores) > 0, "each is scored without itself"


def test_its_release_brings_its_head_along(adapted: FittedRelease, tmp_path: Path) -> None:
    manifest = adapted.manifest
    assert (manifest.backbone.name, manifest.backbone.weights_origin) == (
        "gabor-adapted",
        "adapted",
    )
    assert manifest.parameters.descriptor == "plain", "what is searched is what was learned"
    head = safetensors.torch.load(adapted.blobs[manifest.blobs["weights"]])
    assert set(head) == {f"head.{name}" for name in MetricHead(8).state_dict()}
    inspector = Inspector.open(write_release(adapted, tmp_path / "r"), "cpu")
    assert inspector.inspect(frame_of(spotted(good_image(99)))).verdict is Verdict.NG


def test_a_head_of_another_release_is_refused(adapted: FittedRelease, tmp_path: Path) -> None:
    folder = write_release(adapted, tmp_path / "r").folder
    manifest = adapted.manifest
    foreign = manifest.backbone.model_copy(update={"weights_sha256": "0" * 64})
    (folder / "manifest.json").write_bytes(
        manifest.model_copy(update={"backbone": foreign}).sealed().to_bytes()
    )
    with pytest.raises(WeightsError, match="fit it again"):
        Inspector.open(folder, "cpu")
    blobs = {name: sha256 for name, sha256 in manifest.blobs.items() if name != "weights"}
    (folder / "manifest.json").write_bytes(
        manifest.model_copy(update={"blobs": blobs}).sealed().to_bytes()
    )
    with pytest.raises(WeightsError, match="Loupe's metric head"):
        Inspector.open(folder, "cpu")


@pytest.mark.slow
def test_any_backbone_with_strides_8_and_16_can_be_adapted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapting, "LEAST_GAIN", -1.0)
    torch.manual_seed(0)
    weights = tmp_path / "weights.pth"
    torch.save(timm.create_model("test_resnet", pretrained=False).state_dict(), weights)
    recipe = small_recipe(backbone="test_resnet", weights=str(weights), adapt_steps=2)
    found = fitted(recipe)
    assert found.manifest.backbone.name == "test_resnet-adapted"
    folder = write_release(found, tmp_path / "r").folder
    weights.unlink()
    scores = Inspector.open(folder, "cpu").inspect(frame_of(spotted(good_image(99)))).score
    assert scores > 0


def test_a_backbone_without_these_strides_cannot() -> None:
    with pytest.raises(RecipeError, match="test_vit has no layer 8"):
        open_base("test_vit", weights="not even looked for.pth")


def test_the_same_steps_give_the_same_release(adapted: FittedRelease) -> None:
    again = fitted_and_kept()
    assert again.blobs == adapted.blobs
    assert again.manifest.limits == adapted.manifest.limits


def test_where_it_does_not_help_the_release_is_as_if_never_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(adapting, "LEAST_GAIN", 1.0)
    found = fitted(small_recipe(adapt_steps=2))
    assert found.blobs == the_release().blobs
    assert found.manifest.limits == the_release().manifest.limits
    assert found.manifest.backbone.name == "gabor"
    assert found.manifest.adaptation is not None and not found.manifest.adaptation.kept


def test_too_few_parts_and_other_layers_are_sentences() -> None:
    with pytest.raises(RecipeError, match="at least 10 parts; there are 7"):
        fitted(small_recipe(adapt_steps=2), good_pictures(8))
    with pytest.raises(RecipeError, match="not 4, 8"):
        fitted(small_recipe(adapt_steps=2, layers=("4", "8")))


def test_a_cancelled_adaptation_leaves_nothing_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    steps = fit(small_recipe(adapt_minutes=1), good_pictures(), device="cpu")
    for step in steps:
        if step.stage == "Timing the first steps":
            break
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_a_release_from_before_there_were_adaptations_keeps_its_id() -> None:
    manifest = the_release().manifest
    content = manifest.model_dump(mode="json")
    del content["adaptation"]
    assert type(manifest).model_validate(content).hash() == manifest.id
