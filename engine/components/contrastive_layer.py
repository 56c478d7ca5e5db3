"""A linear layer under patch embeddings that brings good patches of one kind together.

Hyun et al., "ReConPatch: Contrastive Patch Representation Learning for Industrial Anomaly
Detection", WACV 2024, arXiv 2305.16713, §3. Nothing is labelled: which patches belong together
is read off slowly moving copies of the layers that are trained.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch
from timm.optim.adamp import AdamP
from torch import Tensor
from torch.nn import functional

from engine.components.patch_similarity import (
    contextual_similarity,
    pairwise_similarity,
    squared_distances,
)
from engine.components.products import as_filters, filtered
from engine.components.relaxed_contrastive import relaxed_contrastive
from engine.parameters import ReConPatchParameters
from engine.types import FitStep


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class ContrastiveLayer:
    """The paper's linear maps f and g (§3); scores are taken behind f.

    They have no bias: loss and scores look at differences only, so it could never be trained.
    """

    representation: Tensor
    """f: (dimensions, D) float32."""
    projection: Tensor
    """g: (projection, dimensions) float32; only training looks through it."""

    @classmethod
    def drawn(
        cls, length: int, parameters: ReConPatchParameters, *, seed: int, device: torch.device
    ) -> Self:
        """Draw the layer a training begins with, uniform within ± 1 / √inputs as in torch."""
        generator = torch.Generator().manual_seed(seed)
        shapes = (
            (parameters.dimensions, length),
            (parameters.projection, parameters.dimensions),
        )
        drawn = [(2 * torch.rand(s, generator=generator) - 1) / s[1] ** 0.5 for s in shapes]
        return cls(drawn[0].to(device), drawn[1].to(device))

    def __call__(self, patches: Tensor) -> Tensor:
        """Give h = f(p), (…, min(dimensions, D)) float32, of (…, D) patches.

        Into more dimensions than D f leads by f = Q R with orthonormal columns of Q: what is given
        then is R p, whose lengths and distances are those of f(p), in fewer numbers.
        """
        mapped = filtered(patches.flatten(0, -2), self._filters)
        return mapped.reshape(*patches.shape[:-1], -1)

    @cached_property
    def _filters(self) -> Tensor:
        matrix = self.representation
        if len(matrix) > matrix.shape[1]:
            matrix = torch.linalg.qr(matrix.double(), mode="r").R.float()
        return as_filters(matrix, factor=1)


class LayerTraining:
    """A training of a layer on patches of good pictures, one step at a time; repeats by its seed.

    Parameters
    ----------
    layer
        To begin with; it stays as it is.
    pool
        (n, D) float32 patches of each picture.
    epochs
        How often as many patches as there are get drawn, where the step budget allows it.
    seed
        Of what is drawn for the steps.

    Attributes
    ----------
    count
        Steps there will be.
    step
        Steps done.
    loss
        Of the last step's batch, a scalar.
    """

    def __init__(
        self,
        layer: ContrastiveLayer,
        pool: Sequence[Tensor],
        parameters: ReConPatchParameters,
        *,
        epochs: int,
        seed: int,
    ) -> None:
        self._parameters = parameters
        self._pool = pool
        self._ends = np.cumsum([len(patches) for patches in pool])
        total = int(self._ends[-1])
        self._batch = min(parameters.batch, total)
        self._draws = torch.Generator().manual_seed(seed)
        self._trained = [
            torch.nn.Parameter(weight.clone(), requires_grad=False)
            for weight in (layer.representation, layer.projection)
        ]
        self._averaged = [weight.detach().clone() for weight in self._trained]
        self._optimiser: torch.optim.Optimizer = AdamP(  # type: ignore[no-untyped-call]
            self._trained, weight_decay=parameters.weight_decay
        )
        self.count = min(parameters.most_steps, math.ceil(epochs * total / self._batch))
        self.step = 0
        self.loss = torch.zeros(())

    def steps(self, stage: str) -> Iterator[FitStep]:
        """Take all steps; each is given in two halves."""
        began = time.monotonic()
        while self.step < self.count:
            patches = self._drawn()
            similarity = self._similarity(patches)
            yield FitStep(stage, self.step, self.count, self._left(began))
            self._learn(patches, similarity)
            self.step += 1
            yield FitStep(stage, self.step, self.count, self._left(began))

    @property
    def layer(self) -> ContrastiveLayer:
        """The layer as far as it is trained; what is trained later is not seen."""
        f, g = (weight.clone() for weight in self._trained)
        return ContrastiveLayer(f, g)

    def _drawn(self) -> Tensor:
        """Draw a batch of patches, (N, D), each as likely as any other."""
        numbers = torch.randint(int(self._ends[-1]), (self._batch,), generator=self._draws).numpy()
        pictures = np.searchsorted(self._ends, numbers, side="right")
        # Counted from a picture's end: -1 is its last patch.
        places = numbers - self._ends[pictures]
        pairs = zip(pictures.tolist(), places.tolist(), strict=True)
        return torch.stack([self._pool[picture][place] for picture, place in pairs])

    def _similarity(self, patches: Tensor) -> Tensor:
        """Give ``w = α w^P + (1 − α) w^C`` of a batch, (N, N), as the averaged layers see it."""
        own = self._parameters
        f, g = self._averaged
        seen = functional.linear(patches, g @ f)
        if own.normalise:
            seen = functional.normalize(seen, dim=1)
        squared = squared_distances(seen)
        pairwise = pairwise_similarity(squared, bandwidth=own.bandwidth)
        contextual = contextual_similarity(squared, neighbours=own.context)
        return contextual.lerp_(pairwise, own.pairwise_share)

    def _learn(self, patches: Tensor, similarity: Tensor) -> None:
        """Take one step of AdamP , and let the averages follow.

        Both maps are linear, so z = g f p, and with Γ = ∂L/∂(g f) = Σ_i (∂L/∂z_i) p_iᵀ the
        gradients are Γ fᵀ for g and gᵀ Γ for f.
        """
        own = self._parameters
        f, g = self._trained
        projected = functional.linear(patches, g @ f)
        self.loss, gradient = relaxed_contrastive(projected, similarity, margin=own.margin)
        both = gradient.T @ patches
        f.grad, g.grad = g.T @ both, both @ f.T
        for group in self._optimiser.param_groups:
            group["lr"] = own.learning_rate * _cosine(self.step, self.count)
        self._optimiser.step()
        for averaged, trained in zip(self._averaged, self._trained, strict=True):
            averaged.lerp_(trained, 1 - own.averaging)

    def _left(self, began: float) -> float | None:
        if not self.step:
            return None
        return (time.monotonic() - began) / self.step * (self.count - self.step)


def _cosine(step: int, count: int) -> float:
    """Fall from 1 to almost 0 along half a cosine."""
    return (1 + math.cos(math.pi * step / count)) / 2
