from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from engine.components.anomaly_map import MapEnlarger
from engine.components.embedding import concat, official
from engine.errors import ModelError, RecipeError
from engine.methods.base import SeenPicture
from engine.methods.patchcore import DEFAULT_ROWS
from engine.preprocess import Preprocessing
from engine.recipe import Masks
from engine.types import SearchName
from tests.engine.methods.small_patchcore import (
    GRID,
    LEFT_HALF,
    SIZE,
    distances,
    fitted,
    good,
    levels,
    method,
    same,
)
from tests.small_parts import finished


class TestScores:
    def test_the_map_is_each_patchs_distance_and_the_image_its_largest(self) -> None:
        found = fitted(good(), coreset=0.3, image_score="max")
        scores = found.score(levels(99, batch=3))
        assert found.bank is not None and scores.map is not None
        table = distances(concat(levels(99, batch=3)).flatten(0, 1), found.bank.rows)
        assert scores.map.shape == (3, GRID, GRID)
        assert scores.image.dtype == scores.map.dtype == np.float32
        assert np.abs(scores.map.ravel() - table.min(1)).max() < 1e-5
        assert np.array_equal(scores.image, scores.map.max((1, 2)))

    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    def test_by_default_the_image_is_the_largest_value_of_the_shown_map(
        self, masks: Masks | None
    ) -> None:
        found = fitted(good(), masks=masks, coreset=0.3)
        scores = found.score(levels(99, batch=2))
        assert scores.map is not None
        seen = Preprocessing(
            size=SIZE, masks=masks or Masks(), source_size=(SIZE, SIZE) if masks else None
        )
        shown = MapEnlarger(seen.counted(GRID, GRID), seen.counted(SIZE, SIZE))
        for image, compact in zip(scores.image, scores.map, strict=True):
            assert image == np.nanmax(shown(compact)) < np.nanmax(compact)
        held_out = finished(found.leave_one_out())
        assert held_out.map is not None
        assert held_out.image[0] == np.nanmax(shown(held_out.map[0]))

    @pytest.mark.parametrize("image_score", ["map", "max", "reweighted"])
    def test_a_remembered_picture_scores_exactly_0_at_100_percent(self, image_score: str) -> None:
        found = fitted(good(), coreset=1, image_score=image_score)
        for picture in good():
            scores = found.score(picture)
            assert scores.image.tolist() == [0]
            assert scores.map is not None and not scores.map.any()

    def test_a_batch_is_its_pictures(self) -> None:
        found = fitted(good(), coreset=0.3, image_score="reweighted")
        batch = levels(99, batch=3)
        together = found.score(batch)
        for number in range(3):
            alone = found.score([level[number : number + 1] for level in batch])
            assert np.allclose(alone.image, together.image[number], rtol=1e-5)

    def test_a_stranger_patch_stands_out_where_it_is(self) -> None:
        found = fitted(good(), coreset=1)
        picture = levels(0)
        picture[0][0, :, 5, 2] += 40
        scores = found.score(picture)
        assert scores.map is not None
        row, column = np.unravel_index(scores.map[0].argmax(), (GRID, GRID))
        assert abs(row - 5) <= 1 and abs(column - 2) <= 1
        assert scores.map[0, 0, 7] == 0


class TestBank:
    @pytest.mark.parametrize(("share", "rows"), [(1, 320), (0.5, 160), (0.1, 32), (1e-6, 1)])
    def test_a_share_is_taken_as_given(self, share: float, rows: int) -> None:
        found = fitted(good(), coreset=share)
        assert found.bank is not None and len(found.bank) == rows

    def test_without_one_it_is_10_percent(self) -> None:
        found = fitted(good())
        assert found.bank is not None and len(found.bank) == 32

    def test_without_one_it_is_never_more_than_can_be_searched_in_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert DEFAULT_ROWS == 8_000
        monkeypatch.setattr("engine.methods.patchcore.DEFAULT_ROWS", 20)
        by_default, as_given = fitted(good()), fitted(good(), coreset=0.1)
        assert by_default.bank is not None and len(by_default.bank) == 20
        assert as_given.bank is not None and len(as_given.bank) == 32

    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    def test_each_row_is_the_patch_its_provenance_names(self, masks: Masks | None) -> None:
        found = fitted(good(), groups=[7, 7, 8, 9, 9], masks=masks, coreset=0.4)
        assert found.bank is not None and found.bank.groups is not None
        assert found.provenance.shape == (len(found.bank), 4)
        assert len(found.provenance.unique(dim=0)) == len(found.bank)
        for row, (picture, y, x, group) in zip(
            found.bank.rows, found.provenance.tolist(), strict=True
        ):
            assert torch.equal(row, concat(levels(picture))[0].reshape(GRID, GRID, -1)[y, x])
            assert group == [7, 7, 8, 9, 9][picture]
        assert torch.equal(found.bank.groups, found.provenance[:, 3])

    def test_a_seed_gives_one_bank(self) -> None:
        # Longer than 128 numbers, so that the seeded projection takes part.
        wide = [[level.repeat(1, 20, 1, 1).cumsum(1) for level in picture] for picture in good()]
        first, again, other = (fitted(wide, coreset=0.2, seed=seed) for seed in (1, 1, 2))
        assert torch.equal(first.provenance, again.provenance)
        assert not torch.equal(first.provenance, other.provenance)

    def test_a_larger_bank_never_scores_higher(self) -> None:
        scores = [
            fitted(good(), coreset=share).score(levels(99)).map for share in (0.05, 0.2, 0.6, 1)
        ]
        for smaller, larger in itertools.pairwise(scores):
            assert smaller is not None and larger is not None
            assert (larger <= smaller + 1e-5).all()


