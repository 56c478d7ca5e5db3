"""Exact search at the speed of half precision: bfloat16 rules rows out, float32 decides.

With q̃ and b̃ rounded to bfloat16, | ‖q̃ − b̃‖ − ‖q − b‖ | ≤ ‖q − q̃‖ + ‖b − b̃‖, and both terms on
the right are known. So whatever lies more than twice that beyond the smallest rounded distance
cannot be the nearest row. What is left, a row or two of each query, is compared in float32.

One product gives ‖q̃‖² + ‖b̃‖² − 2 q̃·b̃ itself: the squares stand in three more columns each, as
sums of three bfloat16 numbers. The result is then small where it matters, and loses only its own
last bits to bfloat16, not those of the squares it is the difference of. Rows are centred first,
for numbers are rounded in proportion to their size.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from engine.components.searches.base import Candidates
from engine.components.searches.blocked import BlockedSearch

MOST = 8
"""Rows of a query, on average, that are compared one by one. Where more look alike, as they do in a
picture without contrast, all rows are searched in float32 for the queries that have more."""
BLOCK_ROWS = 8192
_ROUNDED = 2.0**-8
"""Relative, of a bfloat16 number; that of a sum in float32 is far below."""
_SUMMED = 1e-5
"""Relative to the squares, of a sum of so many products in float32."""
_COLUMNS = 32
"""Lengths are filled up to a multiple of this."""


def can_screen(device: torch.device) -> bool:
    """Tell whether a device multiplies bfloat16 numbers itself; elsewhere it would be slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


class ScreenedSearch:
    """Candidates are the rows that half precision cannot rule out."""

    def __init__(self, rows: Tensor) -> None:
        self._rows = rows
        self._mean = rows.mean(0)
        centred = rows - self._mean
        rounded = centred.bfloat16()
        self._away = float(torch.linalg.vector_norm(centred - rounded, dim=1).max())
        """The most that rounding moves a row."""
        self._square = float(centred.square().sum(1).max())
        squares = _in_three(_squares(rounded))
        filled = _side_by_side(-2 * rounded, torch.ones_like(squares), squares)
        self._blocks = [block.contiguous().T for block in torch.split(filled, BLOCK_ROWS)]

    @property
    def nbytes(self) -> int:
        """Of the blocks."""
        return sum(block.nbytes for block in self._blocks)

    def candidates(self, queries: Tensor, left_out: Tensor | None) -> Candidates:
        """Name the rows that half precision cannot rule out, most often one or two."""
        centred = queries - self._mean
        rounded = centred.bfloat16()
        away = torch.linalg.vector_norm(centred - rounded, dim=1) + self._away
        square = _squares(rounded)
        squares = _in_three(square)
        filled = _side_by_side(rounded, squares, torch.ones_like(squares))
        tables = [torch.mm(filled, block) for block in self._blocks]
        table = tables[0] if len(tables) == 1 else torch.cat(tables, 1)
        if left_out is not None:
            table.masked_fill_(left_out, torch.inf)
        slack = _SUMMED * (square + self._square)
        query, row = _within(table, away=away, slack=slack)
        if len(query) <= MOST * len(queries):
            return Candidates(query, row)
        crowded = torch.bincount(query, minlength=len(queries)) > MOST
        return self._searched(queries, left_out, Candidates(query, row), crowded)

    def _searched(
        self, queries: Tensor, left_out: Tensor | None, found: Candidates, crowded: Tensor
    ) -> Candidates:
        """Replace what was found for crowded queries, (n,) bool, by a search in float32."""
        searched = BlockedSearch(self._rows).candidates(queries[crowded], left_out)
        kept = ~crowded[found.queries]
        return Candidates(
            torch.cat([found.queries[kept], crowded.nonzero()[:, 0][searched.queries]]),
            torch.cat([found.rows[kept], searched.rows]),
        )


def _in_three(values: Tensor) -> Tensor:
    """Give (n, 3) bfloat16 whose sums are the values, (n,) float32, to the last bits or so."""
    parts = []
    for _ in range(3):
        parts.append(values.bfloat16())
        values = values - parts[-1]
    return torch.stack(parts, 1)


def _squares(rows: Tensor) -> Tensor:
    lengths: Tensor = torch.linalg.vector_norm(rows, dim=1, dtype=torch.float32)
    return lengths.square_()


def _side_by_side(*parts: Tensor) -> Tensor:
    """Give the parts' columns in one table, filled up with zeros."""
    length = sum(part.shape[1] for part in parts)
    zeros = parts[0].new_zeros((len(parts[0]), -length % _COLUMNS))
    return torch.cat([*parts, zeros], 1)


def _within(table: Tensor, *, away: Tensor, slack: Tensor) -> tuple[Tensor, Tensor]:
    """Give row and column, (p,) int64 each, of what may be the smallest of its row of a table.

    Parameters
    ----------
    table
        (n, m) bfloat16, squares of distances.
    away
        (n,) float32, how far a distance may be from the true one.
    slack
        (n,) float32, how far a square may be from that of its distance.
    """
    smallest = _minimum(table).float()
    distance = (smallest * (1 + _ROUNDED)).clamp_min(0).add(slack).sqrt() + 2 * away
    limit = (distance.square() + slack) * (1 + 2 * _ROUNDED)
    limit = limit.masked_fill(smallest.isinf(), -torch.inf)
    return _at_most(table, limit.bfloat16())


def _minimum(table: Tensor) -> Tensor:
    """Give the smallest of each row, (n,) bfloat16, as whole numbers in a quarter of the time.

    Numbers below 0 stand in reverse order there, but are all 0 but for rounding.
    """
    return table.view(torch.int16).amin(1).view(torch.bfloat16)


def _at_most(table: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Give row and column of all values up to the row's limit, row by row."""
    if table.device.type != "cpu":
        found = (table <= limit[:, None]).nonzero()
        return found[:, 0], found[:, 1]
    flat = np.flatnonzero(_bits(table) <= _bits(limit)[:, None])  # ten times as fast as in 2-D
    row, column = np.divmod(flat, table.shape[1])
    return torch.from_numpy(row), torch.from_numpy(column)


def _bits(values: Tensor) -> np.ndarray:
    """Give bfloat16 numbers as whole numbers that are in the same order from 0 on."""
    bits: np.ndarray = values.contiguous().view(torch.int16).numpy()
    return bits
