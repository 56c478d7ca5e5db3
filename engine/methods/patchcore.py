"""PatchCore: distance of each patch to the nearest remembered good patch.

Roth, Pemula, Zepeda, Schölkopf, Brox, Gehler, "Towards Total Recall in Industrial Anomaly
Detection", CVPR 2022, arXiv 2106.08265. Distances are Euclidean, not squared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from engine.components.bank_scores import BankScores
from engine.components.coreset import PROJECTED_DIMENSIONS
from engine.components.coverage import CoveringRows, PicturePatches, changed
from engine.components.embedding import described, described_length
from engine.components.inspected_cells import InspectedCells, checked_embedding
from engine.components.mapped_coreset import mapped_coreset
from engine.components.neighbours import Bank
from engine.errors import ModelError, RecipeError
from engine.methods.base import ScoredSteps, SeenPicture, Shape, Steps, check_change
from engine.parameters import PatchCoreParameters
from engine.preprocess import Preprocessing
from engine.types import Scores

DEFAULT_SHARE = 0.1
DEFAULT_ROWS = 8_000
"""Where the user gives no share: 10 % of the patches, at most this many."""


def bank_rows(patches: int, share: float | None) -> int:
    """Give the rows of a bank made of so many patches; `share` as in `PatchCoreParameters`."""
    if share is None:
        return max(1, min(int(patches * DEFAULT_SHARE), DEFAULT_ROWS))
    return max(1, int(patches * share))


class PatchCore:
    """A coreset of patch embeddings of good parts, searched as its parameters say.

    After a fit or `load_state`, `bank` holds (M, D) float32 rows, and `provenance` (M, 4) int64
    tells picture, row, column and group of each. Every patch of the pictures fitted on lies within
    `radius` of one of the rows, so that no score is higher by more than that for what the coreset
    left out.
    """

    title: ClassVar[str] = "PatchCore"
    strides: ClassVar[tuple[str, ...]] = ("8", "16")

    def __init__(self, parameters: PatchCoreParameters, preprocessing: Preprocessing) -> None:
        self._parameters = parameters
        self._cells = InspectedCells(preprocessing)
        self._pool: list[PicturePatches] = []
        self._pictures: list[tuple[int, int]] = []
        """Number and group of each picture the bank was made from."""
        self.bank: Bank | None = None
        self.provenance = torch.empty((0, 4), dtype=torch.int64)
        self.radius = 0.0

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count the pool, its projection, and the coreset's sorted copy of that."""
        _, height, width = shapes[0]
        patches = pictures * height * width
        length = described_length(shapes, self._parameters.descriptor)
        projected = min(length, PROJECTED_DIMENSIONS)
        rows = bank_rows(patches, self._parameters.coreset)
        return 4 * (patches * (length + 2 * projected) + 2 * rows * length)

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Remember all patches of one picture that lie inside the inspected region.

        A loaded release has no patches but those of its bank. Where its pictures are collected
        again, their removal is as exact as right after the fit.
        """
        self._pool.append(self._patches(SeenPicture(levels, picture, group)))

    def build(self, seed: int) -> Steps:
        """Select the coreset (§3.2 of the paper) on a random projection."""
        if len(self._pool) < 2:
            raise RecipeError(
                f"PatchCore needs at least 2 good pictures; there are {len(self._pool)}. "
                "Add pictures; 50 or more make limits that can be defended."
            )
        patches = sum(len(seen.patches) for seen in self._pool)
        covering, owners = yield from mapped_coreset(
            self._pool,
            count=bank_rows(patches, self._parameters.coreset),
            cells=self._inspected,
            seed=seed,
        )
        pairs = zip(self._pool, owners, strict=True)
        self._pool = [replace(seen, owners=part) for seen, part in pairs]
        self._pictures = [(seen.picture, seen.group) for seen in self._pool]
        self._take(covering)

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Go on with the greedy selection until every patch is covered again (`coverage`).

        Of distances by this bank and by that of a new fit, neither is larger by more than its
        own bank's `radius`. Right after a fit, and where all its pictures were collected again, the
        radius stays what it was; for a loaded release it grows with what is removed.
        """
        assert self.bank is not None
        gone = {seen.picture for seen in remove}
        check_change(self.title, dict(self._pictures), add=add, remove=remove)
        left = [named for named in self._pictures if named[0] not in gone]
        at_hand = {seen.picture for seen in self._pool}
        added = [self._patches(seen) for seen in add]
        covering, pool = yield from changed(
            CoveringRows(self.bank.rows, self.provenance, self.radius),
            self._pool,
            add=added,
            remove=gone,
            cells=self._inspected,
            complete=at_hand >= {picture for picture, _ in left},
        )
        self._pool = pool
        self._pictures = left + [(seen.picture, seen.group) for seen in added]
        self._take(covering)

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Search each collected picture's patches in the bank without its group's rows.

        The bank is not selected anew without the group: coverage is slightly optimistic.

        Raises
        ------
        RecipeError
            The bank holds patches of one group only, so that one cannot be held out.
        """
        assert self.bank is not None
        asked = [seen for number, seen in enumerate(self._pool) if only is None or number in only]
        return (yield from self._scores(self.bank).held_out(asked))

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Score a batch: the map is each patch's distance, the image score as the settings say."""
        if self.bank is None:
            raise ModelError("PatchCore has no bank yet: fit it or load a release first.")
        return self._scores(self.bank).of(self._embed(levels))

    def state(self) -> dict[str, Tensor]:
        """Give the bank, where each of its rows came from, and what it is the bank of."""
        assert self.bank is not None
        return {
            "bank": self.bank.rows.contiguous().cpu(),
            "provenance": self.provenance,
            "radius": torch.tensor(self.radius, dtype=torch.float64),
            "pictures": torch.tensor(self._pictures),
        }

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take the bank of a release, on the device its tensors lie on."""
        try:
            rows, provenance = state["bank"], state["provenance"].cpu()
            radius, pictures = float(state["radius"]), state["pictures"].tolist()
        except KeyError as error:
            raise ModelError(
                f"This release lacks PatchCore's {error}. Fit it again or import it anew."
            ) from error
        if rows.ndim != 2 or not len(rows) or provenance.shape != (len(rows), 4):
            raise ModelError(
                f"This release's bank of shape {tuple(rows.shape)} does not fit its provenance of "
                f"shape {tuple(provenance.shape)}. Fit it again or import it anew."
            )
        self._pictures = [(picture, group) for picture, group in pictures]
        self._take(CoveringRows(rows, provenance, radius))
        return self

    @property
    def _inspected(self) -> Tensor:
        """(n, 2) int64, row and column of the cells whose patches count."""
        if not self._cells.masks:  # loaded, and shown no picture yet: there is no patch to name
            return torch.empty((0, 2), dtype=torch.int64)
        return torch.from_numpy(np.stack(np.nonzero(self._cells.finest), 1))

    def _scores(self, bank: Bank) -> BankScores:
        own = self._parameters
        rule = "map" if own.image_score == "auto" else own.image_score
        return BankScores(bank, self._cells, rule, own.neighbours)

    def _take(self, covering: CoveringRows) -> None:
        self.provenance, self.radius = covering.origins, covering.radius
        groups = self.provenance[:, 3].to(covering.rows.device)
        self.bank = Bank(covering.rows, groups, self._parameters.search)

    def _patches(self, seen: SeenPicture) -> PicturePatches:
        patches = self._embed(seen.levels)[0]
        kept = patches[self._cells.inside(0, patches.device)]
        return PicturePatches(seen.picture, seen.group, checked_embedding(kept, seen.picture))

    def _embed(self, levels: Sequence[Tensor]) -> Tensor:
        self._cells.check(levels)
        return described(levels, self._parameters.descriptor, title=self.title)
