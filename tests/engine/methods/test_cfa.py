from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist
from torch.nn import functional

from engine.components import centres
from engine.errors import ModelError, RecipeError
from engine.methods.base import SeenPicture
from engine.methods.cfa import REPLAYED, Cfa
from engine.parameters import CfaParameters
from engine.preprocess import Preprocessing
from tests.small_parts import finished

SIZE, GRID, CHANNELS = 64, 8, (6, 10)
N_GOOD = 9


def levels(seed: int, batch: int = 1, *, offset: float = 0) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator) + offset
        for channels, side in zip(CHANNELS, (GRID, GRID // 2), strict=True)
    ]


def fitted(
    numbers: Sequence[int], *, apart: Collection[int] = (), seed: int = 0, **parameters: Any
) -> Cfa:
    settings = {"epochs": 4} | parameters
    found = Cfa(CfaParameters(**settings), Preprocessing(size=SIZE))
    found.hold_out(apart)
    for number in numbers:
        found.collect(levels(number), picture=number, group=number)
    finished(found.build(seed))
    return found


def features(picture: Sequence[torch.Tensor]) -> NDArray[np.float64]:
    """Averaged, enlarged, with row, column and 1: (P, D + 3), by numpy where it can be."""
    fine, coarse = (functional.avg_pool2d(level, 3, 1, 1).half().double() for level in picture)
    large = functional.interpolate(coarse, (GRID, GRID), mode="bilinear", align_corners=False)
    whole = torch.cat([fine, large], 1)[0].flatten(1).T.numpy()
    places = np.stack(np.meshgrid(*[np.linspace(-1, 1, GRID)] * 2, indexing="ij"), 2)
    return np.concatenate([whole, places.reshape(-1, 2), np.ones((GRID * GRID, 1))], 1)


def described(picture: Sequence[torch.Tensor], matrix: torch.Tensor) -> NDArray[np.float64]:
    found: NDArray[np.float64] = features(picture) @ matrix.double().numpy().T
    return found


def bank_of(numbers: Sequence[int], initial: torch.Tensor) -> NDArray[np.float64]:
    """The official code's bank: the mean of φ_0 at each position."""
    return np.mean([described(levels(number), initial) for number in numbers], axis=0)


def test_the_bank_is_the_mean_of_the_untrained_descriptor_at_each_position() -> None:
    state = fitted(range(N_GOOD), apart=[2, 7]).state()
    assert state["bank"].shape == (GRID * GRID, sum(CHANNELS) // 2)
    expected = bank_of([n for n in range(N_GOOD) if n not in (2, 7)], state["initial"])
    assert np.allclose(state["bank"].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("attracting", [1, 3, 6])
def test_the_map_is_the_nearest_distance_weighed_by_softmin(attracting: int) -> None:
    found = fitted(range(N_GOOD), attracting=attracting)
    state, scores = found.state(), found.score(levels(99))
    table = np.sort(cdist(described(levels(99), state["descriptor"]), state["bank"].numpy()))
    nearest = table[:, :attracting]
    softmin = np.exp(-nearest) / np.exp(-nearest).sum(1, keepdims=True)
    assert scores.map is not None
    assert np.allclose(scores.map.ravel(), softmin[:, 0] * nearest[:, 0], rtol=1e-4)


def test_the_image_score_is_the_largest_value_of_the_blurred_map() -> None:
    scores = fitted(range(N_GOOD)).score(levels(99, batch=2))
    assert scores.map is not None
    enlarged = functional.interpolate(
        torch.from_numpy(scores.map)[:, None], size=(SIZE, SIZE), mode="bilinear"
    )
    for number, shown in enumerate(enlarged[:, 0].numpy()):
        blurred = gaussian_filter(shown, 4 * SIZE / 224)
        assert scores.image[number] == pytest.approx(blurred.max(), rel=1e-5)


def test_with_gamma_c_the_bank_is_clustered_and_with_gamma_d_patches_are_shorter() -> None:
    state = fitted(range(N_GOOD), gamma_c=9, gamma_d=4).state()
    assert state["bank"].shape == (GRID * GRID // 9, sum(CHANNELS) // 4)
    means = bank_of(range(N_GOOD), state["initial"])
    owner = cdist(means, state["bank"].numpy()).argmin(1)
    for number, centre in enumerate(state["bank"].numpy()):
        assert np.allclose(means[owner == number].mean(0), centre, atol=1e-5)


def test_every_epoch_of_the_training_is_told() -> None:
    history = fitted(range(N_GOOD), epochs=4).state()["history"]
    assert history[:, 0].tolist() == [3, 6, 9, 12]
    assert history[0, 1] > history[-1, 1] > 0
    assert fitted(range(N_GOOD), epochs=4, most_steps=5).state()["history"][:, 0].tolist() == [3, 5]


def test_what_is_held_out_is_scored_as_it_would_be_on_the_line() -> None:
    found = fitted(range(N_GOOD), apart=[2, 7])
    held_out = finished(found.leave_one_out())
    alone = [found.score(levels(number)) for number in (2, 7)]
    assert held_out.image.tolist() == [float(scores.image[0]) for scores in alone]
    assert held_out.map is not None
    assert np.array_equal(held_out.map, np.concatenate([scores.map for scores in alone]))


def test_what_is_held_out_has_no_say_in_what_is_learned() -> None:
    first = fitted(range(N_GOOD), apart=[2, 7]).state()
    other = fitted([0, 1, 50, 3, 4, 5, 6, 51, 8], apart=[50, 51]).state()
    for name in first.keys() - {"pictures"}:
        assert torch.equal(first[name], other[name]), name


def test_what_was_learned_from_cannot_place_limits() -> None:
    with pytest.raises(RecipeError, match="learned from pictures that are to place its limits"):
        finished(fitted(range(N_GOOD)).leave_one_out())
    with pytest.raises(RecipeError, match="Hold pictures of other parts out"):
        finished(fitted(range(N_GOOD), apart=[2, 7]).leave_one_out([2, 3]))


def seen(*numbers: int, offset: float = 0) -> list[SeenPicture]:
    return [SeenPicture(levels(number, offset=offset), number, number) for number in numbers]


def reloaded(found: Cfa) -> Cfa:
    return Cfa(CfaParameters(epochs=4), Preprocessing(size=SIZE)).load_state(found.state())


@pytest.mark.parametrize("loaded", [False, True])
def test_after_an_update_the_bank_is_that_of_a_new_fit(loaded: bool) -> None:
    found = fitted(range(N_GOOD), apart=[2])
    if loaded:
        found = reloaded(found)
    finished(found.update(add=seen(20, 21), remove=seen(0, 2, 5)))
    state, anew = found.state(), fitted([1, 3, 4, 6, 7, 8, 20, 21]).state()
    assert torch.allclose(state["mean"], anew["mean"], atol=1e-12)
    assert torch.allclose(state["bank"], anew["bank"], atol=1e-6)
    assert state["pictures"][:, :2].tolist() == anew["pictures"][:, :2].tolist()
    assert not torch.equal(state["descriptor"], anew["descriptor"])


@pytest.mark.parametrize("loaded", [False, True])
def test_an_overruled_alarm_is_less_of_an_alarm_after_it_was_taken_in(loaded: bool) -> None:
    found = fitted(range(N_GOOD))
    if loaded:
        found = reloaded(found)
    strange, usual = levels(20, offset=1.5), levels(99)
    before = found.score(strange).image[0]
    assert before > 2 * found.score(usual).image[0]
    finished(found.update(add=seen(20, offset=1.5)))
    assert found.score(strange).image[0] < 0.8 * before


def test_all_can_be_exchanged() -> None:
    found = reloaded(fitted(range(N_GOOD)))
    finished(found.update(add=seen(20, 21, 22), remove=seen(*range(N_GOOD))))
    expected = bank_of([20, 21, 22], found.state()["initial"])
    assert np.allclose(found.state()["bank"].numpy(), expected, atol=1e-5)


def test_a_release_keeps_some_pictures_to_learn_from_again() -> None:
    state = fitted(range(REPLAYED + 9), apart=[3], epochs=1).state()
    assert state["replay"].shape[0] == REPLAYED == int(state["pictures"][:, 2].sum())
    assert state["replay"].dtype == torch.float16
    assert state["pictures"][3].tolist() == [3, 0, 0], "not one that was held out"


def test_a_descriptor_of_another_release_is_refused() -> None:
    state, other = fitted(range(3)).state(), fitted(range(3), gamma_d=4).state()
    with pytest.raises(ModelError, match="does not fit its bank"):
        Cfa(CfaParameters(), Preprocessing(size=SIZE)).load_state(
            {**state, "descriptor": other["descriptor"]}
        )


def test_an_adapted_backbone_has_averaged_already() -> None:
    assert CfaParameters().settled("gabor-adapted", adapted=True).descriptor == "plain"
    assert CfaParameters().settled("resnet18", adapted=False).descriptor == "concat"
    asked = CfaParameters(descriptor="concat").settled("gabor-adapted", adapted=True)
    assert asked.descriptor == "concat"


def test_searched_in_pieces_a_picture_scores_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fitted(range(N_GOOD), apart=[2])
    score, steps = whole.score(levels(99)), len(list(whole.leave_one_out()))
    monkeypatch.setattr(centres, "_STEP_PRODUCTS", 7 * GRID * GRID * (sum(CHANNELS) // 2))
    pieces = fitted(range(N_GOOD), apart=[2])
    assert (steps, len(list(pieces.leave_one_out()))) == (1, 10)
    assert score.map is not None
    assert np.allclose(pieces.score(levels(99)).map, score.map, rtol=1e-4)
