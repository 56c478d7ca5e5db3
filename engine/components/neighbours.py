"""Nearest rows of a memory bank: a search names candidates, and their distances are computed."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.components.searches import open_search
from engine.components.searches.base import Candidates
from engine.types import SearchName

FEWEST_QUERIES = 1024
TABLE_VALUES = 2**25
"""Queries are searched for together as long as there are few, or their distances to all rows are no
more than so many."""
_COMPARED_ROWS = 2048
"""Candidates compared at once: their gathered rows are to stay in the processor's cache."""


class Bank:
    """Rows to search, with what every search needs of them computed once.

    Parameters
    ----------
    rows
        (M, D) float32.
    groups
        (M,) int64, the group each row came from; needed for searches that leave a group out.
    search
        How; all but `ivfpq` give the nearest row but for rounding.

    Raises
    ------
    RecipeError
        There are too few rows for this search.
    """

    def __init__(
        self, rows: Tensor, groups: Tensor | None = None, search: SearchName = SearchName.EXACT
    ) -> None:
        self.rows = rows
        self.groups = groups
        self._search = open_search(search, rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def nbytes(self) -> int:
        """What rows and search keep in memory."""
        return self.rows.nbytes + self._search.nbytes

    def nearest(
        self, queries: Tensor, *, without_group: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Find the nearest row of each query.

        The distance is computed by direct difference, so that a query equal to a row is at
        distance exactly 0, and of several candidates the nearest so found wins, of twins the first.

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
            (n,) int64; any where no row counts.
        """
        together = max(FEWEST_QUERIES, TABLE_VALUES // len(self))
        if len(queries) > together:
            parts = [
                self.nearest(part, without_group=without_group)
                for part in torch.split(queries, together)
            ]
            return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts])
        left_out = None
        if without_group is not None:
            assert self.groups is not None
            left_out = self.groups == without_group
        found = self._search.candidates(queries, left_out)
        away = self._distances(queries, found)
        best = torch.full((len(queries),), torch.inf, device=queries.device)
        best.scatter_reduce_(0, found.queries, away, "amin")
        wins = away == best[found.queries]
        index = torch.full((len(queries),), len(self), device=queries.device)
        index.scatter_reduce_(0, found.queries[wins], found.rows[wins], "amin")
        return best, index.clamp_max_(len(self) - 1)

    def _distances(self, queries: Tensor, found: Candidates) -> Tensor:
        """Give the distance of each pair, (p,) float32."""
        parts = []
        pairs = zip(
            found.queries.split(_COMPARED_ROWS),  # type: ignore[no-untyped-call]
            found.rows.split(_COMPARED_ROWS),  # type: ignore[no-untyped-call]
            strict=True,
        )
        for query, row in pairs:  # `index_select` and in place: half the time of plain indexing
            away = queries.index_select(0, query).sub_(self.rows.index_select(0, row))
            parts.append(torch.linalg.vector_norm(away, dim=1))
        return torch.cat(parts)

    def around(self, row: int, count: int, *, without_group: int | None = None) -> Tensor:
        """Give the indices of the `count` rows nearest to a row, itself first (N_b of Eq. 7)."""
        distances = (self.rows - self.rows[row]).square_().sum(1)
        distances[row] = -1  # itself first, also before a twin
        if without_group is not None:
            assert self.groups is not None
            distances.masked_fill_(self.groups == without_group, torch.inf)
        counted = int(distances.isfinite().sum())
        return distances.topk(min(count, counted), largest=False).indices
