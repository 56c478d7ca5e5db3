from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.parameters import MethodParameters, PatchCoreParameters
from engine.recipe import Masks, Recipe, Roi, Rule, part_of
from engine.types import MethodName

TRIANGLE = ((0.0, 0.0), (4.5, 0.0), (0.0, 4.5))


def test_the_defaults_are_those_people_are_told() -> None:
    recipe = Recipe()
    assert (recipe.method, recipe.backbone, recipe.weights) == ("patchcore", "builtin", "builtin")
    assert (recipe.size, recipe.false_alarm_rate, recipe.rule.kind) == (224, 0.01, "score")


def test_a_recipe_comes_back_from_json_as_it_was() -> None:
    recipe = Recipe(
        part="valve",
        parameters=PatchCoreParameters(coreset=0.25, image_score="reweighted", neighbours=3),
        backbone="resnet18",
        weights="timm",
        layers=("layer2", "16"),
        size=320,
        roi=Roi(x=1, y=2, width=3, height=4),
        masks=Masks(include=(TRIANGLE,), exclude=(TRIANGLE, TRIANGLE)),
        rule=Rule(kind="score or region", min_region_px=12.5),
        part_pattern=r"^(\d+)_",
        seed=7,
    )
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
    assert recipe.method is MethodName.PATCHCORE


@pytest.mark.parametrize(
    ("backbone", "size"),
    [
        ("builtin", 224),
        ("resnet18", 224),
        ("tf_efficientnet_b4", 380),
        ("tf_efficientnet_b4.aa_in1k", 380),
        ("efficientnet_b5", 456),
    ],
)
def test_a_backbone_is_shown_pictures_of_the_size_it_was_made_for(backbone: str, size: int) -> None:
    assert Recipe(backbone=backbone).size == size
    assert Recipe(backbone=backbone, size=size).size == size
    assert Recipe(backbone=backbone, size=256).size == 256


def test_380_pixels_are_for_the_backbone_made_for_them() -> None:
    with pytest.raises(ValidationError, match="multiple of 32"):
        Recipe(backbone="efficientnet_b5", size=380)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Recipe().size = 320  # type: ignore[misc]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("size", 225),
        ("size", 32),
        ("size", 4096),
        ("false_alarm_rate", 0),
        ("false_alarm_rate", 0.5),
        ("false_alarm_rate", float("nan")),
        ("seed", -1),
        ("method", "guess"),
        ("tolerance", 3),
        ("parameters", {"coreset": 0}),
        ("parameters", {"coreset": 1.01}),
        ("parameters", {"neighbours": 1}),
        ("parameters", {"image_score": "mean"}),
        ("roi", {"x": -1, "y": 0, "width": 5, "height": 5}),
        ("roi", {"x": 0, "y": 0, "width": 0, "height": 5}),
        ("rule", {"min_region_px": -1}),
        ("rule", {"min_region_px": float("inf")}),
        ("rule", {"kind": "score xor region"}),
        ("masks", {"include": [[[0, 0], [1, 1]]]}),
        ("masks", {"exclude": [[[0, 0], [1, 1], [float("nan"), 3]]]}),
        ("adapt_minutes", 0),
        ("adapt_steps", 0),
        ("part_pattern", "part("),
        ("part_pattern", r"part\d+"),
    ],
)
def test_what_makes_no_sense_is_refused(setting: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Recipe.model_validate({setting: value})


def test_settings_of_another_method_are_refused() -> None:
    class Other(MethodParameters):
        pass

    with pytest.raises(ValidationError, match="patchcore takes PatchCoreParameters, not Other"):
        Recipe.model_validate({"parameters": Other()})


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({"masks": {"include": [[[0, 0], [1, 1]]]}}, "at least 3 corners, this one has 2"),
        ({"method": "mahalanobis", "rule": {"kind": "score or region"}}, "has no map"),
        ({"method": "padim", "parameters": {"coreset": 0.1}}, "coreset of padim: Extra inputs"),
        ({"parameters": {"coreset": 2}}, "coreset of patchcore: Input should be less than"),
        ({"part_pattern": "part("}, "no regular expression"),
        ({"part_pattern": "part"}, "needs one group"),
        ({"backbone": "gabor", "weights": "timm"}, "has its own weights"),
        ({"weights": "own.pth"}, "name a timm backbone"),
        ({"adapt_minutes": 5, "adapt_steps": 100}, "minutes of an adaptation or its steps"),
    ],
)
def test_refusals_say_what_to_do(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Recipe.model_validate(given_)


class TestPartOf:
    def test_pictures_of_one_part_share_its_id(self) -> None:
        names = ["17_left.png", "17_right.png", "18_left.png"]
        assert [part_of(name, r"^(\d+)_") for name in names] == ["17", "17", "18"]

    def test_a_name_the_pattern_does_not_fit_is_a_part_of_its_own(self) -> None:
        assert part_of("odd.png", r"^(\d+)_") == "odd.png"

    def test_a_group_that_took_no_part_or_nothing_is_no_id(self) -> None:
        assert part_of("odd.png", r"(\d+)?odd") == "odd.png"
        assert part_of("odd.png", r"(\d*)odd") == "odd.png"

    @settings(deadline=None)
    @given(name=st.text(max_size=20))
    def test_without_a_pattern_every_picture_is_a_part(self, name: str) -> None:
        assert part_of(name, None) == name


def test_the_deadline_is_80_percent_of_the_takt_unless_it_is_set() -> None:
    assert Recipe().verdict_within_ms is None
    assert Recipe(takt_s=0.5).verdict_within_ms == pytest.approx(400)
    assert Recipe(takt_s=0.5, deadline_ms=450).verdict_within_ms == 450
