"""Long parts are looked at in a long picture: every method, with ROI, masks and regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from engine.components.anomaly_map import MapEnlarger, sigma_px
from engine.inspector import Inspector
from engine.methods import METHODS
from engine.parameters import PARAMETERS
from engine.preprocess import Preprocessing
from engine.recipe import Masks, Recipe, Roi
from engine.releases.folder import write_release
from engine.types import MethodName, Verdict
from tests.small_parts import fitted, frame_of, good_image, small_recipe, spotted

SHAPE = (64, 96)
ROI = Roi(x=4, y=2, width=88, height=66)
RIGHT = Masks(exclude=(((0, 0), (20, 0), (20, 72), (0, 72)),))


def test_equal_sides_are_a_square() -> None:
    assert Recipe(size=(224, 224)).size == 224
    assert Recipe.model_validate_json(Recipe(size=SHAPE).model_dump_json()).size == SHAPE
    assert Preprocessing(size=64).shape == (64, 64)


@pytest.mark.parametrize("size", [(224, 225), (32, 224), (224, 4096)])
def test_both_sides_are_multiples_of_32(size: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match="multiple of 32"):
        Recipe(size=size)


def test_an_adaptation_looks_at_squares() -> None:
    with pytest.raises(ValidationError, match="squares only"):
        Recipe(size=SHAPE, adapt_steps=5)


def test_the_shown_map_is_enlarged_and_blurred_alike_in_both_directions() -> None:
    compact = np.random.default_rng(0).gamma(4, 0.5, (8, 12)).astype(np.float32)
    shown = MapEnlarger(np.ones((8, 12), bool), np.ones(SHAPE, bool))(compact)
    enlarged = functional.interpolate(
        torch.from_numpy(compact).double()[None, None], SHAPE, mode="bilinear"
    )
    sigma = sigma_px((SHAPE[0] * SHAPE[1]) ** 0.5)
    assert np.allclose(shown, gaussian_filter(enlarged[0, 0].numpy(), sigma), atol=1e-5)


@pytest.mark.parametrize("name", list(METHODS))
def test_every_method_from_fit_to_region(name: MethodName, tmp_path: Path) -> None:
    recipe = small_recipe(
        method=name,
        parameters=PARAMETERS[name](),
        backbone="builtin",
        size=SHAPE,
        roi=ROI,
        masks=RIGHT,
    )
    release = write_release(fitted(recipe), tmp_path / "release")
    assert release.manifest.preprocessing.shape == SHAPE
    inspector = Inspector.open(release, device="cpu")
    good = inspector.inspect(frame_of(good_image(500)), unfit_too=True)
    bad = inspector.inspect(frame_of(spotted(good_image(501))), unfit_too=True)
    hidden = inspector.inspect(frame_of(spotted(good_image(502), x=8, radius=5)), unfit_too=True)
    assert bad.verdict is Verdict.NG and bad.score > 1.5 * max(good.score, hidden.score)
    if bad.shown_map is not None:
        assert bad.shown_map.shape == SHAPE
        assert np.isnan(bad.shown_map[:, :16]).all() and np.isfinite(bad.shown_map[:, 20:]).all()
        best = bad.regions[0]
        assert abs(best.peak_x - 60) <= 10 and abs(best.peak_y - 40) <= 10
