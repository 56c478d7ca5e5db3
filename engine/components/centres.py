"""The few nearest of a thousand or so centres, for every patch of a picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

_STEP_PRODUCTS = 4 * 10**8
"""Multiplications in one search: about 10 ms on a processor core."""


class Centres:
    """Centres c of hyperspheres to search, with what every search needs computed once.

    Attributes
    ----------
    rows
        (M, D) float32.
    """

    def __init__(self, rows: Tensor) -> None:
        self.rows = rows
        # Distances do not change when the mean is taken from all; but what is to be told apart is
        # small beside the mean, and ‖c‖² − 2 x·c would drown it in rounding.
        self._mean = rows.mean(0)
        centred = rows - self._mean
        self._squares = centred.square().sum(1)
        self._kernel = (-2 * centred)[:, :, None, None].contiguous(
            memory_format=torch.channels_last
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def at_once(self) -> int:
        """Patches that can be searched in one short step."""
        return max(1, _STEP_PRODUCTS // self.rows.numel())

    def nearest(self, patches: Tensor, count: int) -> Tensor:
        """Give the `count` nearest centres of (n, D) patches, (n, count) int64, nearest first.

        Fewer where there are not so many.
        """
        table = self._table((patches - self._mean).contiguous())
        count = min(count, len(self))
        if table.device.type != "cpu":
            return table.topk(count, 1, largest=False).indices
        # numpy's argmin is vectorised and torch's top k on a processor is not: for 784 patches and
        # as many centres 0.3 instead of 1.2 ms, and the table may be spoilt.
        values, every = table.numpy(), np.arange(len(table))
        found = np.empty((len(table), count), np.int64)
        for place in range(count):
            found[:, place] = values.argmin(1)
            values[every, found[:, place]] = np.inf
        return torch.from_numpy(found)

    def squared_distances(self, patches: Tensor, nearest: Tensor) -> Tensor:
        """Give (k, n): D² of each patch to k centres, by direct difference, so that 0 is 0."""
        each = [(patches - self.rows[found]).square().sum(1) for found in nearest.unbind(1)]
        return torch.stack(each)

    def _table(self, queries: Tensor) -> Tensor:
        """Give (n, M) ‖c‖² − 2 x·c, as `neighbours` computes it: faster than a matrix product."""
        picture = queries.view(1, len(queries), 1, -1).permute(0, 3, 1, 2)
        if queries.device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            table = torch.mkldnn_convolution(
                picture, self._kernel, self._squares, (0, 0), (1, 1), (1, 1), 1
            )
        else:
            table = functional.conv2d(picture, self._kernel, self._squares)
        return table[0, :, :, 0].T
