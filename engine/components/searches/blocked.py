"""Exact search: a matrix product per block of the bank, and the smallest of each query."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.components.products import as_filters, partial_squares
from engine.components.searches.base import Candidates

BLOCK_ROWS = 8192
"""Bank rows per product: bounds the distance table to a few megabytes per thousand queries."""


class BlockedSearch:
    """The one candidate of each query is its nearest row by ``‖b‖² − 2 q·b`` in float32."""

    def __init__(self, rows: Tensor) -> None:
        self._squares = rows.square().sum(1)
        self._blocks = [as_filters(block) for block in torch.split(rows, BLOCK_ROWS)]

    @property
    def nbytes(self) -> int:
        """Of the blocks."""
        return sum(block.nbytes for block in self._blocks)

    def candidates(self, queries: Tensor, left_out: Tensor | None) -> Candidates:
        """Name one row for each query."""
        found = []
        for number, block in enumerate(self._blocks):
            start = number * BLOCK_ROWS
            squares = self._squares[start : start + BLOCK_ROWS]
            if left_out is not None:
                squares = squares.masked_fill(left_out[start : start + BLOCK_ROWS], torch.inf)
            partial, index = _smallest(partial_squares(queries, block, squares))
            found.append((partial, index + start))
        best, winner = found[0]
        for partial, index in found[1:]:
            better = partial < best
            best, winner = torch.where(better, partial, best), torch.where(better, index, winner)
        numbers = torch.arange(len(queries), device=queries.device)
        if left_out is None:
            return Candidates(numbers, winner)
        counted = ~best.isinf()
        return Candidates(numbers[counted], winner[counted])


def _smallest(table: Tensor) -> tuple[Tensor, Tensor]:
    """Give the smallest value of each row and its column."""
    if table.device.type != "cpu":
        smallest, index = table.min(1)
        return smallest, index
    # numpy's argmin is vectorised, torch's on a processor is not: 0.08 instead of 0.4 ms.
    index = torch.from_numpy(table.numpy().argmin(1))
    return table.gather(1, index[:, None])[:, 0], index
