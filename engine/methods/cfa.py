"""CFA: how far each patch lies from hyperspheres that good patches were drawn into.

Lee, Lee, Song, "CFA: Coupled-hypersphere-based Feature Adaptation for Target-Oriented Anomaly
Localization", IEEE Access 2022, arXiv 2206.04325. Distances are not squared.

The memory bank is the official code's, not that of the paper's Algorithm 1: the mean over the good
pictures, at every position, of what the untrained descriptor φ_0 makes of them; clustered for
γ_c > 1. It stays while φ is trained. Two things are better than there: no picture is left out of
it, and the score is that of the last step, not of the best one on the test set.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from engine.components.centres import Centres
from engine.components.descriptor_training import Learned, train
from engine.components.inspected_cells import InspectedCells, checked_embedding, checked_scores
from engine.components.k_means import k_means
from engine.components.patch_descriptor import PatchDescriptor
from engine.errors import ModelError, RecipeError
from engine.methods.base import ScoredSteps, SeenPicture, Shape, Steps, check_change
from engine.parameters import CfaParameters
from engine.preprocess import Preprocessing
from engine.types import CompactMap, FitStep, Scores

REPLAYED = 16
"""Pictures a release keeps, to learn from again when others come in."""
_STATE = ("descriptor", "initial", "radius", "mean", "bank", "history", "replay", "pictures")


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class _Fitted:
    """What scoring needs, and what an update starts from."""

    learned: Learned
    initial: Tensor
    """φ_0, of which the bank is made."""
    mean: Tensor
    """(n,) float64: mean over the pictures learned from of what is kept of each."""
    centres: Centres


class Cfa:
    """A trained descriptor of patches and the centres that they were drawn to.

    It learns from pictures and says nothing honest about those, so some are held out: of what was
    collected `leave_one_out` scores these alone. A picture is kept in half precision.
    """

    title: ClassVar[str] = "CFA"
    strides: ClassVar[tuple[str, ...]] = ("4", "8", "16")

    def __init__(self, parameters: CfaParameters, preprocessing: Preprocessing) -> None:
        self._parameters = parameters
        self._inspected = InspectedCells(preprocessing)
        self._layout: PatchDescriptor | None = None
        self._apart: frozenset[int] = frozenset()
        self._pictures: list[int] = []
        self._pool: dict[int, Tensor] = {}
        self._fitted: _Fitted | None = None

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count what is kept of the pictures, and the descriptor and one picture in training."""
        numbers = sum(channels * height * width for channels, height, width in shapes)
        channels, (_, height, width) = sum(shape[0] for shape in shapes), shapes[0]
        outputs = max(1, channels // self._parameters.gamma_d)
        training = 6 * outputs * channels + (len(shapes) + 4) * height * width * outputs
        return 2 * numbers * pictures + 12 * numbers + 4 * training

    def hold_out(self, pictures: Collection[int]) -> None:
        """Never learn from these pictures, but keep them for `leave_one_out`."""
        self._apart = frozenset(pictures)

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Keep one picture's neighbourhoods, each level on its own grid."""
        del group  # whole groups are held out
        self._pool[picture] = checked_embedding(self._cells(levels)[0], picture)
        self._pictures.append(picture)

    def build(self, seed: int) -> Steps:
        """Draw φ_0, make the bank with it, and train φ and r."""
        pool = [self._pool[picture] for picture in self._pictures if self._learns(picture)]
        self._require(len(pool))
        layout = self._described
        outputs = max(1, layout.channels // self._parameters.gamma_d)
        initial = layout.initial(outputs, seed).to(pool[0].device)
        mean = torch.zeros(layout.length, dtype=torch.float64, device=pool[0].device)
        for number, cells in enumerate(pool, start=1):
            mean += (cells.double() - mean) / number
            yield FitStep("Making the memory bank", number, len(pool), None)
        centres = yield from self._bank(initial, mean, seed)
        start = Learned(initial, self._parameters.radius, torch.empty(0, 4))
        learned = yield from train(
            layout,
            centres,
            start,
            pool,
            self._parameters,
            most_steps=self._parameters.most_steps,
            seed=seed,
        )
        self._fitted = _Fitted(learned, initial, mean, centres)

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Change the bank exactly, and train on from what was learned.

        What is scored afterwards is near what a new fit would give, not equal to it, so that limits
        must be placed anew. It learns from the pictures of the fit, after loading from the few that
        a release keeps, and from those added.
        """
        before = self._fitted
        assert before is not None
        gone, known = {seen.picture for seen in remove}, set(self._pictures)
        check_change(self.title, known, add=add, remove=remove)
        count = sum(self._learns(number) for number in known)
        kept = sum(self._learns(number) for number in known - gone)
        self._require(kept + len(add))
        mean, added = before.mean.clone(), {}
        changes = len(add) + len(remove)
        for seen in add:  # first, for the mean of no picture is none
            cells = checked_embedding(self._cells(seen.levels)[0], seen.picture)
            count, added[seen.picture] = count + 1, cells
            mean += (cells.double() - mean) / count
            yield FitStep("Changing the memory bank", len(added), changes, None)
        for done, seen in enumerate(remove, start=len(added) + 1):
            if self._learns(seen.picture):
                count -= 1
                mean -= (self._cells(seen.levels)[0].double() - mean) / count
            yield FitStep("Changing the memory bank", done, changes, None)
        pool = {number: cells for number, cells in self._pool.items() if number not in gone}
        pool |= added
        apart = self._apart - set(added)
        learned_from = [cells for number, cells in pool.items() if number not in apart]
        centres = yield from self._bank(before.initial, mean, seed=0)
        learned = yield from train(
            self._described,
            centres,
            before.learned,
            learned_from,
            self._parameters,
            most_steps=self._parameters.update_steps,
            seed=count,
        )
        self._fitted = _Fitted(learned, before.initial, mean, centres)
        self._pool, self._apart = pool, apart
        self._pictures = [number for number in self._pictures if number not in gone]
        self._pictures += added

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Score the pictures that were held out.

        Raises
        ------
        RecipeError
            None was held out, or another one is asked for.
        """
        apart = [
            number
            for number, picture in enumerate(self._pictures)
            if picture in self._pool and not self._learns(picture)
        ]
        if not apart or not set(only or ()) <= set(apart):
            raise RecipeError(
                "CFA learned from pictures that are to place its limits, and its scores of those "
                "say nothing. Hold pictures of other parts out."
            )
        numbers = [number for number in apart if only is None or number in only]
        images, maps = [], []
        began = time.monotonic()
        for done, number in enumerate(numbers):
            values = []
            for piece in self._values(self._pool[self._pictures[number]]):
                values.append(piece)
                left = (time.monotonic() - began) / (done + 1) * (len(numbers) - done)
                yield FitStep("Scoring what was held out", done, len(numbers), left)
            maps.append(self._inspected.map(torch.cat(values)))
            images.append(self._image_score(maps[-1]))
        return checked_scores(images, maps)

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Give each patch's distance, and the largest value of the shown map."""
        if self._fitted is None:
            raise ModelError("CFA has learned nothing yet: fit it or load a release first.")
        maps = [
            self._inspected.map(torch.cat(list(self._values(cells))))
            for cells in self._cells(levels)
        ]
        return checked_scores([self._image_score(found) for found in maps], maps)

    def state(self) -> dict[str, Tensor]:
        """Give descriptor, bank and what an update needs; most of it are the pictures replayed."""
        fitted = self._fitted
        assert fitted is not None and self._inspected.shapes is not None
        replayed = [picture for picture in self._pool if self._learns(picture)]
        if len(replayed) > REPLAYED:
            replayed = [replayed[n * len(replayed) // REPLAYED] for n in range(REPLAYED)]
        pictures = [(number, self._learns(number), number in replayed) for number in self._pictures]
        found = {
            "descriptor": fitted.learned.matrix,
            "initial": fitted.initial,
            "radius": torch.tensor(fitted.learned.radius, dtype=torch.float64),
            "mean": fitted.mean,
            "bank": fitted.centres.rows,
            "history": fitted.learned.history,
            "replay": torch.stack([self._pool[picture] for picture in replayed]),
            "pictures": torch.tensor(pictures, dtype=torch.int64),
            "shapes": torch.tensor(self._inspected.shapes),
        }
        return {name: tensor.contiguous().cpu() for name, tensor in found.items()}

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take descriptor and bank of a release, on the device they lie on."""
        try:
            matrix, initial, radius, mean, bank, history, replay, named = (
                state[name] for name in _STATE
            )
            shapes = state["shapes"]
        except KeyError as error:
            raise ModelError(
                f"This release lacks CFA's {error}. Fit it again or import it anew."
            ) from error
        self._inspected.take([(c, h, w) for c, h, w in shapes.tolist()])
        layout, pictures = self._described, named.tolist()
        if (
            matrix.shape != initial.shape
            or matrix.shape[1] != layout.channels + 3
            or bank.ndim != 2
            or bank.shape[1] != len(matrix)
            or mean.shape != (layout.length,)
            or replay.shape != (sum(has for _, _, has in pictures), layout.length)
        ):
            raise ModelError(
                f"This release's descriptor of shape {tuple(matrix.shape)} does not fit its bank "
                f"of shape {tuple(bank.shape)} or its layers. Fit it again or import it anew."
            )
        self._pictures = [picture for picture, _, _ in pictures]
        self._apart = frozenset(picture for picture, learns, _ in pictures if not learns)
        replayed = [picture for picture, _, has in pictures if has]
        self._pool = dict(zip(replayed, replay, strict=True))
        learned = Learned(matrix, float(radius), history.cpu())
        self._fitted = _Fitted(learned, initial, mean, Centres(bank))
        return self

    @property
    def _described(self) -> PatchDescriptor:
        if self._layout is None:
            assert self._inspected.shapes is not None
            self._layout = PatchDescriptor(
                self._inspected.shapes,
                self._inspected.finest,
                averages=self._parameters.descriptor != "plain",
            )
        return self._layout

    def _cells(self, levels: Sequence[Tensor]) -> Tensor:
        self._inspected.check(levels)
        return self._described.cells(levels)

    def _learns(self, picture: int) -> bool:
        return picture not in self._apart

    def _require(self, pictures: int) -> None:
        if pictures < 2:
            raise RecipeError(
                f"CFA needs at least 2 good pictures; there are {pictures} to learn from. "
                "Add pictures; 50 or more make limits that can be defended."
            )

    def _bank(self, initial: Tensor, mean: Tensor, seed: int) -> Generator[FitStep, None, Centres]:
        """Make the bank: φ_0 of the mean is the mean of φ_0, for φ_0 is affine; exact."""
        rows = self._described(mean, initial)
        if self._parameters.gamma_c == 1:
            return Centres(rows)
        count = max(1, len(rows) // self._parameters.gamma_c)
        return Centres((yield from k_means(rows, count, seed)))

    def _values(self, cells: Tensor) -> Iterator[Tensor]:
        """Give every inspected patch's value, in pieces: ``exp(−d_1) / Σ_k exp(−d_k) · d_1``.

        So a patch much nearer to one centre than to the others keeps its distance, and that of one
        between K of them is divided by up to K.
        """
        assert self._fitted is not None
        centres = self._fitted.centres
        patches = self._described(cells, self._fitted.learned.matrix)
        for some in torch.split(patches, centres.at_once):
            nearest = centres.nearest(some, self._parameters.attracting)
            distances = centres.squared_distances(some, nearest).sqrt()
            # The nearest again: by direct difference near ties may come out in another order.
            first = distances.amin(0)
            yield first / (first - distances).exp().sum(0)

    def _image_score(self, compact: CompactMap) -> float:
        if not np.isfinite(compact[self._inspected.finest]).all():
            return np.nan
        return float(np.nanmax(self._inspected.shown(compact)))
