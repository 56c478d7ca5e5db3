"""Ways to find which rows of a bank may be nearest to a query; `open_search` is the one table."""

from __future__ import annotations

from torch import Tensor

from engine.components.searches.base import Search
from engine.components.searches.blocked import BlockedSearch
from engine.components.searches.screened import ScreenedSearch, can_screen
from engine.types import SearchName


def open_search(name: SearchName, rows: Tensor) -> Search:
    """Make ready to search rows, (M, D) float32.

    Raises
    ------
    RecipeError
        There are too few rows for this search.
    """
    if name is SearchName.SCREENED and can_screen(rows.device):
        return ScreenedSearch(rows)
    if name is SearchName.FLAT or name is SearchName.IVFPQ:
        # Not above: faiss brings an OpenMP of its own, which whoever does not use it need not load.
        from engine.components.searches.by_faiss import FlatSearch, IvfPqSearch

        return FlatSearch(rows) if name is SearchName.FLAT else IvfPqSearch(rows)
    return BlockedSearch(rows)
