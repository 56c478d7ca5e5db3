"""ReConPatch: PatchCore behind a linear layer that learned which good patches belong together.

Hyun, Kim, Jeon, Kim, Bae, Kang, "ReConPatch: Contrastive Patch Representation Learning for
Industrial Anomaly Detection", WACV 2024, arXiv 2305.16713. There is no official code. Distances
are Euclidean, not squared.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from engine.components.bank_scores import BankScores
from engine.components.contrastive_layer import ContrastiveLayer, LayerTraining
from engine.components.coreset import PROJECTED_DIMENSIONS
from engine.components.coverage import CoveringRows, PicturePatches, changed
from engine.components.embedding import described, described_length
from engine.components.inspected_cells import InspectedCells, checked_embedding
from engine.components.mapped_coreset import mapped_coreset, patches_at
from engine.components.neighbours import Bank
from engine.errors import ModelError, RecipeError
from engine.methods.base import ScoredSteps, SeenPicture, Shape, Steps, check_change
from engine.parameters import ReConPatchParameters
from engine.preprocess import Preprocessing
from engine.types import FitStep, Scores

DEFAULT_SHARE = 0.01
FEWEST_ROWS, MOST_ROWS = 1_000, 8_000
"""Where the user gives no share: the paper's 1 % of the patches, but no fewer and no more rows."""

_BATCH_TABLES = 12
"""N × N tables at once in a step of the training, at most."""


def bank_rows(patches: int, share: float | None) -> int:
    """Give the rows of a bank made of so many patches; `share` as in `ReConPatchParameters`."""
    if share is None:
        return min(patches, max(FEWEST_ROWS, min(int(patches * DEFAULT_SHARE), MOST_ROWS)))
    return max(1, int(patches * share))


