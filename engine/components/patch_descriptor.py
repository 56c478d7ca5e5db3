"""CFA's patch descriptor φ: every level around a patch, and the patch's place, in one linear map.

Lee, Lee, Song, "CFA: Coupled-hypersphere-based Feature Adaptation for Target-Oriented Anomaly
Localization", IEEE Access 2022, arXiv 2206.04325: average 3 × 3 neighbourhoods, enlarge to the
finest grid, concatenate, append row and column, convolve 1 × 1 without activation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.preprocess import Mask

_OWN = 3
"""Columns of the matrix that belong to no level: row, column, bias."""


class PatchDescriptor:
    """Where the cells of all levels lie, and what φ makes of them; φ itself is a matrix.

    A 1 × 1 convolution and bilinear enlargement may change places, for the weights of an
    enlargement sum to 1. So φ is applied to every level on its own grid and only the results are
    enlarged: exact, and at 224 pixels on the levels of a ResNet a quarter of the work.

    Parameters
    ----------
    shapes
        (C, h, w) of each level, finest first.
    inside
        (h, w) bool: which cells of the finest level are inspected.
    averages
        Whether neighbourhoods are averaged; not where the backbone has done it already.
    """

    def __init__(
        self, shapes: Sequence[tuple[int, int, int]], inside: Mask, *, averages: bool
    ) -> None:
        self._shapes = list(shapes)
        self._averages = averages
        self._grid = (inside.shape[0], inside.shape[1])
        # As arrays: a tensor made while a picture is looked at could not be learned with.
        self._inside = None if inside.all() else inside.ravel()
        self._reach = [_reaching(inside, (h, w)) for _, h, w in shapes]
        rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in inside.shape)
        places = [*np.meshgrid(rows, columns, indexing="ij"), np.ones(inside.shape, np.float32)]
        self._places = np.stack([place.ravel() for place in places], 1)

    @property
    def channels(self) -> int:
        """D, of all levels together."""
        return sum(channels for channels, _, _ in self._shapes)

    @property
    def length(self) -> int:
        """Numbers that are kept of a picture."""
        return sum(channels * height * width for channels, height, width in self._shapes)

    def initial(self, outputs: int, seed: int) -> Tensor:
        """Draw φ_0, (outputs, D + 3): uniform within ± 1 / sqrt(D + 2), as the official code does.

        Columns: the channels of all levels, row, column, bias.
        """
        bound = (self.channels + 2) ** -0.5
        drawn = torch.empty(outputs, self.channels + _OWN)
        return drawn.uniform_(-bound, bound, generator=torch.Generator().manual_seed(seed))

    def cells(self, levels: Sequence[Tensor]) -> Tensor:
        """Give what is kept of each picture, (B, length) float16: 0 where it cannot matter.

        Rounded here, for training and scoring alike, so that a picture that was kept scores exactly
        as it would have when it came.

        Parameters
        ----------
        levels
            (B, C_l, h_l, w_l) float32 each.
        """
        parts = []
        for level, reach in zip(levels, self._reach, strict=True):
            averaged = functional.avg_pool2d(level, 3, 1, 1) if self._averages else level
            rows = averaged.permute(0, 2, 3, 1).flatten(1, 2).half()
            if reach is not None:
                rows = rows.masked_fill(torch.from_numpy(~reach).to(rows.device)[:, None], 0)
            parts.append(rows.flatten(1))
        return torch.cat(parts, 1)

    def __call__(self, cells: Tensor, matrix: Tensor) -> Tensor:
        """Give φ(p) of the inspected patches of one picture, (P, outputs) float32.

        Parameters
        ----------
        cells
            (length,) of any float, as `cells` gives them, or their mean over pictures.
        matrix
            (outputs, D + 3) float32.
        """
        counts = [channels for channels, _, _ in self._shapes]
        slices = torch.split(matrix, [*counts, _OWN], 1)
        sizes = [channels * height * width for channels, height, width in self._shapes]
        patches = torch.from_numpy(self._places).to(cells.device) @ slices[-1].T
        for rows, part, (channels, *grid) in zip(
            torch.split(cells, sizes), slices, self._shapes, strict=False
        ):
            patches += self._enlarged(rows.view(-1, channels).float() @ part.T, grid)
        if self._inside is None:
            return patches
        return patches[torch.from_numpy(self._inside).to(cells.device)]

    def _enlarged(self, rows: Tensor, grid: Sequence[int]) -> Tensor:
        """Enlarge (h · w, D') to the finest grid."""
        if tuple(grid) == self._grid:
            return rows
        planes = rows.view(1, *grid, -1).permute(0, 3, 1, 2)
        large = functional.interpolate(planes, self._grid, mode="bilinear", align_corners=False)
        return large[0].permute(1, 2, 0).flatten(0, 1)


def _reaching(inside: Mask, grid: tuple[int, int]) -> Mask | None:
    """Tell which cells of a grid, (h · w,), take part in an inspected one of the finest; None: all.

    The others may hold anything, even what half precision cannot.
    """
    if inside.all():
        return None
    rows, columns = (_shares(fine, coarse) for fine, coarse in zip(inside.shape, grid, strict=True))
    reached: Mask = (rows.T @ inside @ columns > 0).ravel()
    return reached


def _shares(fine: int, coarse: int) -> NDArray[np.float32]:
    """Give (fine, coarse): the share of each coarse cell in each fine one, along one axis."""
    each = functional.interpolate(torch.eye(coarse)[None], fine, mode="linear")
    return np.asarray(each[0].T.numpy())
