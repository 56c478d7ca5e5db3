"""A coreset of patches, or of what a layer makes of them, that holds no second copy of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

import torch
from torch import Tensor

from engine.components.coreset import GreedyCoreset, project
from engine.components.coverage import (
    CoveringRows,
    PicturePatches,
    origins_of,
    step_length,
)
from engine.components.neighbours import Bank
from engine.types import FitStep


def as_they_are(patches: Tensor) -> Tensor:
    """Stand for a layer where there is none."""
    return patches


def mapped_coreset(
    pool: Sequence[PicturePatches],
    mapped: Callable[[Tensor], Tensor] = as_they_are,
    *,
    count: int,
    cells: Tensor,
    seed: int,
) -> Generator[FitStep, None, tuple[CoveringRows, list[Tensor]]]:
    """Select from patches as a layer maps them; greedy, on a random projection.

    Who vouches for a patch is looked for where it was chosen, among the projected rows: a third of
    the work or less. The distance to it is that of the embeddings, so the radius holds all the
    same.

    Parameters
    ----------
    pool
        (n, D) patches of each picture, not mapped.
    mapped
        The layer: (n, D) to (n, D').
    count
        Rows to select.
    cells
        (n, 2) int64, row and column of a picture's patches.
    seed
        Of the projection.

    Returns
    -------
    covering
        Mapped rows.
    owners
        (n,) int64 of each picture, a row within the radius of each patch.
    """
    projected = yield from _projected(pool, mapped, seed)
    coreset = GreedyCoreset(projected, count)
    yield from coreset.steps()
    chosen = torch.tensor(coreset.chosen, device=projected.device)
    origins = torch.cat([origins_of(of, cells) for of in pool])[chosen.cpu()]
    rows = mapped(patches_at(origins, pool, cells))
    near, radius, began = Bank(projected[chosen]), 0.0, time.monotonic()
    owners: list[Tensor] = []
    end = 0
    for of in pool:
        found = []
        for patches in torch.split(of.patches, step_length(near.rows.shape)):
            start, end = end, end + len(patches)
            found.append(near.nearest(projected[start:end])[1])
            away = torch.linalg.vector_norm(mapped(patches) - rows[found[-1]], dim=1)
            radius = max(radius, float(away.max()))
            left = (time.monotonic() - began) / end * (len(projected) - end)
            yield FitStep("Covering what was seen", end, len(projected), left)
        owners.append(torch.cat(found))
    return CoveringRows(rows, origins, radius), owners


def patches_at(origins: Tensor, pool: Sequence[PicturePatches], cells: Tensor) -> Tensor:
    """Give (M, D) float32: the patches in the pool that origins, (M, 4), name; M at least 1."""
    by_picture = {of.picture: of.patches for of in pool}
    number = {(row, column): n for n, (row, column) in enumerate(cells.tolist())}
    named = [
        by_picture[picture][number[row, column]] for picture, row, column, _ in origins.tolist()
    ]
    return torch.stack(named)


def _projected(
    pool: Sequence[PicturePatches], mapped: Callable[[Tensor], Tensor], seed: int
) -> Generator[FitStep, None, Tensor]:
    """Give what the selection sees, (N, d), picture by picture."""
    total, end, began = sum(len(of.patches) for of in pool), 0, time.monotonic()
    table = torch.empty(0)
    for of in pool:
        some = project(mapped(of.patches), seed)
        if not end:
            table = some.new_empty((total, some.shape[1]))
        start, end = end, end + len(some)
        table[start:end] = some
        left = (time.monotonic() - began) / end * (total - end)
        yield FitStep("Laying out what was seen", end, total, left)
    return table
