"""A Gaussian of few long vectors: covariance shrunk by Ledoit and Wolf, and what each is by others.

Ledoit, Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
Multivariate Analysis 88 (2004). Of n vectors of p numbers it is ``Σ = (1 − s) S + s m I``, where
``S = ZᵀZ / n``, Z the centred vectors, ``m = tr(S) / p``, and s follows from the data. All is
written in the eigenvectors of the smaller of ``ZᵀZ`` and ``ZZᵀ``, so that no p × p matrix is
inverted, and in float64: distances divide by ``λ = s m``, which magnifies rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor

_LEAST_RIDGE = 1e-12
"""Stands for λ where it would be 0: of two vectors, or where nothing varies."""


class ShrunkGaussian:
    """Mean and shrunk covariance of vectors.

    Parameters
    ----------
    vectors
        (n, p) float64, n >= 2.

    Attributes
    ----------
    mean
        (p,) float64.
    share
        s, 0 to 1.
    variance
        m, the mean variance of the p numbers.
    """

    def __init__(self, vectors: Tensor) -> None:
        self._length = vectors.shape[1]
        self.mean = vectors.mean(0)
        # M2 = ZᵀZ = V diag(spread) Vᵀ, and the centred vectors are coordinates @ Vᵀ.
        self._basis, self._spread, self._coordinates = _eigen(vectors - self.mean)
        count = len(vectors)
        norms = self._coordinates.square().sum(1)
        self.share, self.variance = _shrinkage(norms, self._spread.square().sum(), self._length)
        self._ridge = max(self.share * self.variance, _LEAST_RIDGE)
        self._inverse = 1 / ((1 - self.share) / count * self._spread + self._ridge)

    def squared_distances(self, vectors: Tensor) -> Tensor:
        """Give the squared Mahalanobis distances, (B,) float64, of (B, p) float64 vectors."""
        offset = vectors - self.mean
        along = (offset @ self._basis).square()
        across = (offset.square().sum(1) - along.sum(1)).clamp_min(0)
        return along @ self._inverse + across / self._ridge

    def held_out(self, members: Tensor) -> Tensor:
        """Give the squared distances of some vectors by the Gaussian of all the others.

        Exact: mean, covariance and shrinkage are those of a new fit. With D the members' centred
        vectors, k of them, and n' others, ``M2' = M2 − Dᵀ C D``, ``C = I + 11ᵀ / n'``, and a
        member's offset from the others' mean is ``Dᵀ u``, ``u = e + 1 / n'``. By the matrix
        inversion lemma ``D Σ'⁻¹ Dᵀ = (I − a G C)⁻¹ G`` with ``G = D (a M2 + λ' I)⁻¹ Dᵀ`` and
        ``a = (1 − s') / n'``: k × k matrices only.

        Parameters
        ----------
        members
            (n,) bool; at least two others must be left.

        Returns
        -------
        Tensor
            (k,) float64, in the order of the members.
        """
        members = members.to(self._coordinates.device)
        gone, kept = self._coordinates[members], self._coordinates[~members]
        others, held = len(kept), len(gone)
        weights = torch.eye(held, dtype=gone.dtype, device=gone.device) + 1 / others
        norms = (kept + gone.sum(0) / others).square().sum(1)
        removed = weights @ (gone @ gone.T)
        frobenius = (
            self._spread.square().sum()
            - 2 * (weights @ ((gone * self._spread) @ gone.T)).trace()
            + (removed @ removed).trace()
        )
        share, variance = _shrinkage(norms, frobenius, self._length)
        ridge, scale = max(share * variance, _LEAST_RIDGE), (1 - share) / others
        table = (gone / (scale * self._spread + ridge)) @ gone.T
        identity = torch.eye(held, dtype=gone.dtype, device=gone.device)
        inverse: Tensor = torch.linalg.solve(identity - scale * table @ weights, table)
        # u_i is row i of `weights`, which is symmetric.
        return ((weights @ inverse) * weights).sum(1).clamp_min(0)


def _eigen(centred: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Give the r eigenvectors of ZᵀZ as (p, r), its eigenvalues (r,) and Z in them as (n, r)."""
    count, length = centred.shape
    is_long = length > count
    values, vectors = torch.linalg.eigh(centred @ centred.T if is_long else centred.T @ centred)
    noise = values[-1].clamp_min(0) * max(count, length) * torch.finfo(values.dtype).eps
    counted = values > noise
    values, vectors = values[counted], vectors[:, counted]
    if not is_long:
        return vectors, values, centred @ vectors
    roots = values.sqrt()
    return centred.T @ vectors / roots, values, vectors * roots


def _shrinkage(norms: Tensor, frobenius: Tensor, length: int) -> tuple[float, float]:
    """Estimate s and m.

    ``β = (Σ_k ‖z_k‖⁴ / n − ‖S‖²) / (p n)``, ``δ = (‖S‖² − 2 m tr S + p m²) / p`` and
    ``s = min(β, δ) / δ``, as in scikit-learn's ``LedoitWolf``.

    Parameters
    ----------
    norms
        (n,) ‖z_k‖² of the centred vectors.
    frobenius
        ‖ZᵀZ‖², the squared Frobenius norm.
    """
    count = len(norms)
    trace = float(norms.sum()) / count
    squared = float(frobenius) / count**2
    variance = trace / length
    beta = (float(norms.square().sum()) / count - squared) / (length * count)
    delta = (squared - 2 * variance * trace + length * variance**2) / length
    if delta <= 1e-14 * variance**2:
        return 1.0, variance  # S is m I already: any s gives the same, and 1 can be divided by
    return min(max(beta, 0.0), delta) / delta, variance
