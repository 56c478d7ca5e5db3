"""One Gaussian for each position of a grid: packed as a release keeps it, whitened as it scores.

Defard, Setkov, Loesch, Audigier, "PaDiM", ICPR Workshops 2021, arXiv 2011.08785, §III-B. For each
position ``Σ = M2 / (N − 1) + ε I`` with ``M2 = Σ_k (x_k − μ)(x_k − μ)ᵀ``; with ``Σ = L Lᵀ`` and
``W = L⁻¹`` the distance is ``M = ‖W (x − μ)‖``.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

from engine.components.out_of_memory import in_pieces

RIDGE = 0.01
"""ε of the paper."""
_MOST = 64
_STEP_PRODUCTS = 2 * 10**8
"""Multiplications in float64 that a step of a fit may take."""
_BLOCKS = 4
"""Blocks of rows that W is cut into; what lies right of a block's diagonal is not even kept: of 4
blocks 62.5 % of the square, of which scoring is the reading."""


class Whitening:
    """The inverse Cholesky factors W of P positions, ready to score.

    They are kept transposed: of one picture the products are then sums of rows that lie in one
    piece, at the speed at which memory is read (3 136 positions of 100 channels, 78 MB: 2 instead
    of 10 ms on two Intel cores).
    """

    def __init__(self, positions: int, length: int, device: torch.device) -> None:
        edges = [length * block // _BLOCKS for block in range(_BLOCKS + 1)]
        self._spans = [(top, end) for top, end in pairwise(edges) if end > top]
        self._blocks = [
            torch.empty(positions, end, end - top, device=device) for top, end in self._spans
        ]

    def set(self, where: slice, whitening: Tensor) -> None:
        """Take W of some positions, (p, d, d) lower triangular."""
        for (top, end), block in zip(self._spans, self._blocks, strict=True):
            block[where] = whitening[:, top:end, :end].transpose(1, 2)

    def __call__(self, offsets: Tensor, where: slice = slice(None)) -> Tensor:
        """Give W (x − μ), (p, d, B) float32, of (p, d, B) offsets at some positions."""
        rows = offsets.transpose(1, 2).contiguous()
        parts = [torch.bmm(rows[..., : len(block[0])], block[where]) for block in self._blocks]
        return torch.cat(parts, 2).transpose(1, 2)


class PositionGaussians:
    """Count, mean and M2 of every position.

    Attributes
    ----------
    count
        N, pictures taken in.
    mean
        (P, d) float64.
    scatter
        (P, d (d + 1) / 2) float32: M2's lower triangle, row by row.
    """

    def __init__(self, count: int, mean: Tensor, scatter: Tensor) -> None:
        self.count, self.mean, self.scatter = count, mean, scatter

    @classmethod
    def empty(cls, positions: int, length: int, device: torch.device) -> PositionGaussians:
        """Give those of no picture."""
        return cls(
            0,
            torch.zeros(positions, length, dtype=torch.float64, device=device),
            torch.zeros(positions, length * (length + 1) // 2, device=device),
        )

    @property
    def length(self) -> int:
        """Channels d."""
        return self.mean.shape[1]

    def merged(
        self, added: Sequence[Tensor], removed: Sequence[Tensor] = ()
    ) -> Generator[int, None, PositionGaussians]:
        """Make these with some pictures added and others removed, some positions after others.

        Exact (Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing
        sample variances", 1979): ``M2 = M2a + M2b + ΔΔᵀ na nb / n`` with Δ the means' difference,
        and the same solved for M2a.

        Parameters
        ----------
        added, removed
            (P, d) float32 for each picture.

        Yields
        ------
        How many positions are done.
        """
        after = PositionGaussians.empty(len(self.mean), self.length, self.mean.device)
        after.count = self.count + len(added) - len(removed)
        rows, columns = torch.tril_indices(self.length, self.length, device=self.mean.device)

        def change(where: slice) -> int:
            count, mean, scatter = self.count, self.mean[where], self._square(where)
            for pictures, sign in ((added, 1), (removed, -1)):
                if not pictures:
                    continue
                centred = torch.stack([picture[where] for picture in pictures], 1).double()
                own_mean = centred.mean(1)
                centred -= own_mean[:, None]
                shift = own_mean - mean
                total = count + sign * len(pictures)
                scatter.baddbmm_(centred.transpose(1, 2), centred, alpha=sign)
                # Of a removal the same with a negative weight: na nb / n of the larger set.
                weight = sign * count * len(pictures) / total
                scatter.baddbmm_(shift[:, :, None], shift[:, None, :], alpha=weight)
                mean = mean + sign * len(pictures) / total * shift
                count = total
            after.mean[where] = mean
            after.scatter[where] = scatter[:, rows, columns].float()
            return int(where.stop)

        at_once = positions_at_once(self.length, max(len(added), len(removed), 1))
        yield from in_pieces(change, len(self.mean), at_once=at_once)
        return after

    def whitened(self) -> Generator[int, None, Whitening]:
        """Factor every position; yields how many are done."""
        whitening = Whitening(len(self.mean), self.length, self.mean.device)
        identity = torch.eye(self.length, dtype=torch.float64, device=self.mean.device)

        def factor(where: slice) -> int:
            covariance = self._square(where).div_(self.count - 1).add_(identity, alpha=RIDGE)
            lower = torch.linalg.cholesky(covariance)
            inverse = torch.linalg.solve_triangular(lower, identity, upper=False)
            whitening.set(where, inverse.float())
            return int(where.stop)

        at_once = positions_at_once(self.length, self.length)
        yield from in_pieces(factor, len(self.mean), at_once=at_once)
        return whitening

    def _square(self, where: slice) -> Tensor:
        """Give M2 of some positions, (p, d, d) float64."""
        packed = self.scatter[where]
        if self.count == 0:
            return self.mean.new_zeros(len(packed), self.length, self.length)
        square = packed[:, self._places].double()
        return square.view(-1, self.length, self.length)

    @cached_property
    def _places(self) -> Tensor:
        """(d²,) int64: where the packed triangle holds each number of the square."""
        rows, columns = torch.tril_indices(self.length, self.length, device=self.mean.device)
        places = torch.empty(self.length, self.length, dtype=torch.int64, device=self.mean.device)
        places[rows, columns] = places[columns, rows] = torch.arange(
            len(rows), device=self.mean.device
        )
        return places.flatten()


def positions_at_once(length: int, vectors: int) -> int:
    """Tell on how many positions a step may work, each with so many vectors of this length."""
    return max(1, min(_MOST, _STEP_PRODUCTS // (length * length * vectors)))


def held_out_distances(whitened: Tensor, count: int) -> Tensor:
    """Give the distances of groups' pictures by the Gaussians of all but their group.

    In closed form from the ordinary whitened offsets, with the ridge held at ε (N − 1): a new fit
    has ε (n' − 1), which may change the squared distance by a few per cent. With n' others and
    ``C = I + 11ᵀ / n'`` the others' scatter is ``M2 − D C Dᵀ``, a member's offset from their mean
    ``D u`` with ``u = e + 1 / n'``, and ``M² = (n' − 1) uᵀ (I − G C)⁻¹ G u`` where
    ``G = Dᵀ (M2 + ε (N − 1) I)⁻¹ D``. For a picture alone this is
    ``(N − 2) (N / (N − 1))² g / (1 − g N / (N − 1))`` with ``g = M² / (N − 1)``.

    Parameters
    ----------
    whitened
        (…, d, k) float32, W (x − μ) of the k pictures of a group.
    count
        N, pictures the Gaussians were fitted to, the groups' among them.

    Returns
    -------
    Tensor
        (…, k) float32.
    """
    held = whitened.shape[-1]
    others = count - held
    if held == 1:
        g = whitened.double().square_().sum(-2) / (count - 1)
        alone = (count - 2) * (count / others) ** 2 * g / (1 - g * count / others)
        return alone.clamp_min(0).sqrt().float()
    table = (whitened.transpose(-1, -2) @ whitened).double() / (count - 1)
    identity = torch.eye(held, dtype=torch.float64, device=whitened.device)
    weights = identity + 1 / others
    inverse: Tensor = torch.linalg.solve(identity - table @ weights, table)
    squared = ((weights @ inverse) * weights).sum(-1) * (others - 1)
    return squared.clamp_min(0).sqrt().float()
