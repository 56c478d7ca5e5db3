"""How well a head ranks damage of kinds, on parts of families, that no training has seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor
from torch.nn import functional

from engine.components.metric_head import MetricHead, Surroundings
from engine.components.neighbours import Bank
from engine.evaluation.metrics import image_auroc
from engine.pretraining.invented import STRIDE, draw_pictures, patches_of
from engine.pretraining.plan import HELD_OUT_FAMILIES, HELD_OUT_KINDS, VALIDATION_SEED
from engine.synthetic.textures.draws import Draws

_SEEN_FAMILIES = ("spectra", "lattices", "cells", "strokes")
"""Of every second part: new parts of known textures. Their damage is held out all the same."""
_LEAST_PIXELS = 6
"""Damage that shows in fewer pixels is not asked for."""
_LEAST_SHARE = 0.12
"""Of a cell that damage covers, from which the cell counts as damaged."""


class Trial(BaseModel):
    """How much is drawn for a validation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: int = 24
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
    pixel_auroc: float
    """Over stride-8 cells."""


@dataclass(frozen=True, eq=False)
class _Part:
    patches: Tensor
    """(references + good + damaged, n, 817) float16."""
    masks: Tensor
    """(damaged, S, S) bool."""


class Validation:
    """A fixed set of invented parts, drawn from a seed of its own and kept as patches.

    Parameters
    ----------
    surroundings
        Computes the patches, on its device.
    """

    def __init__(self, trial: Trial, surroundings: Surroundings) -> None:
        self._trial = trial
        self._surroundings = surroundings
        self._parts: list[_Part] = []

    @torch.no_grad()
    def draw(self) -> Iterator[int]:
        """Draw part after part and give how many there are."""
        trial = self._trial
        for number in range(trial.parts):
            pictures, masks = draw_pictures(
                Draws(self._surroundings.gabor.first.device, VALIDATION_SEED, number),
                parts=2,  # the second one only lends its matter
                good=trial.references + trial.good,
                damaged=trial.damaged,
                damages=1,
                side=trial.side,
                families=_SEEN_FAMILIES if number % 2 else HELD_OUT_FAMILIES,
                kinds=HELD_OUT_KINDS,
            )
            self._parts.append(_Part(patches_of(pictures[0], self._surroundings), masks[0, :, 0]))
            yield len(self._parts)

    @torch.no_grad()
    def measure(self, head: MetricHead) -> Figures:
        """Rank the damaged pictures of every part against its good ones."""
        found = [self._rank(part, head) for part in self._parts]
        return Figures(
            image_auroc=round(fmean(image for image, _ in found if image is not None), 4),
            pixel_auroc=round(fmean(pixel for _, pixel in found if pixel is not None), 4),
        )

    def _rank(self, part: _Part, head: MetricHead) -> tuple[float | None, float | None]:
        """Give image and pixel AUROC of one part; None where no damage shows."""
        trial = self._trial
        embedded = head(part.patches)
        bank = Bank(embedded[: trial.references].flatten(0, 1))
        asked = embedded[trial.references :]
        distances = bank.nearest(asked.flatten(0, 1))[0].view(len(asked), -1)
        no_mask = part.masks.new_zeros(trial.good, *part.masks.shape[1:])
        masks = torch.cat([no_mask, part.masks])
        is_damaged = torch.arange(len(asked), device=masks.device) >= trial.good
        counts = ~is_damaged | (masks.flatten(1).sum(1) >= _LEAST_PIXELS)
        cells = functional.avg_pool2d(masks[:, None].float(), STRIDE).flatten(1) > _LEAST_SHARE
        image = image_auroc(distances.amax(1)[counts].cpu(), is_damaged[counts].cpu())
        pixel = image_auroc(distances[counts].flatten().cpu(), cells[counts].flatten().cpu())
        return image, pixel
