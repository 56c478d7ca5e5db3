from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.spatial.distance import cdist

from engine.components.contrastive_layer import ContrastiveLayer
from engine.components.embedding import concat
from engine.errors import ModelError, RecipeError
from engine.methods.base import SeenPicture
from engine.methods.reconpatch import MOST_ROWS, ReConPatch, bank_rows
from engine.parameters import ReConPatchParameters
from engine.preprocess import Preprocessing
from engine.recipe import Masks
from engine.types import Scores
from tests.small_parts import finished

SIZE, GRID, CHANNELS = 64, 8, (6, 10)
LEFT_HALF = Masks(include=(((0, 0), (32, 0), (32, 64), (0, 64)),))
FEW = {"dimensions": 24, "projection": 8, "batch": 64, "learning_rate": 1e-3, "epochs": 3}
"""A layer that learns in a moment, and moves."""


def levels(seed: int, batch: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator) + 2
        for channels, side in zip(CHANNELS, (GRID, GRID // 2), strict=True)
    ]


def method(masks: Masks | None = None, **parameters: Any) -> ReConPatch:
    preprocessing = Preprocessing(
        size=SIZE, masks=masks or Masks(), source_size=(SIZE, SIZE) if masks else None
    )
    return ReConPatch(ReConPatchParameters(**(FEW | parameters)), preprocessing)


def fitted(
    numbers: Sequence[int] = range(5),
    groups: Sequence[int] | None = None,
    masks: Masks | None = None,
    seed: int = 0,
    **parameters: Any,
) -> ReConPatch:
    found = method(masks, **parameters)
    for place, number in enumerate(numbers):
        group = number if groups is None else groups[place]
        found.collect(levels(number), picture=number, group=group)
    finished(found.build(seed))
    return found


def seen(*numbers: int) -> list[SeenPicture]:
    return [SeenPicture(levels(number), number, number) for number in numbers]


def mapped(of: ReConPatch, patches: torch.Tensor) -> NDArray[np.float64]:
    return (patches.double() @ of.state()["representation"].double().T).numpy()


def bank(of: ReConPatch) -> NDArray[np.float64]:
    return mapped(of, of.state()["patches"])


def same(first: Scores, second: Scores) -> bool:
    assert first.map is not None and second.map is not None
    return np.array_equal(first.image, second.image) and np.array_equal(
        first.map, second.map, equal_nan=True
    )


class TestScores:
    def test_the_map_is_each_patchs_distance_behind_the_layer(self) -> None:
        found = fitted(coreset=0.3)
        scores = found.score(levels(99, batch=3))
        assert scores.map is not None
        table = cdist(mapped(found, concat(levels(99, batch=3)).flatten(0, 1)), bank(found))
        assert np.abs(scores.map.ravel() - table.min(1)).max() < 1e-5

    def test_the_image_score_is_equation_10(self) -> None:
        found = fitted(coreset=0.3, neighbours=4)
        rows = bank(found)
        table = cdist(mapped(found, concat(levels(99))[0]), rows)
        worst = int(table.min(1).argmax())
        score, winner = table[worst].min(), int(table[worst].argmin())
        around = cdist(rows[[winner]], rows)[0].argsort()[:4]
        expected = (1 - np.exp(score) / np.exp(table[worst][around]).sum()) * score
        assert found.score(levels(99)).image[0] == pytest.approx(expected, rel=1e-4)
        plain = fitted(coreset=0.3, image_score="max").score(levels(99)).image[0]
        assert plain == pytest.approx(score, rel=1e-5)

    def test_it_looks_through_the_layer_and_never_through_the_projection(self) -> None:
        found, state = fitted(coreset=0.3), fitted(coreset=0.3).state()
        state["projection"] = torch.randn_like(state["projection"])
        assert same(
            method(coreset=0.3).load_state(state).score(levels(99)), found.score(levels(99))
        )
        state["representation"] = 2 * state["representation"]
        doubled = method(image_score="max").load_state(state).score(levels(99)).map
        assert doubled is not None
        assert np.allclose(doubled, 2 * np.asarray(found.score(levels(99)).map), rtol=1e-5)

    def test_the_layer_is_trained(self) -> None:
        found = fitted()
        began = ContrastiveLayer.drawn(
            sum(CHANNELS), ReConPatchParameters(**FEW), seed=0, device=torch.device("cpu")
        )
        assert not torch.equal(found.state()["representation"], began.representation)


class TestBank:
    def test_without_a_share_it_is_1_percent_within_bounds(self) -> None:
        pictures = [bank_rows(784 * count, None) for count in (1, 60, 209, 450, 4000)]
        assert pictures == [784, 1000, 1638, 3528, MOST_ROWS]
        assert bank_rows(163_856, 0.25) == 40_964 and bank_rows(100, 1e-6) == 1

    @pytest.mark.parametrize("masks", [None, LEFT_HALF])
    def test_each_row_is_the_patch_its_provenance_names(self, masks: Masks | None) -> None:
        groups = [7, 7, 8, 9, 9]
        found = fitted(groups=groups, masks=masks, coreset=0.4)
        rows = found.state()["patches"]
        assert len(rows) == len(found.provenance.unique(dim=0)) > 50
        for row, (picture, y, x, group) in zip(rows, found.provenance.tolist(), strict=True):
            assert torch.equal(row, concat(levels(picture))[0].reshape(GRID, GRID, -1)[y, x])
            assert group == groups[picture]
        assert masks is None or int(found.provenance[:, 2].max()) < GRID // 2

    def test_every_patch_lies_within_the_radius(self) -> None:
        found = fitted(coreset=0.1)
        everything = mapped(found, torch.cat([concat(levels(n))[0] for n in range(5)]))
        assert cdist(everything, bank(found)).min(1).max() <= found.radius + 1e-5

    def test_held_out_the_rows_of_the_whole_group_do_not_count(self) -> None:
        groups = [3, 5, 3, 5, 8]
        found = fitted(groups=groups, coreset=0.5, image_score="max")
        held_out = finished(found.leave_one_out())
        for number, group in enumerate(groups):
            others = bank(found)[(found.provenance[:, 3] != group).numpy()]
            expected = cdist(mapped(found, concat(levels(number))[0]), others).min(1)
            assert np.abs(held_out.map[number].ravel() - expected).max() < 1e-5
            assert held_out.image[number] == held_out.map[number].max()


class TestUpdate:
    def test_the_layer_is_trained_further_and_all_are_covered(self) -> None:
        found = fitted(coreset=0.1)
        before, radius = found.state(), found.radius
        finished(found.update(add=seen(20, 21), remove=seen(1)))
        assert not torch.equal(found.state()["representation"], before["representation"])
        assert found.radius == radius
        left = (0, 2, 3, 4, 20, 21)
        everything = mapped(found, torch.cat([concat(levels(n))[0] for n in left]))
        assert cdist(everything, bank(found)).min(1).max() <= radius + 1e-5
        assert set(found.provenance[:, 0].tolist()) <= set(left)
        for row, (picture, y, x, _) in zip(
            found.state()["patches"], found.provenance.tolist(), strict=True
        ):
            assert torch.equal(row, concat(levels(picture))[0].reshape(GRID, GRID, -1)[y, x])
        assert len(finished(found.leave_one_out()).image) == len(left)

    def test_rows_of_pictures_that_stay_stay(self) -> None:
        found = fitted(coreset=0.1)
        kept = found.provenance[found.provenance[:, 0] != 1]
        finished(found.update(add=seen(20), remove=seen(1)))
        assert torch.equal(found.provenance[: len(kept)], kept)

    def test_where_the_old_pictures_are_not_at_hand_the_layer_stays(self) -> None:
        state = fitted(coreset=0.1).state()
        found = method(coreset=0.1).load_state(state)
        radius = found.radius
        finished(found.update(add=seen(20, 21)))
        after = found.state()
        assert torch.equal(after["representation"], state["representation"])
        assert torch.equal(after["patches"][: len(state["patches"])], state["patches"])
        added = mapped(found, torch.cat([concat(levels(n))[0] for n in (20, 21)]))
        assert cdist(added, bank(found)).min(1).max() <= radius + 1e-5
        assert {20, 21} & set(found.provenance[:, 0].tolist())

    def test_a_loaded_one_can_forget_without_having_seen(self) -> None:
        straight = fitted(coreset=0.1)
        found = method(coreset=0.1).load_state(straight.state())
        finished(found.update(remove=seen(1)))
        assert torch.equal(found.provenance, straight.provenance[straight.provenance[:, 0] != 1])
        left = mapped(found, torch.cat([concat(levels(n))[0] for n in (0, 2, 3, 4)]))
        assert cdist(left, bank(found)).min(1).max() <= found.radius + 1e-5
        assert found.radius >= straight.radius

    def test_collected_again_they_are_at_hand(self) -> None:
        straight = fitted(coreset=0.1)
        again = method(coreset=0.1).load_state(straight.state())
        for number in range(5):
            again.collect(levels(number), picture=number, group=number)
        for found in (straight, again):
            finished(found.update(add=seen(20), remove=seen(1)))
        assert same(straight.score(levels(99)), again.score(levels(99)))

    def test_with_no_epochs_the_layer_stays(self) -> None:
        found = fitted(coreset=0.1, update_epochs=0)
        before = found.state()["representation"]
        finished(found.update(add=seen(20)))
        assert torch.equal(found.state()["representation"], before)

    def test_what_was_updated_can_be_written_and_read(self) -> None:
        found = fitted(coreset=0.1)
        finished(found.update(add=seen(20), remove=seen(1)))
        after = method(coreset=0.1).load_state(found.state())
        assert same(found.score(levels(99)), after.score(levels(99)))
        with pytest.raises(RecipeError, match="cannot be changed: \\[1\\]"):
            finished(after.update(remove=seen(1)))


class TestState:
    def test_it_is_small_and_lies_in_one_piece(self) -> None:
        state = fitted(coreset=0.1).state()
        assert {name: tensor.dtype for name, tensor in state.items()} == {
            "representation": torch.float32,
            "projection": torch.float32,
            "patches": torch.float32,
            "provenance": torch.int64,
            "radius": torch.float64,
            "pictures": torch.int64,
            "shapes": torch.int64,
        }
        assert all(tensor.is_contiguous() for tensor in state.values())

    def test_parts_that_do_not_belong_together(self) -> None:
        state = fitted(coreset=0.1).state()
        for wrong in (
            {"patches": state["patches"][:-1]},
            {"patches": state["patches"].ravel()},
            {"patches": state["patches"][:0], "provenance": state["provenance"][:0]},
            {"representation": state["representation"][:, :-1]},
            {"provenance": state["provenance"][:, :3]},
        ):
            with pytest.raises(ModelError, match="do not fit its layer"):
                method().load_state(state | wrong)


def test_the_descriptor_is_settled_as_patchcores() -> None:
    own = ReConPatchParameters()
    assert own.settled("wide_resnet50_2", adapted=False).descriptor == "official"
    assert own.settled("resnet18", adapted=False).descriptor == "concat"
    assert own.settled("builtin", adapted=True).descriptor == "plain"
    kept = ReConPatchParameters(descriptor="concat").settled("wide_resnet50_2", adapted=False)
    assert kept.descriptor == "concat"


def test_steps_are_short() -> None:
    found = method(coreset=0.1, batch=1024, dimensions=512, projection=128, most_steps=4)
    generator = torch.Generator().manual_seed(0)
    for number in range(4):
        large = [torch.randn(1, c, s, s, generator=generator) for c, s in ((100, 40), (100, 20))]
        found.collect(large, picture=number, group=number)
    for steps in (found.build(0), found.leave_one_out()):
        longest, looked = 0.0, time.process_time()
        for step in steps:
            longest = max(longest, time.process_time() - looked)
            assert step.stage and 0 <= step.fraction <= 1
            looked = time.process_time()
        assert longest < 0.4  # a line runs beside it; 50 ms on a machine of its own


def test_the_defaults_are_the_papers_and_where_it_has_none_the_products() -> None:
    own = ReConPatchParameters()
    assert (own.dimensions, own.learning_rate, own.weight_decay) == (512, 1e-5, 1e-2)
    assert (own.image_score, own.neighbours, own.coreset) == ("reweighted", 9, None)
    assert (own.projection, own.batch, own.normalise) == (128, 1024, True)
    assert (own.bandwidth, own.context, own.pairwise_share) == (0.5, 5, 0.5)
    assert (own.margin, own.averaging) == (1, 0.999)


@pytest.mark.parametrize(
    "wrong",
    [
        {"coreset": 0},
        {"neighbours": 1},
        {"context": 1},
        {"batch": 1},
        {"bandwidth": 0},
        {"averaging": 1},
        {"pairwise_share": 1.1},
        {"learning_rate": float("nan")},
        {"most_steps": 0},
        {"colour": 3},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        ReConPatchParameters(**wrong)
