"""How alike the patches of a batch are: by their distance, and by the company they keep.

Hyun et al., "ReConPatch: Contrastive Patch Representation Learning for Industrial Anomaly
Detection", WACV 2024, arXiv 2305.16713, §3. The similarities stand for the labels that a
contrastive training needs and nobody has given.
"""

from __future__ import annotations

import torch
from torch import Tensor


def squared_distances(vectors: Tensor) -> Tensor:
    """Give (N, N) float32: squared Euclidean distances between (N, D) vectors, never below 0.

    They are taken from the mean first, which leaves the differences as they are and what is lost
    to cancellation small.
    """
    centred = vectors - vectors.mean(0)
    squares = centred.square().sum(1)
    return (squares[:, None] + squares - 2 * centred @ centred.T).clamp_min(0)


def pairwise_similarity(squared: Tensor, *, bandwidth: float) -> Tensor:
    """Give ``w^P_ij = exp(−‖z̄_i − z̄_j‖² / σ)`` , (N, N) in (0, 1].

    Parameters
    ----------
    squared
        (N, N) float32, squared distances.
    bandwidth
        σ, in units of a squared distance.
    """
    return squared.div(-bandwidth).exp_()


def contextual_similarity(squared: Tensor, *, neighbours: int) -> Tensor:
    """Give ``w^C`` of the paper, (N, N) in [0, 1]: whether two patches have the same neighbours.

    With N_k(i) the k nearest of i, itself among them::

        w̃_ij  = |N_k(i) ∩ N_k(j)| / |N_k(i)|  where j ∈ N_k(i), else 0
        R(i)  = {j : j ∈ N_k/2(i) and i ∈ N_k/2(j)}
        ŵ_ij  = 1 / |R(i)| · Σ_{l ∈ R(i)} w̃_lj
        w^C_ij = (ŵ_ij + ŵ_ji) / 2

    R(i) are the reciprocal neighbours, by whose view i's own is expanded. Only k values of a row
    of w̃ are not 0, so nothing here is a product of N × N matrices.

    Parameters
    ----------
    squared
        (N, N) float32, squared distances.
    neighbours
        k, at least 2 and clamped to N; k / 2 is rounded down.
    """
    count = len(squared)
    itself_first = squared.clone().fill_diagonal_(-1)  # also before a twin
    near = itself_first.topk(min(neighbours, count), largest=False).indices  # (N, k)
    is_near = torch.zeros_like(squared, dtype=torch.bool).scatter_(1, near, True)
    # Of i's j-th neighbour, which neighbours are also i's?
    shared = is_near.gather(1, near[near].flatten(1)).view(*near.shape, -1)
    overlap = shared.sum(2).to(squared) / near.shape[1]  # (N, k)
    close = near[:, : max(1, neighbours // 2)]  # (N, k / 2)
    numbers = torch.arange(count, device=squared.device)
    reciprocal = (close[close] == numbers[:, None, None]).any(2)  # (N, k / 2), itself always
    share = reciprocal.to(squared) / reciprocal.sum(1, keepdim=True)
    expanded = torch.zeros_like(squared)
    expanded.scatter_add_(
        1, near[close].flatten(1), (share[:, :, None] * overlap[close]).flatten(1)
    )
    return (expanded + expanded.T).div_(2)
