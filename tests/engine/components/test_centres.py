from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from engine.components.centres import Centres


def noise(count: int, seed: int, *, offset: float = 0) -> torch.Tensor:
    return torch.randn(count, 20, generator=torch.Generator().manual_seed(seed)) + offset


@pytest.mark.parametrize("offset", [0, 1000])
def test_the_nearest_are_those_of_scipy_also_far_from_the_origin(offset: float) -> None:
    rows, patches = noise(70, 0, offset=offset), noise(30, 1, offset=offset)
    table = cdist(patches.double().numpy(), rows.double().numpy())
    found = Centres(rows).nearest(patches, 5)
    assert np.array_equal(found.numpy(), table.argsort(1)[:, :5])
    squared = Centres(rows).squared_distances(patches, found)
    assert squared.shape == (5, 30)
    assert np.allclose(squared.T.sqrt(), np.sort(table)[:, :5], rtol=1e-4)


def test_at_a_centre_the_distance_is_0_and_never_below() -> None:
    rows = noise(70, 0, offset=100)
    nearest = Centres(rows).nearest(rows, 3)
    assert nearest[:, 0].tolist() == list(range(70))
    squared = Centres(rows).squared_distances(rows, nearest)
    assert squared[0].tolist() == [0] * 70
    assert (squared >= 0).all()


def test_there_may_be_fewer_centres_than_asked_for() -> None:
    assert Centres(noise(2, 0)).nearest(noise(5, 1), 3).shape == (5, 2)
