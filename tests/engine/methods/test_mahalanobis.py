from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Literal

import numpy as np
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf
from torch.nn import functional

from engine.components.aside import aside
from engine.components.ledoit_wolf import ShrunkGaussian
from engine.components.level_maps import mean_map
from engine.errors import RecipeError
from engine.inspector import Inspector
from engine.methods import mahalanobis as module
from engine.methods.base import SeenPicture
from engine.methods.mahalanobis import MahalanobisAD
from engine.parameters import MahalanobisParameters
from engine.preprocess import Preprocessing
from engine.releases.folder import write_release
from engine.types import FitStep, MethodName
from tests.small_parts import finished, frame_of, good_image, small_recipe, spotted
from tests.small_parts import fitted as fitted_by

CHANNELS = (6, 10)


def levels(seed: int, batch: int = 1) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(batch, channels, side, side, generator=generator) + 3
        for channels, side in zip(CHANNELS, (8, 4), strict=True)
    ]


def fitted(
    numbers: Sequence[int],
    groups: Sequence[int] | None = None,
    *,
    kind: Literal["none", "indicative"] = "none",
) -> MahalanobisAD:
    found = MahalanobisAD(MahalanobisParameters(map=kind), Preprocessing(size=64))
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
        found = ShrunkGaussian(torch.from_numpy(good)).without(torch.from_numpy(members))
        expected = by_sklearn(good[~members], good[members])
        assert np.allclose(found.of_members().numpy(), expected, rtol=1e-6)
        query = vectors(seed + 1, 5, length)
        ours = found.squared_distances(torch.from_numpy(query)).numpy()
        assert np.allclose(ours, by_sklearn(good[~members], query), rtol=1e-6)

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
        assert torch.isfinite(found.without(torch.arange(5) == 2).of_members()).all()

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
    with pytest.raises(RecipeError, match="fewer than 3 are left"):
        finished(fitted(range(4), [0, 0, 0, 1]).leave_one_out())


def test_two_pictures_tell_nothing_of_how_far_a_third_may_lie() -> None:
    """Of two nothing is shrunk: off the line through them all is a million deviations away."""
    held_out = finished(fitted(range(6), [0, 0, 0, 1, 2, 3]).leave_one_out()).image
    assert held_out.max() < 10 * np.median(held_out)
    with pytest.raises(RecipeError, match="Add pictures of other parts"):
        finished(fitted(range(5), [0, 0, 0, 1, 2]).leave_one_out())


def test_where_an_anomaly_lies_has_no_say() -> None:
    found, picture = fitted(range(9)), levels(99)
    turned = [level.flip(2, 3) for level in picture]
    assert found.score(turned).image == pytest.approx(found.score(picture).image, rel=1e-5)


