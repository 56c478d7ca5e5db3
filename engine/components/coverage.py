"""Let pictures come and go while a memory bank goes on covering every patch of those left.

Greedy k-center selection (`coreset`) leaves every patch of the good pictures within some radius r
of a bank row. As long as that is kept, scores are kept: for every query q, with M all patches and
M_C the bank,

    D(q, M) ≤ D(q, M_C) ≤ D(q, M) + r,

for the patch m nearest to q has a row c within r, and ‖q − c‖ ≤ ‖q − m‖ + ‖m − c‖. The radius is
measured where scores are, on whole embeddings; of their projection it would bound nothing else.

A change goes on with the greedy selection: what is farther than r from all rows is a candidate, and
the farthest is taken again and again until there is none. A removed picture takes its rows along;
patches that these had vouched for look for another row first.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor

from engine.components.coreset import STEP_S
from engine.components.neighbours import Bank
from engine.errors import RecipeError
from engine.types import FitStep

SEARCH_PRODUCTS = 10**9
"""Multiplications per step of a search: about 20 ms on two processor cores."""
CHUNK_ROWS = 2**14
"""And at most so many rows, whose gathered owners are to stay few megabytes."""
_NONE = -1
"""Stands for the owner of a patch that has none."""
_STAGE = "Covering what was seen"


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class PicturePatches:
    """The inspected patches of one good picture."""

    picture: int
    group: int
    patches: Tensor
    """(n, D) float32."""
    owners: Tensor | None = None
    """(n,) int64, a bank row within the radius of each patch; None: never looked for."""


@dataclass(frozen=True, eq=False)
class CoveringRows:
    """Rows of a bank, and how far from the nearest of them a good patch may lie."""

    rows: Tensor
    """(M, D) float32."""
    origins: Tensor
    """(M, 4) int64 on the CPU: picture, row, column and group."""
    radius: float
    """Euclidean, in the space of the rows."""


Covered: TypeAlias = tuple[CoveringRows, list[PicturePatches]]


def origins_of(of: PicturePatches, cells: Tensor) -> Tensor:
    """Give (n, 4) int64, picture, row, column and group of each patch; `cells`, (n, 2), lie so."""
    named = torch.tensor([[of.picture, of.group]]).expand(len(cells), 2)
    return torch.cat([named[:, :1], cells, named[:, 1:]], 1)


def changed(
    bank: CoveringRows,
    pool: Sequence[PicturePatches],
    *,
    add: Sequence[PicturePatches],
    remove: Collection[int],
    cells: Tensor,
    complete: bool,
) -> Generator[FitStep, None, Covered]:
    """Give bank and pool after pictures were added and removed; nothing given is changed.

    Parameters
    ----------
    bank
        Before the change.
    pool
        What is at hand of the pictures the bank was made from.
    add
        Pictures to add.
    remove
        Numbers of the pictures to remove.
    cells
        (n, 2) int64, row and column of a picture's patches.
    complete
        Whether `pool` holds all patches of all pictures that stay. Where it does, the radius is
        what it was. Where it does not, patches that lie near a removed row are not there to be
        covered: each of them is within the old radius of such a row, so the new radius is the old
        one and the largest distance of a removed row to those that are left.

    Raises
    ------
    RecipeError
        No row would be left.
    """
    gone = torch.isin(bank.origins[:, 0], torch.tensor(sorted(remove), dtype=torch.int64))
    stay = ~gone.to(bank.rows.device)
    number = torch.where(stay, stay.cumsum(0) - 1, _NONE)
    pictures = [_renumbered(of, number) for of in pool if of.picture not in remove]
    pictures += [_renumbered(of, number) for of in add]
    rows, origins = bank.rows[stay], bank.origins[~gone]
    loose = yield from _loose(pictures, rows, bank.radius)
    taken = yield from _go_on(loose, pictures, len(rows), bank.radius)
    if taken:
        rows = torch.cat([rows, loose.patches[taken]])
        places = loose.places[taken].tolist()
        origins = torch.cat([origins, *(origins_of(pictures[p], cells)[[i]] for p, i in places)])
    if not len(rows):
        raise RecipeError(
            "Without these pictures nothing is left of what was remembered. Fit anew instead."
        )
    radius = bank.radius
    if gone.any() and not complete:
        radius += float(Bank(rows).nearest(bank.rows[~stay])[0].max())
    return CoveringRows(rows, origins, radius), pictures


@dataclass(frozen=True, eq=False)
class _Loose:
    """Patches farther than the radius from all rows."""

    patches: Tensor
    """(n, D) float32."""
    distances: Tensor
    """(n,) float32 to the nearest row; infinite where there is no row at all."""
    places: Tensor
    """(n, 2) int64 on the CPU: number of the picture, and of the patch in it."""


def _renumbered(of: PicturePatches, number: Tensor) -> PicturePatches:
    """Give a picture with owners by their new numbers; they may be written to."""
    if of.owners is None:
        nobody = torch.full((len(of.patches),), _NONE, device=of.patches.device)
        return replace(of, owners=nobody)
    return replace(of, owners=number[of.owners])


def _loose(
    pictures: Sequence[PicturePatches], rows: Tensor, radius: float
) -> Generator[FitStep, None, _Loose]:
    """Look for an owner of every patch that has none, and give those that find none near enough."""
    bank = Bank(rows) if len(rows) else None
    patches, distances, places = [], [], []
    for number, of in enumerate(pictures):
        assert of.owners is not None
        waiting = (of.owners == _NONE).nonzero()[:, 0]
        for some in torch.split(waiting, step_length(rows.shape)) if len(waiting) else ():
            away = torch.full((len(some),), torch.inf, device=rows.device)
            if bank is not None:
                away, of.owners[some] = bank.nearest(of.patches[some])
            far = away > radius
            patches.append(of.patches[some[far]])
            distances.append(away[far])
            found = some[far].cpu()
            places.append(torch.stack([torch.full_like(found, number), found], 1))
            yield FitStep(_STAGE, number, len(pictures), None)
    if not patches:
        nothing = rows.new_empty(0)
        return _Loose(rows[:0], nothing, torch.empty((0, 2), dtype=torch.int64))
    return _Loose(torch.cat(patches), torch.cat(distances), torch.cat(places))


def _go_on(
    loose: _Loose, pictures: Sequence[PicturePatches], first: int, radius: float
) -> Generator[FitStep, None, list[int]]:
    """Take the farthest loose patch until all lie within the radius; their new owners are noted.

    Patches within the radius are of no more interest: centres only come, so they stay there.
    """
    patches, distances = loose.patches, loose.distances.clone()
    index = torch.arange(len(patches), device=patches.device)
    owners = torch.full_like(index, _NONE)
    taken: list[int] = []
    began = looked = time.monotonic()
    while len(distances):
        worst = int(distances.argmax())
        if not float(distances[worst]) > radius:
            break
        away = torch.linalg.vector_norm(patches - patches[worst], dim=1)
        closer = away < distances
        owners[index[closer]] = first + len(taken)
        taken.append(int(index[worst]))
        distances = torch.minimum(distances, away)
        far = distances > radius
        if 2 * int(far.sum()) < len(far):
            patches, distances, index = patches[far], distances[far], index[far]
        now = time.monotonic()
        if now - looked >= STEP_S:
            done = len(loose.patches) - len(patches)
            left = (now - began) / max(done, 1) * len(patches)
            yield FitStep(_STAGE, done, len(loose.patches), left)
            looked = time.monotonic()
    for number, of in enumerate(pictures):
        mine = loose.places[:, 0] == number
        assert of.owners is not None
        if mine.any():
            of.owners[loose.places[mine, 1].to(owners.device)] = owners[mine.to(owners.device)]
    return taken


def step_length(bank: tuple[int, ...]) -> int:
    """Give how many queries of a bank, given its shape, make a step."""
    rows, dimensions = bank
    # Looking through the table of distances costs as much as about 128 products each.
    products = max(rows, 1) * max(dimensions, 128)
    return min(max(1, SEARCH_PRODUCTS // products), CHUNK_ROWS)
