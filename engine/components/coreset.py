"""Which patches a memory bank keeps: greedy k-center selection, exact, in short steps.

Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022, §3.2, Algorithm 1:
again and again the patch farthest from all chosen ones is chosen. The selection here is the plain
greedy one, made cheap by two facts that leave the chosen list unchanged:
a row's distance to the chosen ones only falls, so a block's old maximum is an upper bound and the
block need not be looked at while another block's maximum is larger; and a new choice farther from
a block's centre than the block's radius plus its largest distance cannot change anything in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from engine.components.products import as_filters, partial_squares
from engine.device import one_thread
from engine.types import FitStep

PROJECTED_DIMENSIONS = 128
"""d* of the paper's random projection; features this short or shorter are not projected."""
BLOCK_ROWS = 1024
SORTING_CENTRES = 64
_CHOSEN = -1.0
"""Stands for a chosen row's distance: below that of any twin, so that none is chosen twice."""
STEP_S = 0.03
"""A step ends after this long, so that a line beside the fit hardly feels it."""


def project(pool: Tensor, seed: int) -> Tensor:
    """Project (N, D) rows to (N, 128) by a seeded Gaussian matrix N(0, 1) / sqrt(128)."""
    if pool.shape[1] <= PROJECTED_DIMENSIONS:
        return pool
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randn(pool.shape[1], PROJECTED_DIMENSIONS, generator=generator)
    return torch.mm(pool, (matrix / PROJECTED_DIMENSIONS**0.5).to(pool.device))


class GreedyCoreset:
    """Selects rows of a pool; `chosen` holds their indices in the order of selection.

    Parameters
    ----------
    pool
        (N, d) float32, projected already.
    count
        Rows to choose, clamped to N.
    """

    def __init__(self, pool: Tensor, count: int) -> None:
        self._pool = pool
        self._count = min(count, len(pool))
        self.chosen: list[int] = []

    def steps(self) -> Iterator[FitStep]:
        """Select; each step lasts about 30 ms."""
        began, selection = time.monotonic(), self._select()
        while self._goes_on(selection):
            done = len(self.chosen)
            left = (time.monotonic() - began) * (self._count - done) / max(done, 1)
            yield FitStep("Choosing what to remember", done, self._count, left)

    def _goes_on(self, selection: Iterator[None]) -> bool:
        """Select for the time of a step; False where that was the end of it.

        On one core: the pieces are so small that two cores gain little, and where others want the
        second one, all wait for it (1 % of 163 856 rows on 2 busy cores: 6 s by one thread, 110 s
        by two).
        """
        looked = time.monotonic()
        with one_thread():
            for _ in selection:
                if time.monotonic() - looked >= STEP_S:
                    return True
        return False

    def _select(self) -> Iterator[None]:
        pool = self._pool
        if self._count == len(pool):
            self.chosen.extend(range(len(pool)))  # in whatever order, all are chosen
            return
        squares = torch.linalg.vector_norm(pool, dim=1).square_()
        yield
        nearest = torch.full((len(pool),), torch.inf, device=pool.device)
        owner = torch.zeros(len(pool), dtype=torch.int64, device=pool.device)
        mean = pool.mean(0)
        row = int(torch.addmv(squares, pool, mean, alpha=-2).argmax())  # farthest from the mean
        for number in range(min(SORTING_CENTRES, self._count)):
            self.chosen.append(row)
            distance = torch.addmv(squares, pool, pool[row], alpha=-2)
            distance.add_(squares[row]).clamp_min_(0)
            owner = torch.where(distance < nearest, number, owner)
            nearest = torch.minimum(nearest, distance)
            nearest[row] = _CHOSEN
            row = int(nearest.argmax())
            yield
        if len(self.chosen) < self._count:
            yield from _lazy_greedy(pool, nearest, owner, self.chosen, self._count)


class _Centres:
    """The chosen rows side by side, so that those chosen lately are one piece of memory."""

    def __init__(self, pool: Tensor, chosen: list[int], count: int) -> None:
        self._pool = pool
        self.rows = pool.new_empty((count, pool.shape[1]))
        self.squares = pool.new_empty(count)
        self.count = 0
        for row in chosen:
            self.add(row)

    def add(self, row: int) -> None:
        self.rows[self.count] = self._pool[row]
        self.squares[self.count] = self.rows[self.count].square().sum()
        self.count += 1


class _Block:
    """Rows that lie near each other, and how far the farthest is from all chosen rows."""

    def __init__(self, rows: Tensor, indices: Tensor, nearest: Tensor, chosen: int) -> None:
        self.filters = as_filters(rows)
        self.indices = indices
        self.squares = rows.square().sum(1)
        self.nearest = nearest
        self.fresh_at = chosen
        self.centre = rows.mean(0)
        self.radius = float((rows - self.centre).square().sum(1).max().sqrt())
        self.maximum = float(nearest.max())

    def refresh(self, centres: _Centres) -> None:
        """Bring the distances up to date with all rows chosen since the last time."""
        new = centres.rows[self.fresh_at : centres.count]
        squares = centres.squares[self.fresh_at : centres.count]
        self.fresh_at = centres.count
        reach = self.radius + max(self.maximum, 0.0) ** 0.5
        near = (new - self.centre).square_().sum(1) < reach * reach * 1.0001  # rounding room
        if not near.all():
            new, squares = new[near], squares[near]
        if len(new):
            table = partial_squares(new, self.filters, self.squares).add_(squares[:, None])
            self.nearest = torch.minimum(self.nearest, table.amin(0).clamp_min_(0))
            self.maximum = float(self.nearest.max())

    def choose(self) -> int:
        """Give the pool's index of the farthest row, which is never given again."""
        farthest = int(self.nearest.argmax())
        self.nearest[farthest] = _CHOSEN
        self.maximum = float(self.nearest.max())
        return int(self.indices[farthest])


def _lazy_greedy(
    pool: Tensor, nearest: Tensor, owner: Tensor, chosen: list[int], count: int
) -> Iterator[None]:
    order = owner.argsort(stable=True)
    blocks = []
    for indices in torch.split(order, BLOCK_ROWS):
        blocks.append(_Block(pool[indices], indices, nearest[indices], len(chosen)))
        yield
    maxima = np.array([block.maximum for block in blocks])
    centres = _Centres(pool, chosen, count)
    while len(chosen) < count:
        number = int(maxima.argmax())
        block = blocks[number]
        if block.fresh_at < len(chosen):
            block.refresh(centres)
            maxima[number] = block.maximum
            continue
        chosen.append(block.choose())
        centres.add(chosen[-1])
        maxima[number] = block.maximum
        yield
