"""What every search does: name the rows that may be nearest. Distances are the bank's affair."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

NONE = -1
"""Stands for a candidate where there is none."""


class Search(Protocol):
    """Finds candidates; made from the rows it searches."""

    @property
    def nbytes(self) -> int:
        """What it keeps in memory beside the rows."""
        ...

    def candidates(self, queries: Tensor, left_out: Tensor | None) -> Tensor:
        """Give rows that may be the nearest of each query.

        Parameters
        ----------
        queries
            (n, D) float32.
        left_out
            (M,) bool, rows that do not count; None: all count.

        Returns
        -------
        Tensor
            (n, k) int64, k as the search needs; -1 where there are fewer, never before others.
        """
        ...
