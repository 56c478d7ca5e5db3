"""What every entry of METHODS must do; a new method is held to it by standing in the table."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.errors import ModelError, RecipeError
from engine.inspector import Inspector
from engine.methods import METHODS
from engine.methods.base import (
    Covering,
    HoldingOut,
    Method,
    Remembering,
    SeenPicture,
    Updatable,
    shape_of,
)
from engine.methods.reconpatch import ReConPatch
from engine.parameters import PARAMETERS
from engine.preprocess import Preprocessing
from engine.recipe import Masks, Recipe
from engine.releases.folder import write_release
from engine.types import FitStep, MethodName, Scores, Verdict
from tests.small_parts import finished, fitted, frame_of, good_image, small_recipe, spotted

SIZE, GRID, CHANNELS = 64, 8, (6, 10)
LEFT_QUARTER = Masks(include=(((0, 0), (16, 0), (16, 64), (0, 64)),))
LEFT_HALF = Masks(include=(((0, 0), (32, 0), (32, 64), (0, 64)),))
N_GOOD = 7
APART = (1, 4, 6)
"""What a method that learns must not learn from."""

every_method = pytest.mark.parametrize("name", list(METHODS))


def levels(seed: int, batch: int = 1, grid: int = GRID) -> list[Tensor]:
    """Noise about a mean of its own for each channel, on two grids."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator)
        + torch.arange(channels)[:, None, None]
        for channels, side in zip(CHANNELS, (grid, grid // 2), strict=True)
    ]


def method(name: MethodName, masks: Masks | None = None) -> Method:
    preprocessing = Preprocessing(
        size=SIZE, masks=masks or Masks(), source_size=(SIZE, SIZE) if masks else None
    )
    found = METHODS[name](PARAMETERS[name](), preprocessing)
    if isinstance(found, HoldingOut):
        found.hold_out(APART)
    return found


def unseen(found: Method) -> list[int]:
    """Give the good pictures that can be scored as if they had not been seen."""
    return list(APART) if isinstance(found, HoldingOut) else list(range(N_GOOD))


def collected(name: MethodName, numbers: Sequence[int], masks: Masks | None = None) -> Method:
    found = method(name, masks)
    for number in numbers:
        found.collect(levels(number), picture=number, group=number)
    return found


def built(
    name: MethodName,
    numbers: Sequence[int] = range(N_GOOD),
    *,
    masks: Masks | None = None,
    seed: int = 0,
) -> Method:
    found = collected(name, numbers, masks)
    finished(found.build(seed))
    return found


def same(first: Scores, second: Scores) -> bool:
    if first.map is None or second.map is None:
        return first.map is second.map and np.array_equal(first.image, second.image)
    return np.array_equal(first.image, second.image) and np.array_equal(
        first.map, second.map, equal_nan=True
    )


def close(first: Scores, second: Scores, *, tolerance: float) -> bool:
    assert (first.map is None) == (second.map is None)
    near = np.allclose(first.image, second.image, rtol=tolerance)
    if first.map is not None and second.map is not None:
        near &= np.allclose(first.map, second.map, rtol=tolerance, equal_nan=True)
    return near


def taken(steps: Generator[FitStep, None, Any], count: int) -> bool:
    """Take so many steps, then cancel; False where there were not so many."""
    for _ in range(count):
        if next(steps, None) is None:
            return False
    steps.close()
    return True


def cancelled_everywhere() -> Iterator[int]:
    yield from (0, 1, 2, 3, 5, 8, 13)


def test_every_method_has_its_settings() -> None:
    assert set(METHODS) == set(PARAMETERS) == set(MethodName)
    assert all(found.title and found.strides for found in METHODS.values())


@every_method
class TestScores:
    def test_they_are_what_the_types_say(self, name: MethodName) -> None:
        scores = built(name).score(levels(99, batch=3))
        assert scores.image.shape == (3,) and scores.image.dtype == np.float32
        assert (scores.map is not None) == PARAMETERS[name]().has_map
        if scores.map is not None:
            assert scores.map.shape == (3, GRID, GRID) and scores.map.dtype == np.float32

    def test_one_seed_gives_one_result(self, name: MethodName) -> None:
        first, again = built(name, seed=5), built(name, seed=5)
        assert same(first.score(levels(99)), again.score(levels(99)))
        assert same(finished(first.leave_one_out()), finished(again.leave_one_out()))

    def test_a_batch_is_its_pictures(self, name: MethodName) -> None:
        found, batch = built(name), levels(99, batch=3)
        together = found.score(batch)
        for number in range(3):
            alone = found.score([level[number : number + 1] for level in batch])
            picked = None if together.map is None else together.map[number : number + 1]
            assert close(alone, Scores(together.image[number : number + 1], picked), tolerance=1e-5)

    def test_the_stranger_a_picture_the_higher_its_score(self, name: MethodName) -> None:
        found = built(name)
        scores = []
        for strength in (0, 2, 4, 8, 16):
            picture = levels(99)
            for level in picture:
                side = level.shape[-1]
                level[0, :, side // 2 :, : side // 2] += strength
            scores.append(found.score(picture))
        images = [float(found.image[0]) for found in scores]
        assert images == sorted(images) and images[-1] > 2 * images[0]
        last = scores[-1].map
        if last is not None:
            row, column = np.unravel_index(last[0].argmax(), (GRID, GRID))
            assert row >= GRID // 2 - 1 and column <= GRID // 2

    def test_a_constant_picture_is_a_picture(self, name: MethodName) -> None:
        constant = [torch.full_like(level, 3.0) for level in levels(0)]
        assert np.isfinite(built(name).score(constant).image).all()
        found = method(name)
        for number in range(4):
            found.collect(constant, picture=number, group=number)
        finished(found.build(0))
        known, strange = found.score(constant).image, found.score(levels(1)).image
        assert np.isfinite(strange).all()
        # One that learns draws a patch towards several centres: it ends between them.
        assert 0 <= known <= (0.1 * strange if isinstance(found, HoldingOut) else 1e-3)

    def test_held_out_a_picture_scores_at_least_as_high(self, name: MethodName) -> None:
        found = built(name)
        held_out = finished(found.leave_one_out())
        for place, number in enumerate(unseen(found)):
            assert held_out.image[place] >= found.score(levels(number)).image[0] * (1 - 1e-5)

    def test_only_the_pictures_asked_for_are_held_out(self, name: MethodName) -> None:
        found = built(name)
        every, places = finished(found.leave_one_out()), [unseen(found).index(n) for n in (1, 4)]
        some = finished(built(name).leave_one_out([1, 4]))
        picked = None if every.map is None else every.map[places]
        assert close(some, Scores(every.image[places], picked), tolerance=1e-6)


@every_method
class TestRefusals:
    def test_one_picture_is_not_enough(self, name: MethodName) -> None:
        with pytest.raises(RecipeError, match="at least 2 good pictures; there are 1"):
            finished(collected(name, [0]).build(0))

    def test_before_a_fit_there_is_nothing_to_score_by(self, name: MethodName) -> None:
        with pytest.raises(ModelError, match="fit it or load a release first"):
            method(name).score(levels(0))

    @pytest.mark.parametrize("value", [torch.nan, torch.inf])
    def test_what_is_no_number_is_not_scored(self, name: MethodName, value: float) -> None:
        picture = levels(99)
        picture[0][0, 2, 3, 3] = value
        found = built(name)
        with pytest.raises(ModelError, match="no numbers for this picture"):
            found.score(picture)

    def test_what_is_no_number_is_not_learned(self, name: MethodName) -> None:
        picture = levels(3)
        picture[0][0, :, 3, 3] = torch.nan
        with pytest.raises(RecipeError, match="no numbers for good picture 4"):
            method(name).collect(picture, picture=3, group=3)

    def test_another_size_than_that_of_the_fit(self, name: MethodName) -> None:
        found = built(name)
        with pytest.raises(ModelError, match="6 × 16 × 16, 10 × 8 × 8; the release was fitted"):
            found.score(levels(99, grid=16))
        with pytest.raises(ModelError, match="the release was fitted on"):
            found.collect(levels(99, grid=16), picture=99, group=99)

    def test_a_release_that_lacks_something(self, name: MethodName) -> None:
        state = built(name).state()
        for missing in state:
            rest = {kept: tensor for kept, tensor in state.items() if kept != missing}
            with pytest.raises(ModelError, match=missing):
                method(name).load_state(rest)

    def test_a_region_smaller_than_a_cell(self, name: MethodName) -> None:
        speck = Masks(include=(((0, 0), (2, 0), (2, 2), (0, 2)),))
        with pytest.raises(RecipeError, match="smaller than one cell"):
            method(name, speck).collect(levels(0), picture=0, group=0)


@every_method
class TestMasks:
    def test_what_lies_outside_is_not_scored(self, name: MethodName) -> None:
        scores = built(name, masks=LEFT_HALF).score(levels(99))
        if scores.map is not None:
            assert np.isnan(scores.map[:, :, GRID // 2 :]).all()
            assert np.isfinite(scores.map[:, :, : GRID // 2]).all()

    def test_what_lies_outside_has_no_say(self, name: MethodName) -> None:
        found = method(name, LEFT_QUARTER)
        for number in range(N_GOOD):
            found.collect(fouled(number), picture=number, group=number)
        finished(found.build(0))
        clean = built(name, masks=LEFT_QUARTER)
        for query in (levels(99), fouled(99)):
            assert close(found.score(query), clean.score(levels(99)), tolerance=1e-6)
        assert close(
            finished(found.leave_one_out()), finished(clean.leave_one_out()), tolerance=1e-6
        )


def fouled(seed: int) -> list[Tensor]:
    """As `levels`, with what must not be looked at outside the left quarter."""
    fine, coarse = levels(seed)
    # Not next to the border, for a patch may look at its neighbours.
    fine[..., 3:] = 1e6
    coarse[..., 3:] = -1e6
    return [fine, coarse]


@every_method
class TestState:
    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    def test_what_was_loaded_scores_the_same_to_the_last_bit(
        self, name: MethodName, masks: Masks | None
    ) -> None:
        before = built(name, masks=masks)
        state = {kept: tensor.clone() for kept, tensor in before.state().items()}
        assert all(tensor.is_contiguous() for tensor in state.values())
        after = method(name, masks).load_state(state)
        assert same(before.score(levels(99, batch=2)), after.score(levels(99, batch=2)))
        again = after.state()
        assert state.keys() == again.keys()
        assert all(torch.equal(state[kept], again[kept]) for kept in state)

    def test_each_remembered_row_says_where_it_came_from(self, name: MethodName) -> None:
        found = built(name, masks=LEFT_HALF)
        if isinstance(found, Remembering):
            origins = found.provenance
            assert len(origins.unique(dim=0)) == len(origins) > 0
            assert set(origins[:, 0].tolist()) <= set(range(N_GOOD))
            assert int(origins[:, 2].max()) < GRID // 2
            assert torch.equal(origins[:, 0], origins[:, 3])


@every_method
class TestFit:
    def test_its_memory_is_told_beforehand(self, name: MethodName) -> None:
        shapes = [shape_of(level) for level in levels(0)]
        few, many = (method(name).fit_bytes(shapes, count) for count in (10, 1000))
        assert 0 < few < many

    def test_a_cancelled_build_leaves_nothing_to_score_by(self, name: MethodName) -> None:
        for count in cancelled_everywhere():
            found = collected(name, range(N_GOOD))
            if not taken(found.build(0), count):
                break
            with pytest.raises(ModelError, match="fit it or load a release first"):
                found.score(levels(99))
            finished(found.build(0))
            assert same(found.score(levels(99)), built(name).score(levels(99)))

    def test_a_cancelled_holding_out_changes_nothing(self, name: MethodName) -> None:
        found = built(name)
        for count in cancelled_everywhere():
            if not taken(found.leave_one_out(), count):
                break
        assert same(finished(found.leave_one_out()), finished(built(name).leave_one_out()))


def seen(*numbers: int) -> list[SeenPicture]:
    return [SeenPicture(levels(number), number, number) for number in numbers]


def as_good_as(updated: Any, refitted: Any) -> bool:
    """Tell whether an update scores as a refit does; one that covers, within what it promises."""
    scores, afresh = updated.score(levels(99)), refitted.score(levels(99))
    if not isinstance(updated, Covering):
        return close(scores, afresh, tolerance=1e-4)
    assert scores.map is not None and afresh.map is not None
    # An update trains a layer on from where it was, a refit from the beginning: on so few patches
    # neither gets far, but they get elsewhere.
    room = 1e-2 * float(np.nanmax(afresh.map)) if isinstance(updated, ReConPatch) else 1e-4
    higher = scores.map - afresh.map
    return (
        np.nanmax(higher) <= updated.radius + room and np.nanmin(higher) >= -refitted.radius - room
    )


@every_method
class TestUpdate:
    @pytest.fixture(autouse=True)
    def _can_be_updated(self, name: MethodName) -> None:
        if not isinstance(method(name), Updatable):
            pytest.skip(f"{name} has no exact update")

    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    @pytest.mark.parametrize("loaded", [False, True])
    def test_it_equals_a_refit(self, name: MethodName, loaded: bool, masks: Masks | None) -> None:
        if isinstance(method(name), HoldingOut):
            pytest.skip("what was learned on is not what a new fit would learn")
        found: Any = built(name, masks=masks)
        if loaded:
            found = method(name, masks).load_state(found.state())
        finished(found.update(add=seen(20, 21, 22), remove=seen(1, 5)))
        refitted = built(name, [0, 2, 3, 4, 6, 20, 21, 22], masks=masks)
        assert as_good_as(found, refitted)
        if not loaded:
            held_out, afresh = (finished(it.leave_one_out()) for it in (found, refitted))
            assert isinstance(found, Covering) or close(held_out, afresh, tolerance=1e-4)
            assert len(held_out.image) == len(afresh.image) and np.isfinite(held_out.image).all()

    def test_a_loaded_one_can_forget_before_it_is_shown_anything(self, name: MethodName) -> None:
        found: Any = method(name).load_state(built(name).state())
        finished(found.update(remove=seen(1)))
        refitted = built(name, [0, 2, 3, 4, 5, 6])
        learns = isinstance(found, HoldingOut)  # then a new fit has learned something else
        assert np.isfinite(found.score(levels(99)).image).all()
        assert learns or as_good_as(found, refitted)

    def test_there_and_back_again(self, name: MethodName) -> None:
        if isinstance(method(name), HoldingOut):
            pytest.skip("what was learned on is not what a new fit would learn")
        found: Any = built(name)
        finished(found.update(add=seen(20, 21)))
        finished(found.update(remove=seen(20, 21)))
        assert as_good_as(found, built(name))

    def test_a_cancelled_one_changes_nothing(self, name: MethodName) -> None:
        found: Any = built(name)
        before = found.score(levels(99))
        for count in cancelled_everywhere():
            if not taken(found.update(add=seen(20), remove=seen(1)), count):
                break
            assert same(found.score(levels(99)), before)
            found = built(name)

    def test_what_was_never_seen_cannot_be_removed_nor_anything_added_twice(
        self, name: MethodName
    ) -> None:
        found: Any = built(name)
        for change in ({"remove": seen(50)}, {"add": seen(3)}, {"remove": seen(*range(6))}):
            with pytest.raises(RecipeError):
                finished(found.update(**change))
        assert same(found.score(levels(99)), built(name).score(levels(99)))


def recipe(name: MethodName, **changes: Any) -> Recipe:
    return small_recipe(method=name, parameters=PARAMETERS[name](), backbone="builtin", **changes)


@every_method
def test_it_works_on_the_built_in_backbone_from_fit_to_verdict(
    name: MethodName, tmp_path: Path
) -> None:
    release = write_release(fitted(recipe(name)), tmp_path / "release")
    manifest = release.manifest
    assert manifest.method is name and isinstance(manifest.parameters, PARAMETERS[name])
    assert manifest.has_map == PARAMETERS[name]().has_map == (manifest.limits.pixel > 0)
    inspector = Inspector.open(release, device="cpu")
    good, bad = (
        inspector.inspect(frame_of(image), unfit_too=True)
        for image in (good_image(500), spotted(good_image(501)))
    )
    assert bad.score > good.score and bad.verdict is Verdict.NG
    assert (bad.shown_map is not None) == manifest.has_map
    if manifest.has_map:
        assert any(
            region.x <= 60 < region.x + region.width and region.y <= 40 < region.y + region.height
            for region in bad.regions
        )
    else:
        assert bad.regions == ()
