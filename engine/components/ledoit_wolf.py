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
        self._norms = self._coordinates.square().sum(1)
        self.share, self.variance = _shrinkage(
            self._norms, self._spread.square().sum(), self._length
        )
        self._ridge = max(self.share * self.variance, _LEAST_RIDGE)
        self._inverse = 1 / ((1 - self.share) / len(vectors) * self._spread + self._ridge)

    def squared_distances(self, vectors: Tensor) -> Tensor:
        """Give the squared Mahalanobis distances, (B,) float64, of (B, p) float64 vectors."""
        along, across = self._split(vectors)
        return along.square() @ self._inverse + across / self._ridge

    def without(self, members: Tensor) -> HeldOutGaussian:
        """Give the Gaussian of all vectors but some, (n,) bool; at least two must be left."""
        return HeldOutGaussian(self, members.to(self._coordinates.device))

    def _split(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Give what of x − μ lies along the eigenvectors, (B, r), and the rest's square, (B,)."""
        offset = vectors - self.mean
        along = offset @ self._basis
        return along, (offset.square().sum(1) - along.square().sum(1)).clamp_min(0)


class HeldOutGaussian:
    """A Gaussian of all vectors but k of them, by the eigenvectors of all.

    Exact: mean, covariance and shrinkage are those of a new fit. With D the k centred vectors left
    out and n' others, ``M2' = M2 − Dᵀ C D``, ``C = I + 11ᵀ / n'``, and the others' mean is
    ``μ − Dᵀ 1 / n'``. By the matrix inversion lemma, with ``a = (1 − s') / n'`` and
    ``A = a M2 + λ' I``, ``Σ'⁻¹ = A⁻¹ + a A⁻¹ Dᵀ (I − a C G)⁻¹ C D A⁻¹`` where ``G = D A⁻¹ Dᵀ``:
    k × k matrices only.
    """

    def __init__(self, whole: ShrunkGaussian, members: Tensor) -> None:
        self._whole = whole
        self._gone = whole._coordinates[members]
        held = len(self._gone)
        others = len(members) - held
        self._weights = torch.eye(held, dtype=self._gone.dtype, device=self._gone.device)
        self._weights = self._weights + 1 / others
        self._shift = self._gone.sum(0) / others
        # ‖z + shift‖² of the others, without a second table as large as all vectors
        norms = whole._norms + 2 * (whole._coordinates @ self._shift) + self._shift.square().sum()
        removed = self._weights @ (self._gone @ self._gone.T)
        frobenius = (
            whole._spread.square().sum()
            - 2 * (self._weights @ ((self._gone * whole._spread) @ self._gone.T)).trace()
            + (removed @ removed).trace()
        )
        share, variance = _shrinkage(norms[~members], frobenius, whole._length)
        self._ridge, self._scale = max(share * variance, _LEAST_RIDGE), (1 - share) / others
        self._inverse = 1 / (self._scale * whole._spread + self._ridge)
        self._table = (self._gone * self._inverse) @ self._gone.T
        self._lemma = (
            torch.eye(held, dtype=self._gone.dtype, device=self._gone.device)
            - self._scale * self._weights @ self._table
        )

    def of_members(self) -> Tensor:
        """Give the squared distances of those left out, (k,) float64, in their order.

        A member's offset is ``Dᵀ u``, ``u = e + 1 / n'``, and so its distance
        ``uᵀ G (I − a C G)⁻¹ u``.
        """
        inverse: Tensor = torch.linalg.solve(self._lemma.T, self._table)
        # u_i is row i of `weights`, which is symmetric.
        return ((self._weights @ inverse) * self._weights).sum(1).clamp_min(0)

    def squared_distances(self, vectors: Tensor) -> Tensor:
        """Give the squared Mahalanobis distances, (B,) float64, of (B, p) float64 vectors."""
        along, across = self._whole._split(vectors)
        along = along + self._shift
        towards = (along * self._inverse) @ self._gone.T
        inverse: Tensor = torch.linalg.solve(self._lemma, self._weights)
        more = ((towards @ inverse) * towards).sum(1)
        squared = along.square() @ self._inverse + across / self._ridge + self._scale * more
        return squared.clamp_min(0)


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
