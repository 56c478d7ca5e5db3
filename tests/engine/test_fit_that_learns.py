"""A fit with a method that learns: what places its limits was new to it, and to its backbone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from engine.errors import RecipeError
from engine.fitting import release as fitting
from engine.parameters import CfaParameters
from engine.pretraining.adaptation import adapt as adapting
from engine.pretraining.adaptation import ranking
from engine.pretraining.adaptation.plan import AdaptationPlan
from engine.recipe import Recipe
from engine.releases.folder import FittedRelease
from engine.types import MethodName
from tests.small_parts import (
    DrawnPicture,
    fitted,
    good_image,
    good_pictures,
    small_recipe,
    the_release,
)


def recipe(**changes: Any) -> Recipe:
    return small_recipe(method=MethodName.CFA, parameters=CfaParameters(epochs=2), **changes)


def learned(release: FittedRelease) -> dict[str, torch.Tensor]:
    return dict(safetensors.torch.load(release.blobs[release.manifest.blobs["method"]]))


@pytest.fixture(scope="module")
def release() -> FittedRelease:
    return fitted(recipe())


def test_the_limits_come_from_what_was_never_learned_from(release: FittedRelease) -> None:
    manifest = release.manifest
    assert len(manifest.pictures) == 11 and len(manifest.held_out) == 3
    assert {picture.group for picture in manifest.held_out} == set(manifest.kept_apart)
    assert set(manifest.fitted_on) == set(manifest.pictures) - set(manifest.held_out)
    calibration = manifest.calibration
    assert len(calibration.scores) == len(calibration.map_peaks) == 3
    assert manifest.limits.t2 == max(calibration.scores)
    assert calibration.n_alarms == 0 and calibration.alarm_rate_95[1] > 0.6, "of three"
    numbers = [number for number, learns, _ in learned(release)["pictures"].tolist() if not learns]
    assert [manifest.pictures[number] for number in numbers] == list(manifest.held_out)


def test_what_the_others_show_has_no_say_in_what_is_learned(release: FittedRelease) -> None:
    names = {picture.name for picture in release.manifest.held_out}
    others = [
        DrawnPicture(p.name, np.uint8(p.image * 0.8), p.group) if p.name in names else p
        for p in good_pictures()
    ]
    found = fitted(recipe(), others)
    assert found.manifest.calibration.scores != release.manifest.calibration.scores
    assert (
        found.blobs[found.manifest.blobs["method"]]
        == release.blobs[release.manifest.blobs["method"]]
    )


def test_the_same_pictures_and_seed_give_the_same_release(release: FittedRelease) -> None:
    again = fitted(recipe())
    assert again.blobs == release.blobs and again.manifest.limits == release.manifest.limits
    other = fitted(recipe(seed=1)).manifest
    assert set(other.kept_apart) != set(release.manifest.kept_apart)


def test_pictures_of_one_part_are_kept_apart_together() -> None:
    pictures = [
        DrawnPicture(f"part{n:02}_{k}.png", np.uint8(good_image(n) + k), f"{n:02}")
        for n in range(6)
        for k in range(2)
    ]
    manifest = fitted(recipe(), pictures).manifest
    assert len(manifest.kept_apart) == 2
    assert {p.group for p in manifest.fitted_on}.isdisjoint(manifest.kept_apart)
    assert len(manifest.calibration.scores) == len(manifest.held_out) in (3, 4)


def test_too_few_parts_are_a_sentence() -> None:
    pictures = [DrawnPicture(p.name, p.image, p.name[-5]) for p in good_pictures(5)]
    same = [DrawnPicture(p.name, p.image, "one") for p in pictures[:4]]
    with pytest.raises(RecipeError, match="CFA learns from most good pictures and needs others"):
        fitted(recipe(seed=1), [*same, pictures[4]])


def test_an_adapted_backbone_and_the_method_are_kept_from_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def little(seed: int) -> AdaptationPlan:
        return AdaptationPlan(seed=seed, damaged=24, rows=200, damages=6, hidden=8)

    monkeypatch.setattr(fitting, "AdaptationPlan", little)
    monkeypatch.setattr(ranking, "_PER_KIND", 6)
    monkeypatch.setattr(adapting, "LEAST_GAIN", -1.0)
    manifest = fitted(recipe(adapt_steps=3, seed=4)).manifest
    assert manifest.adaptation is not None and manifest.adaptation.kept
    assert manifest.adaptation.held_out == manifest.kept_apart
    assert len(manifest.calibration.scores) == len(manifest.held_out) == 3
    assert manifest.parameters.descriptor == "plain"


def test_a_method_that_holds_each_out_in_turn_keeps_none_apart() -> None:
    manifest = the_release().manifest
    assert manifest.kept_apart == ()
    assert manifest.held_out == manifest.fitted_on == manifest.pictures


def test_a_release_from_before_any_were_kept_apart_keeps_its_id(release: FittedRelease) -> None:
    manifest = the_release().manifest
    content = manifest.model_dump(mode="json")
    del content["kept_apart"]
    assert type(manifest).model_validate(content).hash() == manifest.id
    moved = release.manifest.model_copy(update={"kept_apart": ("part000.png",)})
    assert moved.hash() != release.manifest.id
