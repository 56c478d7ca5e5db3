"""K-means in short steps: rows to fewer rows that stand for them."""

from __future__ import annotations

from collections.abc import Generator

import torch
from torch import Tensor

from engine.components.centres import Centres
from engine.types import FitStep

_STAGE = "Clustering the memory bank"
_MOST_ROUNDS = 3000
"""As the official code of CFA; a few dozen are enough."""
_AT_ONCE = 16
"""Rows drawn in one step."""


def k_means(rows: Tensor, count: int, seed: int) -> Generator[FitStep, None, Tensor]:
    """Give the centres of `count` clusters, by Lloyd's algorithm.

    The first ones are drawn by k-means++ (Arthur, Vassilvitskii, SODA 2007). A cluster that loses
    its last row keeps its centre.

    Parameters
    ----------
    rows
        (n, D) float32, n >= count.

    Returns
    -------
    Tensor
        (count, D) float32.
    """
    centres = rows[(yield from spread_out(rows, count, seed))]
    before = None
    for done in range(_MOST_ROUNDS):
        searched = Centres(centres)
        owners = []
        for some in torch.split(rows, searched.at_once):
            owners.append(searched.nearest(some, 1)[:, 0])
            yield FitStep(_STAGE, done, done + 1, None)
        owner = torch.cat(owners)
        if before is not None and torch.equal(owner, before):
            break
        sums = torch.zeros_like(centres).index_add_(0, owner, rows)
        members = owner.bincount(minlength=count)[:, None]
        centres = torch.where(members > 0, sums / members.clamp_min(1), centres)
        before = owner
    return centres


def spread_out(rows: Tensor, count: int, seed: int) -> Generator[FitStep, None, list[int]]:
    """Draw rows, each with a probability that grows with its squared distance to those before."""
    generator = torch.Generator().manual_seed(seed)
    drawn = [int(torch.randint(len(rows), (1,), generator=generator))]
    nearest = (rows - rows[drawn[0]]).square().sum(1)
    while len(drawn) < count:
        shares = nearest.double().cumsum(0)
        if shares[-1] == 0:  # only copies are left
            return drawn + drawn[:1] * (count - len(drawn))
        point = torch.rand(1, generator=generator, dtype=torch.float64).to(rows.device)
        place = int(torch.searchsorted(shares, point * shares[-1], right=True))
        drawn.append(min(place, len(rows) - 1))
        nearest = torch.minimum(nearest, (rows - rows[drawn[-1]]).square().sum(1))
        if len(drawn) % _AT_ONCE == 0:
            yield FitStep(_STAGE, len(drawn), count, None)
    return drawn
