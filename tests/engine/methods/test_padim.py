from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import mahalanobis
from torch.nn import functional

from engine.components import collected
from engine.components.position_gaussians import (
    RIDGE,
    PositionGaussians,
    held_out_distances,
)
from engine.errors import RecipeError
from engine.methods.padim import Padim, drawn_channels
from engine.parameters import PadimParameters
from engine.preprocess import Preprocessing
from tests.small_parts import finished

pytestmark = pytest.mark.slow

SIZE, GRID, CHANNELS = 64, 8, (6, 10)
N_GOOD, LENGTH = 9, 12


def levels(seed: int, batch: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator) + 3
        for channels, side in zip(CHANNELS, (GRID, GRID // 2), strict=True)
    ]


def fitted(numbers: Sequence[int], groups: Sequence[int] | None = None, **parameters: Any) -> Padim:
    found = Padim(PadimParameters(**({"channels": LENGTH} | parameters)), Preprocessing(size=SIZE))
    for place, number in enumerate(numbers):
        group = number if groups is None else groups[place]
        found.collect(levels(number), picture=number, group=group)
    finished(found.build(0))
    return found


def embedded(seed: int, channels: Sequence[int]) -> NDArray[np.float64]:
    """All channels enlarged by repetition, then the chosen ones: (h · w, d)."""
    fine, coarse = levels(seed)
    repeated = coarse.repeat_interleave(2, 2).repeat_interleave(2, 3)
    whole = torch.cat([fine, repeated], 1)[0].flatten(1).T
    return whole[:, list(channels)].double().numpy()


def by_numpy(
    good: NDArray[np.float64], query: NDArray[np.float64], ridge: float = RIDGE
) -> NDArray[np.float64]:
    """Distance of each position, (P,), of (P, d) by (N, P, d)."""
    found = []
    for position, x in enumerate(query):
        here = good[:, position]
        covariance = np.cov(here, rowvar=False) + ridge * np.eye(here.shape[1])
        found.append(mahalanobis(x, here.mean(0), np.linalg.inv(covariance)))
    return np.array(found)


@pytest.mark.parametrize("n_good", [3, N_GOOD, 30])
def test_the_map_is_each_positions_distance(n_good: int) -> None:
    channels = drawn_channels(sum(CHANNELS), LENGTH, 1024)
    good = np.stack([embedded(n, channels) for n in range(n_good)])
    scores = fitted(range(n_good)).score(levels(99))
    assert scores.map is not None
    assert np.allclose(scores.map.ravel(), by_numpy(good, embedded(99, channels)), rtol=2e-5)


def test_the_image_score_is_the_largest_value_of_the_blurred_map() -> None:
    scores = fitted(range(N_GOOD)).score(levels(99, batch=2))
    assert scores.map is not None
    enlarged = functional.interpolate(
        torch.from_numpy(scores.map)[:, None], size=(SIZE, SIZE), mode="bilinear"
    )
    for number, shown in enumerate(enlarged[:, 0].numpy()):
        blurred = gaussian_filter(shown, 4 * SIZE / 224)
        assert scores.image[number] == pytest.approx(blurred.max(), rel=1e-5)


def test_seed_1024_draws_the_channels_of_the_public_code() -> None:
    drawn = drawn_channels(448, 100, 1024)
    assert drawn[:10] == [408, 9, 247, 435, 199, 165, 424, 405, 266, 51]
    assert np.histogram(drawn, [0, 64, 192, 448])[0].tolist() == [18, 23, 59]
    assert drawn_channels(1792, 550, 1024)[:4] == [1632, 39, 990, 1740]
    random.seed(1024)
    assert drawn == random.sample(range(448), 100)


def test_more_channels_than_there_are_means_all() -> None:
    assert drawn_channels(7, 100, 5) == list(range(7))


def test_another_seed_draws_other_channels() -> None:
    first, second = (fitted(range(5), channel_seed=seed).state() for seed in (1, 2))
    assert first["channels"].tolist() != second["channels"].tolist()


def test_how_many_channels_the_backbone_decides() -> None:
    decided = [
        PadimParameters().settled(name, adapted=False).channels
        for name in ("wide_resnet50_2", "resnet18")
    ]
    assert decided == [550, 100]
    assert PadimParameters(channels=7).settled("wide_resnet50_2", adapted=False).channels == 7


def test_a_release_keeps_half_of_each_scatter() -> None:
    state = fitted(range(5)).state()
    assert state["scatter"].shape == (GRID * GRID, LENGTH * (LENGTH + 1) // 2)
    assert state["scatter"].dtype == torch.float32


@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 2, 2, 3, 4, 5]])
def test_the_closed_form_is_fitting_anew_with_the_ridge_held(groups: list[int] | None) -> None:
    numbers = list(range(N_GOOD))
    found = fitted(numbers, groups)
    held_out = finished(found.leave_one_out())
    channels = found.state()["channels"].tolist()
    named = groups or numbers
    for number in numbers:
        others = [other for other in numbers if named[other] != named[number]]
        good = np.stack([embedded(other, channels) for other in others])
        # Σ' = (M2' + ε (N − 1) I) / (n' − 1)
        ridge = RIDGE * (N_GOOD - 1) / (len(others) - 1)
        expected = by_numpy(good, embedded(number, channels), ridge)
        assert np.allclose(held_out.map[number].ravel(), expected, rtol=1e-3)


