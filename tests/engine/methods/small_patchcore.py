"""PatchCore fitted on feature maps of noise, within milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.spatial.distance import cdist

from engine.methods.patchcore import PatchCore
from engine.parameters import PatchCoreParameters
from engine.preprocess import Preprocessing
from engine.recipe import Masks
from engine.types import Scores
from tests.small_parts import finished

SIZE, GRID, CHANNELS = 64, 8, (6, 10)
LEFT_HALF = Masks(include=(((0, 0), (32, 0), (32, 64), (0, 64)),))


def levels(seed: int, batch: int = 1, grid: int = GRID) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    fine, coarse = CHANNELS
    return [
        torch.randn(batch, fine, grid, grid, generator=generator),
        torch.randn(batch, coarse, grid // 2, grid // 2, generator=generator),
    ]


def method(masks: Masks | None = None, **parameters: Any) -> PatchCore:
    preprocessing = Preprocessing(
        size=SIZE, masks=masks or Masks(), source_size=(SIZE, SIZE) if masks else None
    )
    own = PatchCoreParameters(**parameters).settled("builtin", adapted=False)
    return PatchCore(own, preprocessing)


def fitted(
    pictures: Sequence[list[torch.Tensor]],
    groups: Sequence[int] | None = None,
    masks: Masks | None = None,
    seed: int = 0,
    **parameters: Any,
) -> PatchCore:
    found = method(masks, **parameters)
    for number, picture in enumerate(pictures):
        found.collect(picture, picture=number, group=groups[number] if groups else number)
    finished(found.build(seed))
    return found


def good(count: int = 5) -> list[list[torch.Tensor]]:
    return [levels(seed) for seed in range(count)]


def same(first: Scores, second: Scores) -> bool:
    assert first.map is not None and second.map is not None
    return np.array_equal(first.image, second.image) and np.array_equal(
        first.map, second.map, equal_nan=True
    )


def distances(queries: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
    return cdist(queries.double().numpy(), rows.double().numpy())
