from __future__ import annotations

from math import ceil, floor

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.components import embedding
from engine.components.embedding import concat, official, plain


def levels(*shapes: tuple[int, int, int], batch: int = 2) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(batch, *shape, generator=generator).relu() for shape in shapes]


def neighbourhood_mean(plane: np.ndarray) -> np.ndarray:
    """Mean of 3 × 3 with zeros beyond the edge, by its definition."""
    height, width = plane.shape
    padded = np.pad(plane, 1)
    return sum(
        padded[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)
    ) / np.float32(9)


def test_plain_takes_each_cell_as_it_is() -> None:
    (level,) = levels((5, 4, 3))
    found = plain([level])
    assert found.shape == (2, 12, 5)
    assert torch.equal(found[1, 7], level[1, :, 2, 1])


class TestConcat:
    def test_one_patch_per_cell_of_the_first_level(self) -> None:
        found = concat(levels((5, 12, 10), (7, 6, 5)))
        assert found.shape == (2, 120, 12)
        assert found.is_contiguous()

    def test_the_first_level_is_its_neighbourhoods_mean(self) -> None:
        fine, coarse = levels((5, 12, 10), (7, 6, 5))
        found = concat([fine, coarse])[1, :, 3].reshape(12, 10)
        assert np.abs(found.numpy() - neighbourhood_mean(fine[1, 3].numpy())).max() < 1e-6

    def test_the_coarser_level_is_averaged_then_enlarged(self) -> None:
        fine, coarse = levels((5, 12, 10), (7, 6, 5))
        averaged = torch.from_numpy(neighbourhood_mean(coarse[0, 2].numpy()))[None, None]
        enlarged = functional.interpolate(averaged, (12, 10), mode="bilinear")[0, 0]
        found = concat([fine, coarse])[0, :, 5 + 2].reshape(12, 10)
        assert torch.allclose(found, enlarged, atol=1e-6)

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_any_number_of_levels(self, count: int) -> None:
        chosen = levels((3, 16, 16), (4, 8, 8), (5, 4, 4))[:count]
        assert concat(chosen).shape == (2, 256, sum(level.shape[1] for level in chosen))

    def test_grids_that_are_no_halves(self) -> None:
        assert concat(levels((3, 15, 13), (4, 8, 7))).shape == (2, 195, 7)


def pooled(values: np.ndarray, length: int) -> np.ndarray:
    """Adaptive average pooling by its definition: bin i from ⌊iL/n⌋ to ⌈(i+1)L/n⌉."""
    count = len(values)
    bins = [
        slice(floor(number * count / length), ceil((number + 1) * count / length))
        for number in range(length)
    ]
    return np.array([values[each].mean(0) for each in bins])


def official_by_definition(fine: np.ndarray, coarse: np.ndarray, length: int) -> np.ndarray:
    """The definition for one picture: (C, h, w) levels to (length, h, w), in double precision."""
    grid = fine.shape[1:]
    stacked = []
    for level in (fine, coarse):
        channels, height, width = level.shape
        padded = np.pad(level.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
        unfolded = np.stack(
            [padded[:, dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)], 1
        ).reshape(channels * 9, height, width)
        patches = torch.from_numpy(pooled(unfolded, length))[None]
        stacked.append(functional.interpolate(patches, grid, mode="bilinear")[0].numpy())
    return pooled(np.concatenate(stacked), length)


def test_pooled_is_every_levels_mean_over_its_cells() -> None:
    fine, coarse = levels((5, 6, 4), (7, 3, 2))
    found = embedding.pooled([fine, coarse])
    assert found.shape == (2, 12)
    expected = [fine.numpy()[1].reshape(5, -1).mean(1), coarse.numpy()[1].reshape(7, -1).mean(1)]
    assert np.abs(found[1].numpy() - np.concatenate(expected)).max() < 1e-6


class TestOfficial:
    @pytest.mark.parametrize(
        ("channels", "length"), [((512, 1024), 1024), ((128, 256), 1024), ((24, 40), 64)]
    )
    def test_it_equals_the_definition(self, channels: tuple[int, int], length: int) -> None:
        fine, coarse = levels((channels[0], 6, 4), (channels[1], 3, 2))
        found = official([fine, coarse], length)
        assert found.shape == (2, 24, length)
        assert found.is_contiguous()
        for number in range(2):
            expected = official_by_definition(fine[number].numpy(), coarse[number].numpy(), length)
            patches = found[number].T.reshape(length, 6, 4)
            assert np.abs(patches.numpy() - expected).max() < 1e-5

    def test_it_takes_two_levels(self) -> None:
        with pytest.raises(ValueError, match="unpack"):
            official(levels((8, 4, 4), (8, 2, 2), (8, 1, 1)))