def test_of_many_pictures_holding_out_is_near_a_true_refit() -> None:
    numbers = range(40)
    held_out = finished(fitted(numbers).leave_one_out([7]))
    refitted = fitted([n for n in numbers if n != 7]).score(levels(7))
    assert refitted.map is not None
    assert np.allclose(held_out.map[0] ** 2, refitted.map[0] ** 2, rtol=0.025)


def test_a_group_of_one_is_the_general_form() -> None:
    whitened = torch.randn(5, 4, 1, generator=torch.Generator().manual_seed(0))
    doubled = held_out_distances(whitened, 20)
    # Another formula: the refit's own, g / (1 − h).
    g = whitened.square().sum((1, 2)).numpy() / 19
    expected = np.sqrt(18 * (20 / 19) ** 2 * g / (1 - g * 20 / 19))
    assert np.allclose(doubled[:, 0], expected, rtol=1e-5)


def test_a_group_without_which_too_few_are_left_cannot_be_held_out() -> None:
    with pytest.raises(RecipeError, match="fewer than 2 are left"):
        finished(fitted(range(4), [0, 0, 0, 1]).leave_one_out())


def test_a_far_off_mean_costs_no_digits() -> None:
    """Sums of squares in float32 would: by 5e-4 at a mean of 20."""
    rng = np.random.default_rng(0)
    pictures = list(torch.from_numpy(rng.normal(200, 1, (20, 3, 5))).float())
    found = PositionGaussians.empty(3, 5, torch.device("cpu"))
    found = finished(found.merged(pictures[:12]))
    found = finished(found.merged(pictures[12:], pictures[:4]))
    kept = torch.stack(pictures[4:]).double().numpy()
    assert found.count == 16
    assert np.allclose(found.mean.numpy(), kept.mean(0), rtol=1e-12)
    rows, columns = np.tril_indices(5)
    for position in range(3):
        scatter = np.cov(kept[:, position], rowvar=False)[rows, columns] * 15
        assert np.allclose(found.scatter[position].numpy(), scatter, atol=1e-5)


@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 2, 2, 3, 4, 5]])
def test_pictures_that_do_not_fit_into_memory_give_the_same(
    groups: list[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = list(range(N_GOOD))
    expected = fitted(numbers, groups)
    monkeypatch.setattr(collected, "MEMORY_SHARE", 10**15)
    monkeypatch.setattr(collected, "BLOCK_BYTES", 4 * 4 * GRID * GRID * LENGTH)  # 4 pictures
    found = fitted(numbers, groups)
    assert found._pool.is_on_disk
    for ours, theirs in (
        (found.score(levels(99)), expected.score(levels(99))),
        (finished(found.leave_one_out()), finished(expected.leave_one_out())),
    ):
        assert ours.map is not None and theirs.map is not None
        assert np.allclose(ours.image, theirs.image, rtol=1e-4)
        assert np.allclose(ours.map, theirs.map, rtol=1e-4)


def test_an_anomaly_is_found_where_good_parts_look_otherwise() -> None:
    """Unlike a memory bank it knows the place: good patches in another order are a defect."""
    found = fitted(range(30))
    rolled = [level.roll((level.shape[-1] // 2,), (3,)) for level in structured(99)]
    good = Padim(PadimParameters(channels=LENGTH), Preprocessing(size=SIZE))
    for number in range(30):
        good.collect(structured(number), picture=number, group=number)
    finished(good.build(0))
    assert good.score(rolled).image[0] > 2 * good.score(structured(99)).image[0]
    assert found.score(levels(99)).image[0] > 0


def structured(seed: int) -> list[torch.Tensor]:
    """Noise on a slope from left to right."""
    return [level + 4 * torch.linspace(0, 1, level.shape[-1]) for level in levels(seed)]
