from __future__ import annotations

import numpy as np
import torch
from sklearn.cluster import KMeans

from engine.components.k_means import k_means, spread_out
from tests.small_parts import finished


def clouds(count: int, each: int, *, apart: float = 10) -> torch.Tensor:
    rng = np.random.default_rng(0)
    middles = rng.normal(0, apart, (count, 6))
    return torch.from_numpy((middles[:, None] + rng.normal(0, 1, (count, each, 6))).reshape(-1, 6))


def test_from_the_same_beginning_it_ends_where_scikit_learn_does() -> None:
    rows = clouds(12, 30).float()
    begun = rows[finished(spread_out(rows, 9, seed=3))].numpy()
    theirs = KMeans(9, init=begun, n_init=1, tol=0, algorithm="lloyd").fit(rows.numpy())
    ours = finished(k_means(rows, 9, seed=3))
    assert np.allclose(ours.numpy(), theirs.cluster_centers_, atol=1e-4)


def test_clear_clusters_are_found_whatever_the_seed() -> None:
    rows = clouds(5, 40, apart=1000).float()
    for seed in range(4):
        nearest = torch.cdist(rows, finished(k_means(rows, 5, seed))).argmin(1)
        assert len(set(nearest.view(5, 40)[:, 0].tolist())) == 5
        assert (nearest.view(5, 40) == nearest.view(5, 40)[:, :1]).all()


def test_copies_do_no_harm() -> None:
    rows = torch.ones(10, 4)
    assert torch.equal(finished(k_means(rows, 3, seed=0)), torch.ones(3, 4))


def test_as_many_clusters_as_rows_are_the_rows() -> None:
    rows = clouds(6, 1).float()
    found = finished(k_means(rows, 6, seed=0))
    assert torch.cdist(rows, found).amin(1).max() < 1e-5
