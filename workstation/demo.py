"""What a station without a recipe of its own shows: the simulator's ring, fitted on first start."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from engine.parameters import PARAMETERS
from engine.pictures import Picture
from engine.recipe import Recipe
from engine.sources.base import SimulatorConfig
from engine.synthetic.pictures import good_ring_pictures
from engine.types import MethodName

GOOD_PICTURES = 60
FIT_SEED = 1
"""Another seed than the line's: no part that is inspected was fitted on."""

_FOR_SMALL_DEFECTS: dict[MethodName, dict[str, Any]] = {MethodName.SPADE: {"image_score": "map"}}
"""Settings other than the defaults: a scratch changes a ring as a whole too little."""

LINE = SimulatorConfig(part="ring", seed=0)


def demo_recipe(method: MethodName | None = None) -> Recipe:
    """Read the recipe that ships with the program; with another method, as suits the rings."""
    text = files("resources").joinpath("demo/ring.json").read_text(encoding="utf-8")
    recipe = Recipe.model_validate_json(text)
    if method is None or method is recipe.method:
        return recipe
    own = _FOR_SMALL_DEFECTS.get(method, {})
    return recipe.model_copy(update={"method": method, "parameters": PARAMETERS[method](**own)})


def demo_pictures() -> Sequence[Picture]:
    """Give the good rings the recipe is fitted on; drawn when they are loaded."""
    return good_ring_pictures(GOOD_PICTURES, seed=FIT_SEED)
