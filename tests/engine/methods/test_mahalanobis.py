from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf

from engine.components.ledoit_wolf import ShrunkGaussian
from engine.errors import RecipeError
from engine.methods.mahalanobis import MahalanobisAD
from engine.parameters import MahalanobisParameters
from engine.preprocess import Preprocessing
from tests.small_parts import finished

CHANNELS = (6, 10)


def levels(seed: int, batch: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator) + 3
        for channels, side in zip(CHANNELS, (8, 4), strict=True)
    ]


def fitted(numbers: Sequence[int], groups: Sequence[int] | None = None) -> MahalanobisAD:
    found = MahalanobisAD(MahalanobisParameters(), Preprocessing(size=64))
    for place, number in enumerate(numbers):
        group = number if groups is None else groups[place]
        found.collect(levels(number), picture=number, group=group)
    finished(found.build(0))
    return found


def vectors(seed: int, count: int, length: int, *, offset: float = 20) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.eye(length) + rng.normal(0, 0.3 / length**0.5, (length, length))
    return np.asarray(offset + rng.normal(0, 1, (count, length)) @ mixing)


def by_sklearn(good: np.ndarray, query: np.ndarray) -> np.ndarray:
    fitted = LedoitWolf().fit(good)
    offset = query - fitted.location_
    return np.asarray((offset * np.linalg.solve(fitted.covariance_, offset.T).T).sum(1))


class TestShrunkGaussian:
    @settings(max_examples=60, deadline=None)
    @given(
        seed=st.integers(0, 10**6),
        count=st.integers(3, 40),
        length=st.integers(3, 60),
    )
    def test_it_is_sklearns_also_with_fewer_pictures_than_channels(
        self, seed: int, count: int, length: int
    ) -> None:
        good, query = vectors(seed, count, length), vectors(seed + 1, 5, length)
        found, expected = ShrunkGaussian(torch.from_numpy(good)), LedoitWolf().fit(good)
        assert found.share == pytest.approx(expected.shrinkage_, rel=1e-7)
        ours = found.squared_distances(torch.from_numpy(query)).numpy()
        assert np.allclose(ours, by_sklearn(good, query), rtol=1e-6)

    @settings(max_examples=30, deadline=None)
    @given(
        seed=st.integers(0, 10**6),
        count=st.integers(7, 30),
        length=st.integers(3, 50),
        held=st.integers(1, 4),
    )
    def test_holding_out_is_fitting_anew_without(
        self, seed: int, count: int, length: int, held: int
    ) -> None:
        good = vectors(seed, count, length)
        members = np.isin(np.arange(count), np.arange(held) + seed % 3)
        found = ShrunkGaussian(torch.from_numpy(good)).held_out(torch.from_numpy(members))
        assert np.allclose(found.numpy(), by_sklearn(good[~members], good[members]), rtol=1e-6)

    def test_of_two_vectors_nothing_is_shrunk_and_all_distances_are_finite(self) -> None:
        good = vectors(0, 2, 4)
        found = ShrunkGaussian(torch.from_numpy(good))
        assert found.share == pytest.approx(LedoitWolf().fit(good).shrinkage_, abs=1e-12) == 0
        assert torch.isfinite(found.squared_distances(torch.from_numpy(vectors(1, 3, 4)))).all()

    def test_vectors_that_do_not_vary(self) -> None:
        alike = torch.full((5, 3), 7.0, dtype=torch.float64)
        found = ShrunkGaussian(alike)
        assert found.squared_distances(alike).tolist() == [0] * 5
        assert torch.isfinite(found.squared_distances(alike + 1)).all()
        assert torch.isfinite(found.held_out(torch.arange(5) == 2)).all()

    def test_one_number_is_its_distance_in_standard_deviations(self) -> None:
        good = torch.tensor([[1.0], [2.0], [6.0]], dtype=torch.float64)
        query = torch.tensor([[5.0]], dtype=torch.float64)
        expected = (5 - 3) ** 2 / (14 / 3)
        assert ShrunkGaussian(good).squared_distances(query).item() == pytest.approx(expected)


def pooled(seed: int) -> list[np.ndarray]:
    return [level.double().mean((2, 3)).numpy() for level in levels(seed)]


def test_the_score_is_the_sum_of_the_levels_distances() -> None:
    numbers = range(9)
    good = [np.concatenate(level) for level in zip(*(pooled(n) for n in numbers), strict=True)]
    expected = sum(
        np.sqrt(by_sklearn(of_level, query))
        for of_level, query in zip(good, pooled(99), strict=True)
    )
    scores = fitted(numbers).score(levels(99))
    assert scores.map is None
    assert scores.image == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("groups", [None, [0, 0, 1, 2, 2, 2, 3, 4, 5]])
def test_each_picture_is_held_out_with_its_whole_group(groups: list[int] | None) -> None:
    numbers = list(range(9))
    held_out = finished(fitted(numbers, groups).leave_one_out())
    for number in numbers:
        named = groups or numbers
        others = [other for other in numbers if named[other] != named[number]]
        (expected,) = fitted(others).score(levels(number)).image
        assert held_out.image[number] == pytest.approx(expected, rel=1e-5)


def test_a_group_without_which_too_few_are_left_cannot_be_held_out() -> None:
    with pytest.raises(RecipeError, match="fewer than 2 are left"):
        finished(fitted(range(4), [0, 0, 0, 1]).leave_one_out())


def test_where_an_anomaly_lies_has_no_say() -> None:
    found, picture = fitted(range(9)), levels(99)
    turned = [level.flip(2, 3) for level in picture]
    assert found.score(turned).image == pytest.approx(found.score(picture).image, rel=1e-5)
