"""Scores by a memory bank: each patch's distance to its nearest row, and a picture's from those.

Roth et al., "Towards Total Recall in Industrial Anomaly Detection", CVPR 2022, §3.3.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from engine.components.coverage import SEARCH_PRODUCTS, PicturePatches
from engine.components.inspected_cells import InspectedCells, checked_scores
from engine.components.neighbours import Bank
from engine.errors import RecipeError
from engine.types import CompactMap, FitStep, Scores

ImageRule: TypeAlias = Literal["map", "max", "reweighted"]
"""What makes a picture's score of its patches' distances; see `BankScores.image`."""


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class BankScores:
    """How pictures are scored by a bank."""

    bank: Bank
    cells: InspectedCells
    rule: ImageRule
    neighbours: int
    """b of Eq. 7."""

    def of(self, batch: Tensor) -> Scores:
        """Score a batch of all cells' patches, (B, h · w, D); the map holds the distances."""
        inside = self.cells.inside(0, batch.device)
        counted = batch if inside.all() else batch[:, inside]
        found, nearest = self.bank.nearest(counted.flatten(0, 1))
        apart = (counted, found.view(len(batch), -1), nearest.view(len(batch), -1))
        images, maps = [], []
        for patches, distances, winners in zip(*apart, strict=True):
            maps.append(self.cells.map(distances))
            images.append(self.image(maps[-1], patches, distances, winners))
        return checked_scores(images, maps)

    def held_out(
        self,
        pictures: Sequence[PicturePatches],
        mapped: Callable[[Tensor], Tensor] = lambda patches: patches,
    ) -> Generator[FitStep, None, Scores]:
        """Score good pictures by the bank without the rows of their group.

        The bank is not selected anew without the group: coverage is slightly optimistic.

        Parameters
        ----------
        pictures
            To score, in order.
        mapped
            What makes their patches comparable with the rows, (n, D') to (n, D).

        Raises
        ------
        RecipeError
            The bank holds patches of one group only, so that one cannot be held out.
        """
        rows = max(1, SEARCH_PRODUCTS // self.bank.rows.numel())
        images, maps = [], []
        to_search, searched = sum(len(of.patches) for of in pictures), 0
        began = time.monotonic()
        for number, of in enumerate(pictures):
            patches = mapped(of.patches)
            found = []
            for queries in torch.split(patches, rows):
                found.append(self.bank.nearest(queries, without_group=of.group))
                searched += len(queries)
                left = (time.monotonic() - began) / searched * (to_search - searched)
                yield FitStep("Scoring what was held out", number, len(pictures), left)
            distances = torch.cat([distance for distance, _ in found])
            winners = torch.cat([winner for _, winner in found])
            if distances.isinf().any():
                raise RecipeError(
                    f"All {len(self.bank)} patches kept come from one part, so it cannot be held "
                    "out. Keep a larger share (--coreset)."
                )
            maps.append(self.cells.map(distances))
            images.append(self.image(maps[-1], patches, distances, winners, without_group=of.group))
        return checked_scores(images, maps)

    def image(
        self,
        compact: CompactMap,
        patches: Tensor,
        distances: Tensor,
        winners: Tensor,
        *,
        without_group: int | None = None,
    ) -> float:
        """Give a picture's score.

        ``map``: the largest value of the shown map, which is what PaDiM and CFA score pictures by;
        for a memory bank it is ours. ``max``: the largest distance. ``reweighted``: the same
        weighted by Eq. 7, ``s = (1 − exp(s*) / Σ_{m ∈ N_b(m*)} exp(‖m_test* − m‖)) · s*``, as a
        softmax so that large distances do not overflow. One neighbour alone has nothing to be
        weighed against; Eq. 7 would call every part good.
        """
        if not distances.isfinite().all():
            return np.nan
        if self.rule == "map":
            return float(np.nanmax(self.cells.shown(compact)))
        worst = int(distances.argmax())
        score = float(distances[worst])
        if self.rule == "max":
            return score
        around = self.bank.around(int(winners[worst]), self.neighbours, without_group=without_group)
        if len(around) < 2:
            return score
        spread = (patches[worst] - self.bank.rows[around]).square().sum(1).sqrt()
        return score * (1 - float(torch.softmax(spread, 0)[0]))
