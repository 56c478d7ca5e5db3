"""What every search does: name the rows that may be nearest. Distances are the bank's affair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class Candidates:
    """Pairs of a query and a row that may be its nearest; a query without any has no row."""

    queries: Tensor
    """(p,) int64, numbers of queries; each may be there several times."""
    rows: Tensor
    """(p,) int64, as many numbers of rows."""


class Search(Protocol):
    """Finds candidates; made from the rows it searches."""

    @property
    def nbytes(self) -> int:
        """What it keeps in memory beside the rows."""
        ...

    def candidates(self, queries: Tensor, left_out: Tensor | None) -> Candidates:
        """Name rows that may be the nearest of each query.

        Parameters
        ----------
        queries
            (n, D) float32.
        left_out
            (M,) bool, rows that do not count; None: all count.
        """
        ...