class TestLeaveOneOut:
    def test_the_whole_group_is_left_out(self) -> None:
        groups = [3, 5, 3, 5, 8]
        found = fitted(good(), groups=groups, coreset=0.5, image_score="max")
        held_out = finished(found.leave_one_out())
        assert found.bank is not None
        for number, group in enumerate(groups):
            others = found.bank.rows[found.provenance[:, 3] != group]
            expected = distances(concat(levels(number))[0], others).min(1)
            assert np.abs(held_out.map[number].ravel() - expected).max() < 1e-5
            assert held_out.image[number] == held_out.map[number].max()

    def test_only_the_pictures_asked_for_are_scored(self) -> None:
        every = finished(fitted(good(), coreset=0.5).leave_one_out())
        some = finished(fitted(good(), coreset=0.5).leave_one_out([1, 3]))
        assert (some.image == every.image[[1, 3]]).all()
        assert (some.map == every.map[[1, 3]]).all()

    def test_a_copy_in_another_group_scores_0_and_one_in_the_same_group_does_not(self) -> None:
        pictures = [levels(1), levels(1), levels(2)]
        apart = finished(fitted(pictures, groups=[0, 1, 2], coreset=1).leave_one_out())
        together = finished(fitted(pictures, groups=[0, 0, 2], coreset=1).leave_one_out())
        assert (apart.image[:2] == 0).all()
        assert (together.image > 1).all()

    def test_a_group_that_holds_the_whole_bank_cannot_be_held_out(self) -> None:
        for image_score in ("max", "reweighted"):
            found = fitted(good(), coreset=1e-9, image_score=image_score)
            with pytest.raises(RecipeError, match=r"one part, so it cannot be held out\. Keep"):
                finished(found.leave_one_out())


