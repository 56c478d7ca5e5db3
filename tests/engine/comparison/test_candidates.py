"""Names for people, and keys that change with whatever changes a result."""

from __future__ import annotations

from pathlib import Path

import pytest

import engine.comparison.candidates as candidates
from engine.comparison.candidates import Candidate, names
from engine.parameters import PatchCoreParameters
from tests.small_parts import small_recipe


def test_the_backbone_is_named_where_there_are_several() -> None:
    gabor = Candidate(small_recipe(), "gabor")
    plate = Candidate(small_recipe(method="padim", parameters={}), "plate")
    assert names([gabor]) == ["PatchCore"]
    assert names([gabor, plate]) == ["PatchCore on gabor", "PaDiM on plate"]


def test_the_key_changes_with_data_recipe_device_weights_and_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"one")
    recipe = small_recipe(backbone="resnet18", weights=str(weights))
    one = Candidate(recipe, "resnet18")
    key = one.key("data", device="cpu")
    assert key == one.key("data", device="cpu")
    moved = weights.rename(tmp_path / "elsewhere.safetensors")
    same = Candidate(recipe.model_copy(update={"weights": str(moved)}), "resnet18")
    assert same.key("data", device="cpu") == key, "the same weights at another place"
    others = [
        same.key("other", device="cpu"),
        same.key("data", device="cuda"),
        Candidate(
            same.recipe.model_copy(update={"parameters": PatchCoreParameters(coreset=0.5)}), "x"
        ).key("data", device="cpu"),
    ]
    moved.write_bytes(b"two")
    others.append(same.key("data", device="cpu"))
    monkeypatch.setattr(candidates, "versions", lambda: {"loupe": "9"})
    others.append(same.key("data", device="cpu"))
    assert len({key, *others}) == 6
