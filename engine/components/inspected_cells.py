"""Which cells of feature maps are inspected, and what must never get in or out of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.components.anomaly_map import MapEnlarger
from engine.errors import ModelError, RecipeError
from engine.preprocess import Mask, Preprocessing
from engine.types import CompactMap, Scores, ShownMap


class InspectedCells:
    """The inspected cells of a method's levels; the first levels it sees decide on the shapes.

    Attributes
    ----------
    shapes
        (C, h, w) of each level; None before any was seen.
    masks
        (h, w) bool of each level: cells whose centre lies inside. That of the finest level is
        never all False; others may be.
    """

    def __init__(self, preprocessing: Preprocessing) -> None:
        self._preprocessing = preprocessing
        self.shapes: list[tuple[int, int, int]] | None = None
        self.masks: list[Mask] = []

    @property
    def finest(self) -> Mask:
        """(h, w) bool of the first level."""
        return self.masks[0]

    def check(self, levels: Sequence[Tensor]) -> None:
        """See whether levels have the shapes of all those before.

        Raises
        ------
        ModelError
            They have not.
        RecipeError
            The first levels have no cell of the finest grid inside the inspected region.
        """
        shapes = [(level.shape[1], level.shape[2], level.shape[3]) for level in levels]
        if self.shapes is None:
            self.take(shapes)
        elif shapes != self.shapes:
            raise ModelError(
                f"These feature maps have the shapes {_written(shapes)}; the release was fitted on "
                f"{_written(self.shapes)}. Use the backbone, layers and size of the fit."
            )

    def take(self, shapes: Sequence[tuple[int, int, int]]) -> None:
        """Decide on the shapes, such as those a release has kept."""
        masks = [self._preprocessing.counted(*shape[-2:]) for shape in shapes]
        if not masks[0].any():
            raise RecipeError(
                "The inspected region is smaller than one cell of the map. "
                "Draw it larger, or choose a larger size."
            )
        self.shapes, self.masks = list(shapes), masks

    def inside(self, level: int, device: torch.device) -> Tensor:
        """Give (h · w,) bool: which cells of a level count."""
        return torch.from_numpy(self.masks[level].ravel()).to(device)

    def require(self, level: int) -> Mask:
        """Give the mask of a level that must have an inspected cell.

        Raises
        ------
        RecipeError
            It has none.
        """
        if not self.masks[level].any():
            raise RecipeError(
                f"The inspected region is smaller than one cell of the {level + 1}. layer. "
                "Draw it larger, or leave that layer out (--layers)."
            )
        return self.masks[level]

    def pooled(self, levels: Sequence[Tensor], *, first: int = 0) -> Tensor:
        """Give (B, ΣC_l): the mean over the inspected cells of each level from `first` on.

        Raises
        ------
        RecipeError
            The inspected region is smaller than one cell of such a level.
        """
        pooled = []
        for number, level in list(enumerate(levels))[first:]:
            if self.require(number).all():
                pooled.append(level.mean((2, 3)))
            else:
                pooled.append(level.flatten(2)[:, :, self.inside(number, level.device)].mean(2))
        return torch.cat(pooled, 1)

    def shown(self, compact: CompactMap) -> ShownMap:
        """Make the shown map, for a method whose image score is taken from it."""
        return self._enlarger(compact)

    @cached_property
    def _enlarger(self) -> MapEnlarger:
        counted = self._preprocessing.counted(*self._preprocessing.shape)
        return MapEnlarger(self.finest, counted)

    def map(self, values: Tensor) -> CompactMap:
        """Lay the values of the finest level's inspected cells, (n,), on their grid; else NaN."""
        full = np.full(self.finest.shape, np.nan, dtype=np.float32)
        full[self.finest] = values.cpu().numpy()
        return full


def checked_embedding(embedding: Tensor, picture: int) -> Tensor:
    """Give a good picture's embedding back.

    Raises
    ------
    RecipeError
        It holds values that are no numbers: nothing could be compared with it.
    """
    if not bool(torch.isfinite(embedding).all()):
        raise RecipeError(
            f"The backbone gives values that are no numbers for good picture {picture + 1}. "
            "Take the picture out, or use other weights."
        )
    return embedding


def checked_scores(
    images: Sequence[float] | NDArray[Any], maps: Sequence[CompactMap] | None
) -> Scores:
    """Put the scores of a batch together.

    Raises
    ------
    ModelError
        An image score is no number: nothing can be told of that picture.
    """
    image = np.asarray(images, dtype=np.float32)
    if not np.isfinite(image).all():
        raise ModelError(
            "The backbone gives values that are no numbers for this picture, so it has no score. "
            "Inspect it again or set it aside; if this comes often, fit the release again."
        )
    return Scores(image, None if maps is None else np.stack(maps))


def _written(shapes: Sequence[tuple[int, int, int]]) -> str:
    return ", ".join(" × ".join(map(str, shape)) for shape in shapes)
