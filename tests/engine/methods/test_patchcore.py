from __future__ import annotations

import inspect
import itertools
import time
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from engine.components.embedding import concat, official
from engine.errors import ModelError, RecipeError
from engine.methods import METHODS
from engine.methods.patchcore import DEFAULT_ROWS, PatchCore
from engine.parameters import PatchCoreParameters
from engine.preprocess import Preprocessing
from engine.recipe import Masks
from engine.types import MethodName, Scores

SIZE, GRID, CHANNELS = 64, 8, (6, 10)
LEFT_HALF = Masks(include=(((0, 0), (32, 0), (32, 64), (0, 64)),))


def levels(seed: int, batch: int = 1, grid: int = GRID) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    fine, coarse = CHANNELS
    return [
        torch.randn(batch, fine, grid, grid, generator=generator),
        torch.randn(batch, coarse, grid // 2, grid // 2, generator=generator),
    ]


def finished(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def method(masks: Masks | None = None, **parameters: Any) -> PatchCore:
    preprocessing = Preprocessing(
        size=SIZE, masks=masks or Masks(), source_size=(SIZE, SIZE) if masks else None
    )
    return PatchCore(PatchCoreParameters(**parameters), preprocessing)


def fitted(
    pictures: Sequence[list[torch.Tensor]],
    groups: Sequence[int] | None = None,
    masks: Masks | None = None,
    seed: int = 0,
    **parameters: Any,
) -> PatchCore:
    found = method(masks, **parameters)
    for number, picture in enumerate(pictures):
        found.collect(picture, picture=number, group=groups[number] if groups else number)
    finished(found.build(seed))
    return found


def good(count: int = 5) -> list[list[torch.Tensor]]:
    return [levels(seed) for seed in range(count)]


def same(first: Scores, second: Scores) -> bool:
    assert first.map is not None and second.map is not None
    return np.array_equal(first.image, second.image) and np.array_equal(
        first.map, second.map, equal_nan=True
    )


def distances(queries: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
    return cdist(queries.double().numpy(), rows.double().numpy())


class TestScores:
    def test_the_map_is_each_patchs_distance_and_the_image_its_largest(self) -> None:
        found = fitted(good(), coreset=0.3)
        scores = found.score(levels(99, batch=3))
        assert found.bank is not None and scores.map is not None
        table = distances(concat(levels(99, batch=3)).flatten(0, 1), found.bank.rows)
        assert scores.map.shape == (3, GRID, GRID)
        assert scores.image.dtype == scores.map.dtype == np.float32
        assert np.abs(scores.map.ravel() - table.min(1)).max() < 1e-5
        assert np.array_equal(scores.image, scores.map.max((1, 2)))

    @pytest.mark.parametrize("image_score", ["max", "reweighted"])
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

    def test_a_picture_that_is_no_number_gets_no_score(self) -> None:
        picture = levels(0)
        picture[0][0, 0, 3, 3] = torch.nan
        with pytest.raises(ModelError, match="no numbers for this picture"):
            fitted(good(), coreset=0.5).score(picture)

    def test_before_a_fit_there_is_nothing_to_score_by(self) -> None:
        with pytest.raises(ModelError, match="fit it or load a release first"):
            method().score(levels(0))


def equation_7(spread: np.ndarray, score: float) -> float:
    """The paper's own form, which overflows above 700 even in double precision."""
    return float((1 - np.exp(score) / np.exp(spread).sum()) * score)


class TestReweighting:
    @settings(max_examples=40, deadline=None)
    @given(seed=st.integers(0, 10**6), neighbours=st.integers(2, 20), scale=st.floats(0.01, 3))
    def test_it_is_equation_7(self, seed: int, neighbours: int, scale: float) -> None:
        pictures = [[level * scale for level in picture] for picture in good(3)]
        found = fitted(pictures, coreset=0.5, image_score="reweighted", neighbours=neighbours)
        query = [level * scale for level in levels(seed + 100)]
        assert found.bank is not None
        rows = found.bank.rows
        table = distances(concat(query)[0], rows)
        worst = int(table.min(1).argmax())
        around = distances(rows[[int(table[worst].argmin())]], rows)[0].argsort()[:neighbours]
        expected = equation_7(table[worst][around], table[worst].min())
        (score,) = found.score(query).image
        assert score == pytest.approx(expected, rel=1e-4)
        # "max" is s* itself; the bracket of Eq. 7 lies in [1 - 1 / b, 1).
        largest = table.min(1).max()
        assert (1 - 1 / neighbours) * largest * (1 - 1e-5) <= score <= largest

    @pytest.mark.parametrize("distance", [1e3, 1e6])
    def test_large_distances_do_not_overflow(self, distance: float) -> None:
        found = fitted(good(), coreset=0.5, image_score="reweighted")
        query = [level + distance for level in levels(99)]
        largest = fitted(good(), coreset=0.5).score(query).image[0]
        (score,) = found.score(query).image
        assert largest > distance
        assert (1 - 1 / 9) * largest * (1 - 1e-5) <= score <= largest

    def test_more_neighbours_than_rows_are_all_rows(self) -> None:
        few = fitted(good(), coreset=0.02, image_score="reweighted", neighbours=500)
        assert few.bank is not None
        exactly = fitted(good(), coreset=0.02, image_score="reweighted", neighbours=len(few.bank))
        assert same(few.score(levels(99)), exactly.score(levels(99)))

    def test_a_bank_of_one_row_does_not_call_everything_good(self) -> None:
        one = fitted(good(), coreset=1e-9, image_score="reweighted")
        assert one.bank is not None and len(one.bank) == 1
        assert same(one.score(levels(99)), fitted(good(), coreset=1e-9).score(levels(99)))

    def test_the_map_is_never_reweighted(self) -> None:
        maps = [
            fitted(good(), coreset=0.5, image_score=kind).score(levels(99)).map
            for kind in ("max", "reweighted")
        ]
        assert np.array_equal(*maps)


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
        found = fitted(good(), groups=groups, coreset=0.5)
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

    def test_eq_7_looks_at_the_other_groups_only(self) -> None:
        groups = [3, 3, 5, 5]
        found = fitted(good(4), groups=groups, coreset=1, image_score="reweighted", neighbours=100)
        held_out = finished(found.leave_one_out())
        for number, group in enumerate(groups):
            others = [other for other in range(4) if groups[other] != group]
            alone = fitted(
                [levels(other) for other in others],
                coreset=1,
                image_score="reweighted",
                neighbours=100,
            )
            assert held_out.image[number] == pytest.approx(
                alone.score(levels(number)).image[0], rel=1e-5
            )

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
        found = fitted(good(), masks=LEFT_HALF, coreset=1)
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

    def test_a_region_smaller_than_a_cell_cannot_be_inspected(self) -> None:
        speck = Masks(include=(((0, 0), (2, 0), (2, 2), (0, 2)),))
        with pytest.raises(RecipeError, match="smaller than one cell"):
            method(speck).collect(levels(0), picture=0, group=0)


class TestState:
    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    @pytest.mark.parametrize("image_score", ["max", "reweighted"])
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


class TestSteps:
    def large(self) -> PatchCore:
        found = method(coreset=0.1)
        for number in range(12):
            found.collect(levels(number, grid=40), picture=number, group=number)
        return found

    def test_they_are_short_and_named(self) -> None:
        found = self.large()
        for steps in (found.build(0), found.leave_one_out()):
            longest, looked = 0.0, time.process_time()
            for step in steps:
                longest = max(longest, time.process_time() - looked)
                assert step.stage and 0 <= step.fraction <= 1
                looked = time.process_time()
            assert longest < 0.15  # a line runs beside it; 50 ms on a machine of its own

    def test_laying_out_a_large_fit_is_split_by_picture(self) -> None:
        stages = [step.stage for step in self.large().build(0)]
        assert stages.count(stages[0]) >= 12

    def test_a_cancelled_build_leaves_no_bank(self) -> None:
        found = self.large()
        steps = found.build(0)
        next(steps)
        steps.close()
        assert found.bank is None
        assert inspect.getgeneratorstate(steps) == inspect.GEN_CLOSED

    def test_a_build_can_begin_again_after_it_was_cancelled(self) -> None:
        found = self.large()
        steps = found.build(0)
        for _ in range(5):
            next(steps)
        steps.close()
        finished(found.build(0))
        straight = self.large()
        finished(straight.build(0))
        assert torch.equal(found.provenance, straight.provenance)

    def test_a_cancelled_calibration_changes_nothing(self) -> None:
        found = fitted(good(), coreset=0.5)
        before = found.score(levels(99))
        steps = found.leave_one_out()
        next(steps)
        steps.close()
        assert same(before, found.score(levels(99)))
        assert len(finished(found.leave_one_out()).image) == 5


def test_the_table_of_methods_knows_it() -> None:
    assert METHODS[MethodName.PATCHCORE] is PatchCore