class TestTheIndicativeMap:
    def test_it_is_the_mean_over_the_levels_of_each_positions_distance(self) -> None:
        numbers = range(9)
        good = [np.concatenate(level) for level in zip(*(pooled(n) for n in numbers), strict=True)]
        planes = []
        for of_level, level in zip(good, levels(99), strict=True):
            channels, side = level.shape[1], level.shape[2]
            each = level[0].double().reshape(channels, -1).T.numpy()
            plane = torch.from_numpy(np.sqrt(by_sklearn(of_level, each)).reshape(side, side))
            planes.append(functional.interpolate(plane[None, None], (8, 8), mode="bilinear")[0, 0])
        scores = fitted(numbers, kind="indicative").score(levels(99))
        assert scores.map is not None
        assert np.allclose(scores.map[0], torch.stack(planes).mean(0).numpy(), rtol=1e-5)

    def test_the_score_stays_that_of_the_paper(self) -> None:
        plain, mapped = fitted(range(9)), fitted(range(9), kind="indicative")
        assert plain.score(levels(99)).image == mapped.score(levels(99)).image
        held_out = [finished(found.leave_one_out()).image for found in (plain, mapped)]
        assert np.array_equal(*held_out)

    @pytest.mark.parametrize("groups", [None, [0, 1, 1, 2, 0, 2, 3, 4, 5]])
    def test_a_held_out_map_is_that_of_a_fit_to_the_others(self, groups: list[int] | None) -> None:
        numbers = list(range(9))
        held_out = finished(fitted(numbers, groups, kind="indicative").leave_one_out())
        named = groups or numbers
        assert held_out.map is not None
        for number in numbers:
            others = [other for other in numbers if named[other] != named[number]]
            expected = fitted(others, kind="indicative").score(levels(number)).map
            assert expected is not None
            assert np.allclose(held_out.map[number], expected[0], rtol=1e-4)

    def test_after_an_update_the_maps_are_those_of_a_refit(self) -> None:
        found = fitted(range(6), kind="indicative")
        added = SeenPicture(levels(20), 20, 20)
        finished(found.update(add=[added], remove=[SeenPicture(levels(2), 2, 2)]))
        refitted = fitted([0, 1, 3, 4, 5, 20], kind="indicative")
        ours, theirs = (finished(each.leave_one_out()).map for each in (found, refitted))
        assert ours is not None and theirs is not None
        assert np.allclose(ours, theirs, rtol=1e-5)

    def test_a_coarse_cell_outside_the_masks_has_no_say(self) -> None:
        fine, coarse = torch.ones(1, 4, 4), torch.full((1, 2, 2), 1e9)
        coarse[0, 0, 0] = 3
        seen = np.zeros((2, 2), bool)
        seen[0, 0] = True
        found = mean_map([fine, coarse], [np.ones((4, 4), bool), seen])
        assert found[0, 0, 0] == found[0, 1, 1] == 2
        assert found[0, 3, 3] == 1  # too far from the only cell that counts

    def test_its_memory_is_told(self) -> None:
        shapes = [(6, 8, 8), (10, 4, 4)]
        plain, mapped = (
            MahalanobisAD(MahalanobisParameters(map=kind), Preprocessing(size=64))
            for kind in ("none", "indicative")
        )
        more = mapped.fit_bytes(shapes, 100) - plain.fit_bytes(shapes, 100)
        assert more == 2 * 4 * 100 * (6 * 64 + 10 * 16)  # one more block is read at a time


def test_a_long_fit_is_made_beside_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fitted(range(9)).score(levels(99))
    monkeypatch.setattr(module, "_STEP_PRODUCTS", 0)
    assert np.array_equal(fitted(range(9)).score(levels(99)).image, expected.image)


def test_a_step_beside_ends_when_the_work_does_and_fails_as_it_does() -> None:
    gate, step = Event(), FitStep("Waiting", 0, 1, None)
    steps = aside(gate.wait, step)
    assert next(steps) is step and next(steps) is step
    gate.set()
    assert finished(steps) is True
    with pytest.raises(ZeroDivisionError):
        finished(aside(lambda: 1 / 0, step))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["none", "indicative"])
def test_an_efficientnet_from_fit_to_verdict(
    kind: Literal["none", "indicative"], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    network, file = timm.create_model("tf_efficientnet_b0", pretrained=False), tmp_path / "w.pth"
    torch.save(network.state_dict(), file)
    recipe = small_recipe(
        method=MethodName.MAHALANOBIS,
        parameters=MahalanobisParameters(map=kind),
        backbone="tf_efficientnet_b0",
        weights=str(file),
    )
    release = write_release(fitted_by(recipe), tmp_path / "release")
    file.unlink()
    assert len(release.manifest.backbone.layers) == 9
    assert release.manifest.has_map == (kind == "indicative")
    inspector = Inspector.open(release, device="cpu")
    found = inspector.inspect(frame_of(spotted(good_image(500))), unfit_too=True)
    assert (found.shown_map is None) == (kind == "none")
