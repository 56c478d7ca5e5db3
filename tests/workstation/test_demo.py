"""The demo: a recipe that can be fitted, and good parts the line never shows."""

from __future__ import annotations

from engine.pictures import image_sha256
from engine.recipe import Recipe
from engine.sources.simulator import simulated_part
from engine.types import MethodName
from workstation.demo import FIT_SEED, GOOD_PICTURES, LINE, demo_pictures, demo_recipe


def test_the_recipe_ships_with_the_program() -> None:
    recipe = demo_recipe()
    assert (recipe.backbone, recipe.weights) == ("gabor", "builtin"), "nothing is downloaded"
    assert "demo" in recipe.part


def test_no_part_of_the_line_was_fitted_on() -> None:
    pictures = demo_pictures()
    assert len(pictures) == GOOD_PICTURES
    assert len({picture.group for picture in pictures}) == GOOD_PICTURES
    assert LINE.seed != FIT_SEED
    fitted_on = {picture.load()[1] for picture in pictures[:5]}
    shown = {image_sha256(simulated_part(LINE, number).image) for number in range(1, 6)}
    assert not fitted_on & shown


def test_any_method_can_judge_it() -> None:
    for method in MethodName:
        recipe = demo_recipe(method)
        assert (recipe.method, recipe.part) == (method, demo_recipe().part)
        assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe
