from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from engine.components import coverage
from engine.components.coreset import GreedyCoreset, project
from engine.components.coverage import PicturePatches, origins_of
from engine.components.mapped_coreset import mapped_coreset, patches_at
from tests.small_parts import finished

CELLS = torch.cartesian_prod(torch.arange(4), torch.arange(5))
LAYER = torch.from_numpy(np.random.default_rng(9).normal(0, 1, (160, 7))).float()


def layer(patches: torch.Tensor) -> torch.Tensor:
    return patches @ LAYER.T


def pool() -> list[PicturePatches]:
    rng = np.random.default_rng(0)
    return [
        PicturePatches(n, n // 2, torch.from_numpy(rng.normal(0, 1, (len(CELLS), 7))).float())
        for n in (3, 4, 8)
    ]


@pytest.mark.parametrize("count", [1, 12, 60])
@pytest.mark.parametrize("products", [1, 10**9])
def test_it_is_a_coreset_of_all_mapped_patches(
    count: int, products: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "SEARCH_PRODUCTS", products)
    found, _ = finished(mapped_coreset(pool(), layer, count=count, cells=CELLS, seed=5))
    everything = layer(torch.cat([of.patches for of in pool()]))
    greedy = GreedyCoreset(project(everything, 5), count)
    for _ in greedy.steps():
        pass
    assert torch.allclose(found.rows, everything[greedy.chosen], atol=1e-4)
    origins = torch.cat([origins_of(of, CELLS) for of in pool()])
    assert torch.equal(found.origins, origins[greedy.chosen])
    farthest = cdist(everything.numpy(), found.rows.numpy()).min(1).max()
    assert farthest - 1e-4 <= found.radius <= 1.5 * farthest + 1e-4


def test_origins_name_their_patches() -> None:
    named = torch.tensor([[8, 3, 1, 4], [3, 0, 0, 1], [8, 0, 4, 4]])
    by_number = {of.picture: of.patches.view(4, 5, 7) for of in pool()}
    expected = [by_number[picture][row, column] for picture, row, column, _ in named.tolist()]
    assert torch.equal(patches_at(named, pool(), CELLS), torch.stack(expected))
