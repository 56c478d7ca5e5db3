"""The metric objective: what a memory bank does at inspection time, as a loss.

Each patch is as far as the nearest patch in the part's other good pictures. Damaged patches must be
farther than the hardest good ones, by a factor rather than by an amount, because limits are set on
each part's own scores. The pairs are ranked by a softplus as in Hermans, Beyer and Leibe, "In
Defense of the Triplet Loss for Person Re-Identification", arXiv:1703.07737, 2017, §2.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

MARGIN = 0.3
"""Between logarithms of distances, sharpened: damage at 1.08 times the distance costs little."""
SHARPNESS = 4.0
"""Slope of the softplus, and of the soft maximum over a damage's patches."""


def ranking_loss(good: Tensor, damages: Sequence[Tensor]) -> tuple[Tensor, float]:
    """Search a part's good pictures and its damages in its own memory bank, and rank them.

    Parameters
    ----------
    good
        (N, n, D) float32: the patches of N good pictures, each searched without itself.
    damages
        (m, D) float32 each, at least one.

    Returns
    -------
    loss
        Scalar float32, mean over the damages.
    found
        Share of damages whose farthest patch is farther than every good one.
    """
    sizes = [len(damage) for damage in damages]
    distances = _log_distances(torch.cat([good.flatten(0, 1), *damages]), good)
    searched = good.shape[0] * good.shape[1]
    return ranked(
        distances[:searched].view(good.shape[:2]), torch.split(distances[searched:], sizes)
    )


def ranked(good: Tensor, damages: Sequence[Tensor]) -> tuple[Tensor, float]:
    """Rank damages against good pictures by the logarithms of their patches' distances.

    Half of the loss compares all patches, so that the whole damage stands out; the other half only
    the farthest ones, which are what an image score is.

    Parameters
    ----------
    good
        (asked, cells).
    damages
        (m,) each.

    Returns
    -------
    As `ranking_loss`.
    """
    cells = good.shape[1]
    hardest = good.topk(min(cells, max(4, cells // 20)), 1).values
    ground = torch.cat([hardest.flatten(), good.flatten()[:: max(1, good.numel() // 128)]])
    top = hardest[:, :3].mean()
    total, found = good.new_zeros(()), 0
    for damage in damages:
        # The soft maximum of many patches alike exceeds their maximum: it is not to be believed.
        farthest = torch.logsumexp(damage * SHARPNESS, 0) / SHARPNESS
        farthest = torch.minimum(farthest, damage.max() + 0.1)
        total = total + _beaten(damage[:, None], ground) / 2 + _beaten(farthest, top) / 2
        found += int(damage.max() > good.max())
    return total / len(damages), found / len(damages)


def _beaten(damaged: Tensor, good: Tensor) -> Tensor:
    return functional.softplus(MARGIN - SHARPNESS * (damaged - good)).mean()


def _log_distances(queries: Tensor, bank: Tensor) -> Tensor:
    """Give (m,) logarithms of the distances of all queries to their nearest rows.

    Parameters
    ----------
    queries
        (m, D): the patches of the bank's own pictures, then those of damages.
    bank
        (N, n, D).
    """
    pictures, cells, _ = bank.shape
    rows = bank.flatten(0, 1)
    with torch.no_grad():  # only which row is nearest; its distance is computed again below
        table = torch.addmm(rows.square().sum(1), queries, rows.T, alpha=-2)
        owner = torch.arange(pictures, device=rows.device).repeat_interleave(cells)
        # Damage is searched without one picture too: with a larger bank it would seem nearer.
        left_out = torch.cat([owner, owner.new_zeros(len(queries) - len(owner))])
        nearest = table.masked_fill_(left_out[:, None] == owner, torch.inf).argmin(1)
    squares = (queries - rows[nearest]).square().sum(1)
    return squares.clamp_min(1e-6).log() / 2
