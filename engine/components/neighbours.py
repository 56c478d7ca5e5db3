"""Nearest rows of a memory bank: one exact search, a matrix product per block of the bank."""

from __future__ import annotations

import torch
from torch import Tensor

BLOCK_ROWS = 8192
"""Bank rows per product: bounds the distance table to a few megabytes per thousand queries."""


class Bank:
    """Rows to search, with what every search needs of them computed once.

    Parameters
    ----------
    rows
        (M, D) float32.
    groups
        (M,) int64, the group each row came from; needed for searches that leave a group out.
    """

    def __init__(self, rows: Tensor, groups: Tensor | None = None) -> None:
        self.rows = rows
        self.groups = groups
        self._squares = rows.square().sum(1)

    def __len__(self) -> int:
        return len(self.rows)

    def nearest(
        self, queries: Tensor, *, without_group: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Find the nearest row of each query.

        The winner is found by ``‖b‖² − 2 q·b`` and its distance computed again by direct
        difference, so that a query equal to a row is at distance exactly 0 (methods.md §1.3).

        Parameters
        ----------
        queries
            (n, D) float32.
        without_group
            Rows of this group do not count (a held-out search).

        Returns
        -------
        distances
            (n,) float32, Euclidean, not squared; infinite where no row counts.
        indices
            (n,) int64.
        """
        best = queries.new_full((len(queries),), torch.inf)
        winner = torch.zeros(len(queries), dtype=torch.int64, device=queries.device)
        for start in range(0, len(self.rows), BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            squares = self._squares[block]
            if without_group is not None:
                assert self.groups is not None
                squares = squares.masked_fill(self.groups[block] == without_group, torch.inf)
            partial, index = torch.addmm(squares, queries, self.rows[block].T, alpha=-2).min(1)
            better = partial < best
            best = torch.where(better, partial, best)
            winner = torch.where(better, index + start, winner)
        distances = (queries - self.rows[winner]).square_().sum(1).sqrt_()
        return distances.masked_fill_(best.isinf(), torch.inf), winner

    def around(self, row: int, count: int, *, without_group: int | None = None) -> Tensor:
        """Give the indices of the `count` rows nearest to a row, itself first (N_b of Eq. 7)."""
        distances = (self.rows - self.rows[row]).square_().sum(1)
        distances[row] = -1  # itself first, also before a twin
        if without_group is not None:
            assert self.groups is not None
            distances.masked_fill_(self.groups == without_group, torch.inf)
        counted = int(distances.isfinite().sum())
        return distances.topk(min(count, counted), largest=False).indices
