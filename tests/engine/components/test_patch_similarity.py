"""The similarities against their definition in sets, written as the paper writes it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from engine.components.patch_similarity import (
    contextual_similarity,
    pairwise_similarity,
    squared_distances,
)


def drawn(seed: int, count: int = 24, dimensions: int = 5) -> NDArray[np.float64]:
    """Patches of a few kinds, so that some are each other's neighbours and some are not."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 1, (4, dimensions))
    return centres[rng.integers(0, 4, count)] + rng.normal(0, 0.5, (count, dimensions))


def by_sets(squared: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    numbers = range(len(squared))
    order = np.argsort(squared, axis=1, kind="stable")
    near = [set(order[i, :k].tolist()) for i in numbers]
    close = [set(order[i, : k // 2].tolist()) for i in numbers]

    def overlap(i: int, j: int) -> float:
        return len(near[i] & near[j]) / len(near[i]) if j in near[i] else 0

    def expanded(i: int, j: int) -> float:
        reciprocal = [j for j in close[i] if i in close[j]]
        return sum(overlap(other, j) for other in reciprocal) / len(reciprocal)

    return np.array([[(expanded(i, j) + expanded(j, i)) / 2 for j in numbers] for i in numbers])


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 12))
def test_the_contextual_similarity_is_its_definition(seed: int, k: int) -> None:
    squared = cdist(drawn(seed), drawn(seed), "sqeuclidean")
    found = contextual_similarity(torch.from_numpy(squared), neighbours=k).numpy()
    assert np.abs(found - by_sets(squared, k)).max() < 1e-12
    assert np.array_equal(found, found.T) and found.min() >= 0 and found.max() < 1 + 1e-12


def test_it_is_the_product_of_matrices_that_public_code_computes() -> None:
    k, squared = 5, torch.from_numpy(cdist(drawn(3), drawn(3), "sqeuclidean"))
    nearest, closest = (
        torch.zeros_like(squared).scatter_(1, squared.topk(n, largest=False).indices, 1)
        for n in (k, k // 2)
    )
    overlap = nearest @ nearest.T / k * nearest
    reciprocal = closest * closest.T
    expanded = reciprocal @ overlap / reciprocal.sum(1, keepdim=True)
    expected = (expanded + expanded.T) / 2
    assert (contextual_similarity(squared, neighbours=k) - expected).abs().max() < 1e-12


def test_more_neighbours_than_patches_are_all_patches() -> None:
    squared = torch.from_numpy(cdist(drawn(1, 6), drawn(1, 6), "sqeuclidean"))
    assert (contextual_similarity(squared, neighbours=50) - 1).abs().max() < 1e-12


def test_twins_are_alike_whichever_of_them_is_nearer() -> None:
    patches = torch.from_numpy(drawn(2, 6)).repeat_interleave(4, 0)
    found = contextual_similarity(squared_distances(patches), neighbours=4)
    for number in range(0, 24, 4):
        assert (found[number : number + 4, number : number + 4] == 1).all()
    assert found.sum() == 6 * 4 * 4


@pytest.mark.parametrize("bandwidth", [0.5, 3])
def test_the_pairwise_similarity_falls_with_the_squared_distance(bandwidth: float) -> None:
    table = cdist(drawn(5), drawn(5))
    squared = squared_distances(torch.from_numpy(drawn(5)))
    found = pairwise_similarity(squared, bandwidth=bandwidth).numpy()
    assert np.abs(found - np.exp(-(table**2) / bandwidth)).max() < 1e-12


def test_distances_far_from_the_origin_are_as_exact_as_near_it() -> None:
    patches = drawn(6) + 1000
    found = squared_distances(torch.from_numpy(patches).float()).numpy()
    assert np.abs(found - cdist(patches, patches, "sqeuclidean")).max() < 1e-2
    assert found.min() >= 0
