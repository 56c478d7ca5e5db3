"""CFA's training: patches are drawn into the nearest hyperspheres and kept out of the next ones.

Lee, Lee, Song, "CFA: Coupled-hypersphere-based Feature Adaptation for Target-Oriented Anomaly
Localization", IEEE Access 2022, arXiv 2206.04325, the losses L_att and L_rep:

``L_att = 1/(T K) Σ_t Σ_{k ≤ K} max(0, D²(φ(p_t), c_t^k) − r²)`` and
``L_rep = 1/(T J) Σ_t Σ_{j ≤ J} max(0, r² − D²(φ(p_t), c_t^{K+j}) − α)``, where c_t^k is the k-th
nearest centre of patch t; ``L = (L_att + L_rep) / ν``. Distances D² are squared, centres stay.

Three algorithms go by this name. As the paper is written, r stays at 1e-5, so that no term of L_rep
is ever above 0. In the official code r is learned, which is done here; it may grow until L_rep sets
in, and the history tells whether it did. In anomalib r is meant to be learned and never is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.components.centres import Centres
from engine.components.patch_descriptor import PatchDescriptor
from engine.parameters import CfaParameters


@dataclass
class Tally:
    """What a number of patches came to, added up."""

    patches: int = 0
    attraction: float = 0.0
    """Σ max(0, D² − r²) over all patches and their K centres."""
    repulsion: float = 0.0
    """Σ max(0, r² − D² − α) over all patches and their J centres."""
    attracted: int = 0
    """Terms of `attraction` above 0."""
    repelled: int = 0
    """Terms of `repulsion` above 0."""


class CoupledHyperspheres:
    """φ and r in training: one step of learning at a time, each of them in short pieces.

    Parameters
    ----------
    matrix
        φ to start from; it is copied.
    """

    def __init__(
        self,
        descriptor: PatchDescriptor,
        centres: Centres,
        matrix: Tensor,
        radius: float,
        parameters: CfaParameters,
    ) -> None:
        self._descriptor, self._centres, self._parameters = descriptor, centres, parameters
        self._matrix = matrix.clone().requires_grad_()
        self._radius = torch.tensor(
            radius, dtype=torch.float64, requires_grad=parameters.learn_radius
        )
        learned = [self._matrix, *([self._radius] if parameters.learn_radius else [])]
        self._optimiser = torch.optim.AdamW(
            learned,
            lr=parameters.learning_rate,
            weight_decay=parameters.weight_decay,
            amsgrad=True,
        )
        # K + J, as far as there are centres; K comes first.
        self._attracting = min(parameters.attracting, len(centres))
        self._repelling = min(parameters.repelling, len(centres) - self._attracting)
        self.tally = Tally()
        """Since it was last replaced."""

    @property
    def matrix(self) -> Tensor:
        """The descriptor φ as it is now."""
        return self._matrix.detach().clone()

    @property
    def radius(self) -> float:
        """The radius r as it is now."""
        return float(self._radius.detach())

    @property
    def loss(self) -> float:
        """L over all patches of the tally."""
        tally, own = self.tally, self._parameters
        mean = tally.attraction / self._attracting + tally.repulsion / max(self._repelling, 1)
        return mean / (tally.patches * own.softness)

    @property
    def share_repelled(self) -> float:
        """Share of L_rep's terms above 0, over all patches of the tally."""
        return self.tally.repelled / (self.tally.patches * max(self._repelling, 1))

    def learn(self, pictures: Sequence[Tensor]) -> Iterator[None]:
        """Take one step of AdamW on a batch, in pieces.

        The gradient is taken in two halves: that of L by the patches, from a few distances and
        without a graph; then that of the patches by φ, picture by picture. Together they are the
        gradient of the whole.

        Parameters
        ----------
        pictures
            Cells of each, as `PatchDescriptor.cells` gives them.
        """
        self._optimiser.zero_grad()
        batch = Tally()
        for cells in pictures:
            patches = self._descriptor(cells, self._matrix)
            gradient = torch.empty_like(patches)
            yield
            for piece, its_gradient in zip(
                torch.split(patches.detach(), self._centres.at_once),
                torch.split(gradient, self._centres.at_once),
                strict=True,
            ):
                its_gradient.copy_(self._pulled(piece, batch))
                yield
            scale = 1 / (len(pictures) * len(patches) * self._parameters.softness)
            patches.backward(gradient * scale)  # type: ignore[no-untyped-call]
            yield
        if self._parameters.learn_radius:
            active = batch.repelled / max(self._repelling, 1) - batch.attracted / self._attracting
            slope = 2 * self.radius * active / (batch.patches * self._parameters.softness)
            self._radius.grad = torch.tensor(slope, dtype=torch.float64)
        self._optimiser.step()
        self.tally = _sum(self.tally, batch)

    def _pulled(self, patches: Tensor, batch: Tally) -> Tensor:
        """Give the gradient of T ν L by (n, D') patches, and add to the tally what they come to."""
        squared_radius, margin = self.radius**2, self._parameters.margin
        # D² is never below 0, so that within α no centre repels: those need not even be found.
        repels = squared_radius > margin
        count = self._attracting + (self._repelling if repels else 0)
        nearest = self._centres.nearest(patches, count)
        gradient = torch.zeros_like(patches)
        for place, found in enumerate(nearest.unbind(1)):
            offsets = patches - self._centres.rows[found]
            squared = offsets.square().sum(1)
            if place < self._attracting:
                excess = (squared - squared_radius).clamp_min_(0)
                pull = 2 / self._attracting
                batch.attraction += float(excess.sum())
                batch.attracted += int(excess.count_nonzero())
            else:
                excess = (squared_radius - margin - squared).clamp_min_(0)
                pull = -2 / self._repelling
                batch.repulsion += float(excess.sum())
                batch.repelled += int(excess.count_nonzero())
            gradient.addcmul_(offsets, (excess > 0)[:, None], value=pull)
        batch.patches += len(patches)
        return gradient


def _sum(first: Tally, second: Tally) -> Tally:
    return Tally(
        first.patches + second.patches,
        first.attraction + second.attraction,
        first.repulsion + second.repulsion,
        first.attracted + second.attracted,
        first.repelled + second.repelled,
    )
