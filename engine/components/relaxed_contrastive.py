"""The relaxed contrastive loss: patches draw near or push apart by how alike they are.

Hyun et al., "ReConPatch", WACV 2024, arXiv 2305.16713, §3; it comes from Kim et al.,
"Self-Taught Metric Learning without Labels", CVPR 2022.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.components.patch_similarity import squared_distances

_LEAST_MEAN = 1e-12
"""Stands for the mean distance of patches that are all the same."""


def relaxed_contrastive(
    projected: Tensor, similarity: Tensor, *, margin: float
) -> tuple[Tensor, Tensor]:
    """Give the loss of a batch and its gradient with respect to the batch.

    ::

        d_ij = ‖z_i − z_j‖,  μ_i = 1/N Σ_n d_in,  δ_ij = d_ij / μ_i,  a_ij = max(m − δ_ij, 0)
        L = 1/N Σ_i Σ_{j ≠ i} w_ij δ_ij² + (1 − w_ij) a_ij²

    and, with s_ij = 2 (w_ij δ_ij − (1 − w_ij) a_ij)::

        ∂L/∂d_ij = (s_ij − 1/N Σ_n s_in δ_in) / (N μ_i)
        ∂L/∂z_i  = Σ_j (∂L/∂d_ij + ∂L/∂d_ji) (z_i − z_j) / d_ij

    The second term of ∂L/∂d_ij comes through μ_i, which is not held constant. Written out, this
    takes a quarter of the time that automatic differentiation does. Twins have no direction to be
    moved in, so they do not move each other.

    Parameters
    ----------
    projected
        z, (N, d) float32, N at least 2.
    similarity
        w, (N, N) in [0, 1]; a given thing: no gradient goes through it.
    margin
        m, in mean distances.

    Returns
    -------
    loss
        A scalar.
    gradient
        (N, d).
    """
    count = len(projected)
    centred = projected - projected.mean(0)
    distance = squared_distances(centred).fill_diagonal_(0).sqrt_()
    mean = distance.mean(1, keepdim=True).clamp_min_(_LEAST_MEAN)
    relative = distance / mean
    apart = (margin - relative).clamp_min_(0).fill_diagonal_(0)
    pull, push = similarity * relative, apart - similarity * apart
    loss = ((pull * relative).sum() + (push * apart).sum()) / count
    slope = pull.sub_(push).mul_(2)
    slope -= (slope * relative).sum(1, keepdim=True) / count
    slope /= count * mean
    strength = (slope + slope.T).div_(distance.masked_fill_(distance == 0, torch.inf))
    gradient = strength.sum(1, keepdim=True) * centred - strength @ centred
    return loss, gradient
