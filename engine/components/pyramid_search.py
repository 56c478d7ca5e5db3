"""What is least like a few good pictures, wherever in them it may lie: SPADE's pixel search.

Cohen and Hoshen, "Sub-Image Anomaly Detection with Deep Pyramid Correspondences", arXiv 2005.02357,
§3.2 and 3.3. A pyramid is the kept cells of one picture, (n_l, C_l) float32 of each level, finest
first; a search yields after each short piece of work.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.components.neighbours import Bank
from engine.preprocess import Mask

STEP_PRODUCTS = 10**9
"""Multiplications per step: about 20 ms on two processor cores."""

Found: TypeAlias = Generator[None, None, Tensor]
"""Steps that give a value of each inspected cell of the finest level, (n,) float32."""


class PyramidSearch(Protocol):
    """A way to compare pyramids."""

    kept: Sequence[Mask]
    """(h_l, w_l) bool of each level: the cells that a pyramid holds."""

    def __call__(self, queries: Sequence[Tensor], gallery: Iterable[Sequence[Bank]]) -> Found:
        """Compare a pyramid with all places of several others, each level of which is a bank."""
        ...


class LevelByLevel:
    """The mean of the levels' distances, not squared: what the best-known public code computes.

    Coarser levels are enlarged bilinearly onto the finest grid, counting only their inspected
    cells; a level with none near a place has no say there.

    Parameters
    ----------
    masks
        (h_l, w_l) bool of each level: its inspected cells, at least one.
    """

    def __init__(self, masks: Sequence[Mask]) -> None:
        self.kept: Sequence[Mask] = masks
        self._inside = [torch.from_numpy(mask) for mask in masks]
        ones = [torch.ones(int(mask.sum())) for mask in masks]
        self._shares = [self._enlarged(number, one) for number, one in enumerate(ones)]

    def __call__(self, queries: Sequence[Tensor], gallery: Iterable[Sequence[Bank]]) -> Found:
        """Give the mean over the levels of the distance to the nearest row."""
        nearest = [own.new_full((len(own),), torch.inf) for own in queries]
        for banks in gallery:
            for level, (own, bank) in enumerate(zip(queries, banks, strict=True)):
                found = []
                for some in torch.split(own, _rows_per_step(bank.rows)):
                    found.append(bank.nearest(some)[0])
                    yield
                nearest[level] = torch.minimum(nearest[level], torch.cat(found))
        return self._mean(nearest)

    def _mean(self, nearest: Sequence[Tensor]) -> Tensor:
        total, says = torch.zeros_like(nearest[0]), torch.zeros_like(nearest[0])
        for level, values in enumerate(nearest):
            share = self._shares[level].to(values.device)
            has_say = share > 0
            total += torch.where(has_say, self._enlarged(level, values) / share, 0)
            says += has_say
        return total / says

    def _enlarged(self, level: int, values: Tensor) -> Tensor:
        """Enlarge the values of a level's kept cells, 0 elsewhere, to the finest level's, (n,)."""
        if level == 0:
            return values
        inside, finest = (self._inside[number].to(values.device) for number in (level, 0))
        laid = values.new_zeros(inside.shape).masked_scatter_(inside, values)
        enlarged = functional.interpolate(
            laid[None, None], finest.shape, mode="bilinear", align_corners=False
        )
        return enlarged[0, 0][finest]


class Concatenated:
    """Squared distances of all levels as one vector (Eq. 2 of the paper, κ = 1).

    Coarser levels are enlarged by repetition instead of bilinearly. Then the squared distance of
    two places is the sum of those of the coarser cells they lie in: each level is multiplied at its
    own size, a sixth of the work, and to rounding the same.

    Parameters
    ----------
    masks
        (h_l, w_l) bool of each level; of the coarser ones only the shape counts: kept are the cells
        that an inspected cell of the finest level lies in.
    """

    def __init__(self, masks: Sequence[Mask]) -> None:
        height, width = masks[0].shape
        rows, columns = np.nonzero(masks[0])
        kept: list[Mask] = []
        self._within: list[Tensor] = []
        for mask in masks:
            around = np.ravel_multi_index(
                (rows * mask.shape[0] // height, columns * mask.shape[1] // width), mask.shape
            )
            cells, within = np.unique(around, return_inverse=True)
            kept.append(np.isin(np.arange(mask.size), cells).reshape(mask.shape))
            self._within.append(torch.from_numpy(within))
        self.kept: Sequence[Mask] = kept

    def __call__(self, queries: Sequence[Tensor], gallery: Iterable[Sequence[Bank]]) -> Found:
        """Give the squared distance to the nearest place."""
        device = queries[0].device
        places = torch.arange(len(queries[0]), device=device)
        within = [cells.to(device) for cells in self._within]
        nearest = queries[0].new_full((len(places),), torch.inf)
        for banks in gallery:
            good = [bank.rows for bank in banks]
            coarser = [_partial(*pair) for pair in zip(queries[1:], good[1:], strict=True)]
            for some in torch.split(places, _rows_per_step(good[0])):
                table = _partial(queries[0][some], good[0])
                for own, cells in zip(coarser, within[1:], strict=True):
                    table += own[cells[some]][:, cells]
                winner = table.argmin(1)
                # Again by direct difference, so that equal places are at distance exactly 0.
                levels = zip(queries, good, within, strict=True)
                squared = torch.stack(
                    [(q[of[some]] - g[of[winner]]).square().sum(1) for q, g, of in levels]
                ).sum(0)
                nearest[some] = torch.minimum(nearest[some], squared)
                yield
        return nearest


def _partial(queries: Tensor, rows: Tensor) -> Tensor:
    """Give (n, m) ‖b‖² − 2 q·b."""
    return torch.addmm(rows.square().sum(1), queries, rows.T, alpha=-2)


def _rows_per_step(rows: Tensor) -> int:
    return max(1, STEP_PRODUCTS // rows.numel())
