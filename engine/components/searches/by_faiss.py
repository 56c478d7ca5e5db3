"""Searches of the library faiss: flat, which is exact, and IVF-PQ, which is not.

Johnson, Douze, Jégou, "Billion-scale similarity search with GPUs", arXiv 1702.08734; the product
quantizer is Jégou, Douze, Schmid, "Product Quantization for Nearest Neighbor Search", PAMI 2011.
Both search on the processor, wherever the rows lie.
"""

from __future__ import annotations

import math
from typing import Any

import faiss
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.components.searches.base import Candidates
from engine.errors import RecipeError

RERANKED = 8
"""Candidates that IVF-PQ gives, whose distances are then computed in full."""
CODE_BYTES = 32
"""Of a row in IVF-PQ: a byte for each of so many pieces."""
FEWEST_ROWS = 256
"""A piece is told by one of 256 centroids, which are learned from the rows."""


FEWEST_PROBED = 4
"""Lists looked through at least."""


class FlatSearch:
    """``IndexFlatL2``: all rows, in float32."""

    def __init__(self, rows: Tensor) -> None:
        self._index = faiss.IndexFlatL2(rows.shape[1])
        self._index.add(_on_processor(rows))

    @property
    def nbytes(self) -> int:
        """Of faiss's copy of the rows."""
        return int(self._index.ntotal * self._index.d * 4)

    def candidates(self, queries: Tensor, left_out: Tensor | None) -> Candidates:
        """Name one row for each query."""
        parameters = None
        if left_out is not None:
            parameters = faiss.SearchParameters(sel=_all_but(left_out))
        return _searched(self._index, queries, 1, parameters)


class IvfPqSearch:
    """``IndexIVFPQ``: rows as codes of 32 bytes in lists, of which an eighth is looked through.

    The centroids are learned anew whenever a release is opened, from the same rows and seed.
    """

    def __init__(self, rows: Tensor) -> None:
        count, dimensions = rows.shape
        if count < FEWEST_ROWS:
            raise RecipeError(
                f"The search ivfpq needs at least {FEWEST_ROWS} remembered patches; there are "
                f"{count}. Keep a larger share (--coreset), or search exactly."
            )
        pieces = min(CODE_BYTES, dimensions)
        self._fill = -dimensions % pieces
        length, lists = dimensions + self._fill, max(1, math.isqrt(count) // 2)
        self._quantizer = faiss.IndexFlatL2(length)  # the index does not keep it alive
        self._index = faiss.IndexIVFPQ(self._quantizer, length, lists, pieces, 8)
        # faiss would warn of few rows on the standard error; small banks have few.
        self._index.cp.min_points_per_centroid = self._index.pq.cp.min_points_per_centroid = 1
        self._probed = max(FEWEST_PROBED, lists // 8)
        faiss.omp_set_num_threads(torch.get_num_threads())
        filled = _on_processor(functional.pad(rows, (0, self._fill)))
        self._index.train(filled)
        self._index.add(filled)

    @property
    def nbytes(self) -> int:
        """Of codes, row numbers and centroids."""
        centroids = (self._index.nlist + 256) * self._index.d * 4
        return int(self._index.ntotal * (self._index.code_size + 8) + centroids)

    def candidates(self, queries: Tensor, left_out: Tensor | None) -> Candidates:
        """Name up to 8 rows for each query."""
        parameters = faiss.SearchParametersIVF(nprobe=self._probed)
        if left_out is not None:
            parameters = faiss.SearchParametersIVF(nprobe=self._probed, sel=_all_but(left_out))
        return _searched(
            self._index, functional.pad(queries, (0, self._fill)), RERANKED, parameters
        )


def _searched(index: Any, queries: Tensor, count: int, parameters: Any) -> Candidates:
    # faiss has threads of its own; more of them than torch has would take those of the line.
    faiss.omp_set_num_threads(torch.get_num_threads())
    _, found = index.search(_on_processor(queries), count, params=parameters)
    rows = torch.from_numpy(found).to(queries.device)
    query, place = (rows >= 0).nonzero(as_tuple=True)  # faiss fills up with -1
    return Candidates(query, rows[query, place])


def _all_but(left_out: Tensor) -> Any:
    bits = np.packbits(~left_out.cpu().numpy(), bitorder="little")
    return faiss.IDSelectorBitmap(bits)


def _on_processor(rows: Tensor) -> NDArray[np.float32]:
    array: NDArray[np.float32] = rows.contiguous().cpu().numpy()
    return array