class ReConPatch:
    """A trained layer, and a coreset of good patches searched behind it.

    Kept are the patches as they are before the layer: from them follows the bank, so that it can
    never be one of another layer, and the layer can be trained further.

    After a fit or `load_state`, `provenance` (M, 4) int64 tells picture, row, column and group of
    each row of the bank. Every patch of the pictures fitted on lies within `radius` of one of
    them, behind the layer.
    """

    title: ClassVar[str] = "ReConPatch"
    strides: ClassVar[tuple[str, ...]] = ("8", "16")

    def __init__(self, parameters: ReConPatchParameters, preprocessing: Preprocessing) -> None:
        self._parameters = parameters
        self._cells = InspectedCells(preprocessing)
        self._pool: list[PicturePatches] = []
        self._pictures: list[tuple[int, int]] = []
        """Number and group of each picture the bank was made from."""
        self._layer: ContrastiveLayer | None = None
        self._rows = torch.empty(0)
        """(M, D) float32, the bank's patches before the layer."""
        self._scores: BankScores | None = None
        self.provenance = torch.empty((0, 4), dtype=torch.int64)
        self.radius = 0.0

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count the pool, its projection with the coreset's sorted copy, and a training step."""
        _, height, width = shapes[0]
        own, patches = self._parameters, pictures * height * width
        length = described_length(shapes, own.descriptor)
        mapped = min(own.dimensions, length)
        projected = min(mapped, PROJECTED_DIMENSIONS)
        bank = bank_rows(patches, own.coreset) * (length + 2 * mapped)
        training = _BATCH_TABLES * min(own.batch, patches) ** 2
        return 4 * (patches * (length + 2 * projected) + bank + training)

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Remember all patches of one picture that lie inside the inspected region.

        A loaded release has no patches but those of its bank. Where its pictures are collected
        again, an update may train the layer further, as right after the fit.
        """
        self._pool.append(self._patches(SeenPicture(levels, picture, group)))

    def build(self, seed: int) -> Steps:
        """Train the layer, then select the coreset behind it (§3)."""
        if len(self._pool) < 2:
            raise RecipeError(
                f"ReConPatch needs at least 2 good pictures; there are {len(self._pool)}. "
                "Add pictures; 50 or more make limits that can be defended."
            )
        own, patches = self._parameters, self._pool[0].patches
        drawn = ContrastiveLayer.drawn(patches.shape[1], own, seed=seed, device=patches.device)
        layer = yield from self._trained(drawn, self._pool, epochs=own.epochs, seed=seed)
        covering, _ = yield from mapped_coreset(
            self._pool,
            layer,
            count=bank_rows(sum(len(of.patches) for of in self._pool), own.coreset),
            cells=self._inspected,
            seed=seed,
        )
        rows = patches_at(covering.origins, self._pool, self._inspected)
        self._pictures = [(of.picture, of.group) for of in self._pool]
        self._take(layer, rows, covering)

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Train the layer further where it can be, and cover all pictures behind it.

        Right after a fit, and where all its pictures were collected again, the layer starts warm
        on what there is now (`update_epochs`). Else it stays as it is, for on the new pictures
        alone it would forget the old ones. Either way rows stay, and the greedy selection goes on
        until no patch lies farther than `radius` from one (`coverage`).
        """
        assert self._layer is not None and self._scores is not None
        own, gone = self._parameters, {seen.picture for seen in remove}
        check_change(self.title, dict(self._pictures), add=add, remove=remove)
        left = [named for named in self._pictures if named[0] not in gone]
        added = [self._patches(seen) for seen in add]
        kept = [of for of in self._pool if of.picture not in gone]
        pool, layer = kept + added, self._layer
        complete = {of.picture for of in kept} >= {picture for picture, _ in left}
        if complete and own.update_epochs:
            layer = yield from self._trained(layer, pool, epochs=own.update_epochs, seed=len(pool))
        covering, _ = yield from changed(
            CoveringRows(layer(self._rows), self.provenance, self.radius),
            (yield from _mapped(kept, layer)),
            add=(yield from _mapped(added, layer)),
            remove=gone,
            cells=self._inspected,
            complete=complete,
        )
        stay = ~torch.isin(self.provenance[:, 0], torch.tensor(sorted(gone), dtype=torch.int64))
        rows = self._rows[stay.to(self._rows.device)]
        new = covering.origins[len(rows) :]
        if len(new):
            rows = torch.cat([rows, patches_at(new, pool, self._inspected)])
        self._pool, self._pictures = pool, left + [(of.picture, of.group) for of in added]
        self._take(layer, rows, covering)

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Search each collected picture's patches in the bank without its group's rows.

        Neither is the layer trained nor the bank selected anew without the group: both are
        slightly optimistic.

        Raises
        ------
        RecipeError
            The bank holds patches of one group only, so that one cannot be held out.
        """
        assert self._layer is not None and self._scores is not None
        asked = [of for number, of in enumerate(self._pool) if only is None or number in only]
        return (yield from self._scores.held_out(asked, self._layer))

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Score a batch: the map holds distances, the image score is Eq. 10 or the largest."""
        if self._layer is None or self._scores is None:
            raise ModelError("ReConPatch has no bank yet: fit it or load a release first.")
        return self._scores.of(self._layer(self._embed(levels)))

    def state(self) -> dict[str, Tensor]:
        """Give the layer, the bank's patches before it, and where each of them came from."""
        assert self._layer is not None and self._cells.shapes is not None
        return {
            "representation": self._layer.representation.cpu(),
            "projection": self._layer.projection.cpu(),
            "patches": self._rows.cpu(),
            "provenance": self.provenance,
            "radius": torch.tensor(self.radius, dtype=torch.float64),
            "pictures": torch.tensor(self._pictures),
            "shapes": torch.tensor(self._cells.shapes),
        }

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take layer and patches of a release, on the device its tensors lie on."""
        try:
            layer = ContrastiveLayer(state["representation"], state["projection"])
            rows, provenance = state["patches"], state["provenance"].cpu()
            radius, pictures = float(state["radius"]), state["pictures"].tolist()
            shapes = state["shapes"].tolist()
        except KeyError as error:
            raise ModelError(
                f"This release lacks ReConPatch's {error}. Fit it again or import it anew."
            ) from error
        fits = rows.ndim == 2 and len(rows) and provenance.shape == (len(rows), 4)
        if not fits or layer.representation.shape[1:] != rows.shape[1:]:
            raise ModelError(
                f"This release's patches of shape {tuple(rows.shape)} do not fit its layer of "
                f"shape {tuple(layer.representation.shape)} and its provenance of shape "
                f"{tuple(provenance.shape)}. Fit it again or import it anew."
            )
        self._cells.take([(c, h, w) for c, h, w in shapes])
        self._pictures = [(picture, group) for picture, group in pictures]
        self._take(layer, rows, CoveringRows(rows, provenance, radius))
        return self

    @property
    def _inspected(self) -> Tensor:
        """(n, 2) int64, row and column of the cells whose patches count."""
        return torch.from_numpy(np.stack(np.nonzero(self._cells.finest), 1))

    def _take(self, layer: ContrastiveLayer, rows: Tensor, covering: CoveringRows) -> None:
        """Score by these from now on.

        The bank is what the layer makes of all rows at once, as after loading: to the last bit.
        """
        own, groups = self._parameters, covering.origins[:, 3].to(rows.device)
        bank = Bank(layer(rows), groups, own.search)
        self._scores = BankScores(bank, self._cells, own.image_score, own.neighbours)
        self._layer, self._rows = layer, rows
        self.provenance, self.radius = covering.origins, covering.radius

    def _trained(
        self, layer: ContrastiveLayer, pool: Sequence[PicturePatches], *, epochs: int, seed: int
    ) -> Generator[FitStep, None, ContrastiveLayer]:
        training = LayerTraining(
            layer, [of.patches for of in pool], self._parameters, epochs=epochs, seed=seed
        )
        yield from training.steps("Training the layer")
        return training.layer

    def _patches(self, seen: SeenPicture) -> PicturePatches:
        patches = self._embed(seen.levels)[0]
        kept = patches[self._cells.inside(0, patches.device)]
        return PicturePatches(seen.picture, seen.group, checked_embedding(kept, seen.picture))

    def _embed(self, levels: Sequence[Tensor]) -> Tensor:
        self._cells.check(levels)
        return described(levels, self._parameters.descriptor, title=self.title)


def _mapped(
    pictures: Sequence[PicturePatches], layer: ContrastiveLayer
) -> Generator[FitStep, None, list[PicturePatches]]:
    mapped = []
    for number, of in enumerate(pictures):
        mapped.append(replace(of, patches=layer(of.patches)))
        yield FitStep("Mapping what was seen", number, len(pictures), None)
    return mapped