class TestMasks:
    def test_cells_outside_are_no_number_and_never_in_the_bank(self) -> None:
        found = fitted(good(), masks=LEFT_HALF, coreset=1, image_score="max")
        assert found.bank is not None and len(found.bank) == 5 * GRID * GRID // 2
        assert found.provenance[:, 2].max() == GRID // 2 - 1
        for scores in (found.score(levels(99)), finished(found.leave_one_out())):
            assert np.isnan(scores.map[:, :, GRID // 2 :]).all()
            assert np.isfinite(scores.map[:, :, : GRID // 2]).all()
            assert np.array_equal(scores.image, np.nanmax(scores.map, (1, 2)))

    def test_what_lies_outside_has_no_say(self) -> None:
        found = fitted(good(), masks=LEFT_HALF, coreset=1, image_score="reweighted")
        picture, fouled = levels(99), levels(99)
        # One cell further out, for a patch looks at its neighbours.
        fouled[0][..., GRID // 2 + 1 :] = torch.nan
        fouled[1][..., GRID // 4 + 2 :] = 1e6
        assert same(found.score(picture), found.score(fouled))


class TestState:
    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    @pytest.mark.parametrize("image_score", ["map", "max", "reweighted"])
    def test_what_was_loaded_scores_the_same(self, masks: Masks | None, image_score: str) -> None:
        before = fitted(good(), masks=masks, coreset=0.3, image_score=image_score)
        state = {name: tensor.clone() for name, tensor in before.state().items()}
        after = method(masks, coreset=0.3, image_score=image_score).load_state(state)
        assert same(before.score(levels(99, batch=2)), after.score(levels(99, batch=2)))
        assert torch.equal(after.provenance, before.provenance)

    def test_it_can_be_written_as_it_is(self) -> None:
        state = fitted(good(), coreset=0.3).state()
        assert {name: tensor.dtype for name, tensor in state.items()} == {
            "bank": torch.float32,
            "provenance": torch.int64,
            "radius": torch.float64,
            "pictures": torch.int64,
        }
        assert all(tensor.is_contiguous() for tensor in state.values())

    @pytest.mark.parametrize("missing", ["bank", "provenance"])
    def test_a_part_that_is_missing_is_named(self, missing: str) -> None:
        state = fitted(good(), coreset=0.3).state()
        del state[missing]
        with pytest.raises(ModelError, match=missing):
            method().load_state(state)

    def test_a_bank_and_a_provenance_that_do_not_belong_together(self) -> None:
        state = fitted(good(), coreset=0.3).state()
        for wrong in (
            {"bank": state["bank"][:-1]},
            {"bank": state["bank"].ravel()},
            {"bank": state["bank"][:0], "provenance": state["provenance"][:0]},
            {"provenance": state["provenance"][:, :3]},
        ):
            with pytest.raises(ModelError, match="does not fit its provenance"):
                method().load_state(state | wrong)


@pytest.mark.parametrize("search", SearchName)
def test_each_search_scores_alike_and_calibrates_by_itself(search: SearchName) -> None:
    pictures = [levels(number, grid=16) for number in range(5)]
    exactly, found = (
        fitted(pictures, coreset=0.5, search=name) for name in (SearchName.EXACT, search)
    )
    query = levels(99, grid=16)
    most = 1.5 if search is SearchName.IVFPQ else 1 + 1e-5  # not the nearest: never too low
    ratios = found.score(query).image / exactly.score(query).image
    held_out, expected = (finished(it.leave_one_out()).image for it in (found, exactly))
    for ratio in (*ratios, *(held_out / expected)):
        assert 1 - 1e-5 <= ratio <= most
    again = method(coreset=0.5, search=search).load_state(found.state())
    assert same(again.score(query), found.score(query))


def seen(*numbers: int) -> list[SeenPicture]:
    return [SeenPicture(levels(number), number, number) for number in numbers]


class TestUpdate:
    @pytest.mark.parametrize("share", [0.05, 0.3, 1])
    def test_no_score_is_higher_than_by_all_patches_and_the_radius(self, share: float) -> None:
        found = fitted(good(), coreset=share)
        radius = found.radius
        finished(found.update(add=seen(20, 21), remove=seen(1, 3)))
        assert found.radius == radius
        everything = fitted([levels(number) for number in (0, 2, 4, 20, 21)], coreset=1)
        assert everything.radius == 0
        scores, least = found.score(levels(99)), everything.score(levels(99))
        assert scores.map is not None and least.map is not None
        assert (scores.map >= least.map - 1e-5).all()
        assert (scores.map <= least.map + radius + 1e-5).all()
        assert set(found.provenance[:, 0].tolist()) <= {0, 2, 4, 20, 21}

    def test_a_loaded_bank_covers_what_is_added_and_says_how_far_it_vouches(self) -> None:
        before = fitted(good(), coreset=0.3)
        found = method(coreset=0.3).load_state(before.state())
        finished(found.update(add=seen(20)))
        assert found.radius == before.radius and found.bank is not None
        assert distances(concat(levels(20))[0], found.bank.rows).min(1).max() <= found.radius
        finished(found.update(remove=seen(1)))
        assert found.radius > before.radius
        for number in (0, 2, 3, 4, 20):
            away = distances(concat(levels(number))[0], found.bank.rows).min(1)
            assert away.max() <= found.radius + 1e-5

    def test_collected_again_a_loaded_release_forgets_as_if_just_fitted(self) -> None:
        before = fitted(good(), coreset=0.3)
        found = method(coreset=0.3).load_state(before.state())
        for number, picture in enumerate(good()):
            found.collect(picture, picture=number, group=number)
        for it in (before, found):
            finished(it.update(remove=seen(1)))
        assert found.radius == before.radius
        assert len(finished(found.leave_one_out()).image) == 4

    def test_the_state_names_the_pictures_that_are_left(self) -> None:
        found = fitted(good(), coreset=0.3)
        finished(found.update(add=seen(20), remove=seen(0)))
        state = found.state()
        assert state["pictures"].tolist() == [[n, n] for n in (1, 2, 3, 4, 20)]
        again = method(coreset=0.3).load_state(state)
        assert same(again.score(levels(99)), found.score(levels(99)))
        with pytest.raises(RecipeError, match=r"\[0\]\. Remove only pictures that were fitted on"):
            finished(again.update(remove=seen(0)))


class TestDescriptors:
    def test_official_is_the_official_codes(self) -> None:
        found = fitted(good(2), coreset=1, descriptor="official")
        assert found.bank is not None
        picture, row, column, _ = found.provenance[17].tolist()
        patch = official(levels(picture))[0].reshape(GRID, GRID, -1)[row, column]
        assert torch.equal(found.bank.rows[17], patch)

    def test_plain_takes_one_layer(self) -> None:
        found = fitted([levels(n)[:1] for n in range(2)], coreset=1, descriptor="plain")
        picture, row, column, _ = found.provenance[0].tolist()
        assert torch.equal(found.bank.rows[0], levels(picture)[0][0, :, row, column])
        with pytest.raises(RecipeError, match="from one layer, not from 2"):
            method(descriptor="plain").collect(levels(0), picture=0, group=0)

    def test_official_takes_two_layers(self) -> None:
        with pytest.raises(RecipeError, match=r"two layers of this backbone, not 1\. Name two"):
            method(descriptor="official").collect(levels(0)[:1], picture=0, group=0)
