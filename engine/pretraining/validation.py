"""How well a backbone ranks damage of kinds, on parts of families, that no training has seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import fmean

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn
from torch.nn import functional

from engine.components.embedding import concat
from engine.components.neighbours import Bank
from engine.evaluation.metrics import image_auroc
from engine.pretraining.invented import draw_pictures, normalised
from engine.pretraining.plan import (
    HELD_OUT_FAMILIES,
    HELD_OUT_KINDS,
    TRAINING_FAMILIES,
    VALIDATION_SEED,
)
from engine.synthetic.textures.draws import Draws

_STRIDE = 8
_LEAST_PIXELS = 6
"""Damage that shows in fewer pixels is not asked for."""
_LEAST_SHARE = 0.12
"""Of a cell that damage covers, from which the cell counts as damaged."""


class Trial(BaseModel):
    """How much is drawn for a validation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: int = 48
    """Of every third part the textures are held out too. With 24 parts, one set and another of them
    ranked two stacks in opposite order by chance."""
    references: int = 8
    """Good pictures of a part in its memory bank."""
    good: int = 8
    damaged: int = 12
    """Pictures of a part to rank."""
    side: int = 160
    """Pixels."""


class Figures(BaseModel):
    """Means over the parts of a validation, 0 to 1; 0.5 is what guessing gives."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image_auroc: float
    """Of the levels at strides 8 and 16 in one bank."""
    image_auroc_8: float
    """Of stride 8 alone."""
    pixel_auroc: float
    """Over stride-8 cells, of both levels."""


@dataclass(frozen=True, eq=False)
class _Part:
    pictures: Tensor
    """(references + good + damaged, 3, S, S) uint8."""
    masks: Tensor
    """(damaged, S, S) bool."""


@dataclass(frozen=True)
class _Ranked:
    """Image and pixel AUROC of one part; None where no damage shows."""

    image: float | None
    pixel: float | None


class Validation:
    """A fixed set of invented parts, drawn from a seed of its own."""

    def __init__(self, trial: Trial, device: torch.device) -> None:
        self._trial = trial
        self._device = device
        self._parts: list[_Part] = []

    @torch.no_grad()
    def draw(self) -> Iterator[int]:
        """Draw part after part and give how many there are."""
        trial = self._trial
        for number in range(trial.parts):
            pictures, masks = draw_pictures(
                Draws(self._device, VALIDATION_SEED, number),
                parts=2,  # the second one only lends its matter
                good=trial.references + trial.good,
                damaged=trial.damaged,
                damages=1,
                side=trial.side,
                families=TRAINING_FAMILIES if number % 3 else HELD_OUT_FAMILIES,
                kinds=HELD_OUT_KINDS,
            )
            self._parts.append(_Part((pictures[0] * 255).round().byte(), masks[0, :, 0]))
            yield len(self._parts)

    @torch.no_grad()
    def measure(self, network: nn.Module) -> Figures:
        """Rank the damaged pictures of every part against its good ones.

        Parameters
        ----------
        network
            Gives levels at strides 8 and 16, its last ones.
        """
        found = [self._rank(part, network) for part in self._parts]
        return Figures(
            image_auroc=_mean(both.image for both, _ in found),
            image_auroc_8=_mean(fine.image for _, fine in found),
            pixel_auroc=_mean(both.pixel for both, _ in found),
        )

    def _rank(self, part: _Part, network: nn.Module) -> tuple[_Ranked, _Ranked]:
        """Give the figures of one part, of both levels and of stride 8 alone."""
        fine, coarse = network(normalised(part.pictures.float() / 255))[-2:]
        return self._ranked(part, concat([fine, coarse])), self._ranked(part, concat([fine]))

    def _ranked(self, part: _Part, patches: Tensor) -> _Ranked:
        trial = self._trial
        bank = Bank(patches[: trial.references].flatten(0, 1))
        asked = patches[trial.references :]
        distances = bank.nearest(asked.flatten(0, 1))[0].view(len(asked), -1)
        no_mask = part.masks.new_zeros(trial.good, *part.masks.shape[1:])
        masks = torch.cat([no_mask, part.masks])
        is_damaged = torch.arange(len(asked), device=masks.device) >= trial.good
        counts = ~is_damaged | (masks.flatten(1).sum(1) >= _LEAST_PIXELS)
        cells = functional.avg_pool2d(masks[:, None].float(), _STRIDE).flatten(1) > _LEAST_SHARE
        return _Ranked(
            image_auroc(distances.amax(1)[counts].cpu(), is_damaged[counts].cpu()),
            image_auroc(distances[counts].flatten().cpu(), cells[counts].flatten().cpu()),
        )


def _mean(figures: Iterable[float | None]) -> float:
    return round(fmean(figure for figure in figures if figure is not None), 4)
