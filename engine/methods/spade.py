"""SPADE: the good pictures most like a part, and what of the part is found nowhere in them.

Cohen and Hoshen, "Sub-Image Anomaly Detection with Deep Pyramid Correspondences", arXiv 2005.02357.
There is no training: the feature pyramids of all good pictures are the memory bank.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from engine.components.inspected_cells import (
    InspectedCells,
    checked_embedding,
    checked_scores,
)
from engine.components.neighbours import Bank
from engine.components.pyramid_search import Concatenated, LevelByLevel, PyramidSearch
from engine.components.spill import Spill
from engine.errors import ModelError, RecipeError
from engine.methods.base import ScoredSteps, SeenPicture, Shape, Steps, check_change
from engine.parameters import SpadeParameters
from engine.preprocess import Preprocessing
from engine.types import CompactMap, FitStep, Scores

WHOLE_STRIDE = 32
"""Levels from this stride on tell what a picture is like as a whole, not what a place is like."""

_READY_BYTES = 512 * 2**20
"""Of good pictures kept ready to be searched: of parts on a line mostly the same are nearest."""


class Spade:
    """The nearest good pictures by their mean features, and the nearest place in any of these.

    What a picture is like as a whole is the mean of its level of stride 32, which for a ResNet is
    the pooled vector of the paper (§3.1). Where there is no such level it is the means of all
    levels, finest first. The map compares the levels finer than that.

    A good picture is one row of the bank: level by level, cell by cell of what was inspected.
    During a fit the rows lie in a temporary file and afterwards in that of the release; scoring a
    picture reads those of its neighbours.
    """

    title: ClassVar[str] = "SPADE"
    strides: ClassVar[tuple[str, ...]] = ("4", "8", "16", "32")

    def __init__(self, parameters: SpadeParameters, preprocessing: Preprocessing) -> None:
        self._parameters = parameters
        self._dtype = torch.float16 if parameters.precision == "float16" else torch.float32
        self._height_px = preprocessing.shape[0]
        self._cells = InspectedCells(preprocessing)
        self._search: PyramidSearch | None = None
        self._device = torch.device("cpu")
        # Kept in memory one by one, small tensors between large ones leave holes: 1 GB of them
        # after 4 000 pictures.
        self._seen_means, self._seen_rows = Spill(), Spill()
        self._pictures: list[tuple[int, int]] = []
        self._means = torch.empty(0, 0)
        """(N, D) float32; of no picture before anything is fitted."""
        self._rows: list[Tensor] = []
        """N of (P,)."""

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count the mean features and the pictures kept ready; all else lies on the disk."""
        row, means = self._row_length(shapes), 4 * sum(shape[0] for shape in shapes)
        return pictures * 2 * means + min(pictures, self._count_ready(row) + 2) * 8 * row

    def fit_disk_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count the rows."""
        return self._dtype.itemsize * pictures * self._row_length(shapes)

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Remember a picture's mean features, and its pyramid on disk."""
        self._see(levels)
        self._seen_means.append(checked_embedding(self._mean(levels)[0], picture))
        self._seen_rows.append(checked_embedding(self._row(levels), picture))
        self._pictures.append((picture, group))

    def build(self, seed: int) -> Steps:
        """Lay out what was collected (§3.1: there is no more to fit); the seed has no say."""
        del seed
        _require(len(self._pictures))
        yield FitStep("Laying out what was seen", 0, 1, None)
        means = self._seen_means.rows().clone()
        self._take(means, list(self._seen_rows.rows()), self._pictures)

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Append rows and drop others; exact."""
        gone, known = {seen.picture for seen in remove}, {number for number, _ in self._pictures}
        check_change(self.title, known, add=add, remove=remove)
        kept = [place for place, (number, _) in enumerate(self._pictures) if number not in gone]
        means, spill = [self._means[kept]], Spill()
        for done, seen in enumerate(add):
            yield FitStep("Taking pictures in", done, len(add), None)
            self._see(seen.levels)
            mean = checked_embedding(self._mean(seen.levels), seen.picture)
            means.append(mean.to(self._means.device))
            spill.append(checked_embedding(self._row(seen.levels), seen.picture))
        yield FitStep("Taking pictures in", len(add), len(add), None)
        self._take(
            torch.cat(means),
            [self._rows[place] for place in kept] + list(spill.rows()),
            [self._pictures[place] for place in kept] + [(s.picture, s.group) for s in add],
        )

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Score each picture by all pictures but its group's; exact.

        Raises
        ------
        RecipeError
            All pictures belong to one group.
        """
        numbers = [n for n in range(len(self._pictures)) if only is None or n in only]
        images, maps = [], []
        began = time.monotonic()
        for done, number in enumerate(numbers):
            scoring = self._scored(
                self._means[number],
                self._cut(self._rows[number]),
                without_group=self._pictures[number][1],
            )
            left = (time.monotonic() - began) / done * (len(numbers) - done) if done else None
            while (scored := next(scoring)) is None:
                yield FitStep("Scoring what was held out", done, len(numbers), left)
            images.append(scored[0])
            maps.append(scored[1])
        return checked_scores(images, maps)

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Score a batch: pictures by the nearest good ones, places by the nearest in these."""
        if not self._rows:
            raise ModelError("SPADE has no bank yet: fit it or load a release first.")
        self._see(levels)
        images, maps = [], []
        for number, mean in enumerate(self._mean(levels)):
            picture = [level[number : number + 1] for level in levels]
            pyramid = self._cut(self._row(picture))
            image, compact = next(found for found in self._scored(mean, pyramid) if found)
            images.append(image)
            maps.append(compact)
        return checked_scores(images, maps)

    def state(self) -> dict[str, Tensor]:
        """Give every picture's row and mean features, and what the rows hold."""
        assert self._rows and self._cells.shapes is not None
        return {
            "means": self._means.cpu(),
            "pictures": torch.tensor(self._pictures),
            "shapes": torch.tensor(self._cells.shapes),
            **{_row_name(place): row for place, row in enumerate(self._rows)},
        }

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take the rows of a release; they are read from where they lie when they are needed."""
        try:
            means, pictures, shapes = state["means"], state["pictures"], state["shapes"]
            rows = [state[_row_name(place)] for place in range(len(pictures))]
        except KeyError as error:
            raise ModelError(
                f"This release lacks SPADE's {error}. Fit it again or import it anew."
            ) from error
        self._cells.take([(c, h, w) for c, h, w in shapes.tolist()])
        self._lay_out()
        wanted = {(sum(self._sizes),)}
        if {tuple(row.shape) for row in rows} != wanted or len(means) != len(rows):
            raise ModelError(
                f"This release's {len(rows)} rows for {len(means)} pictures do not fit its layers "
                "and inspected region. Fit it again or import it anew."
            )
        self._take(means, rows, [(picture, group) for picture, group in pictures.tolist()])
        return self

    @property
    def provenance(self) -> Tensor:
        """(M, 5) int64: picture, row, column, group and level of every remembered cell.

        In the order in which a release keeps them: picture by picture, each level by level.
        """
        assert self._search is not None
        cells = np.concatenate(
            [
                np.insert(np.argwhere(mask), (0, 2, 2), (0, 0, level), axis=1)
                for level, mask in enumerate(self._search.kept)
            ]
        )
        origins = torch.from_numpy(cells).repeat(len(self._rows), 1, 1)
        pictures = torch.tensor(self._pictures)
        origins[:, :, 0], origins[:, :, 3] = pictures[:, :1], pictures[:, 1:]
        return origins.flatten(0, 1)

    def _see(self, levels: Sequence[Tensor]) -> None:
        self._cells.check(levels)
        if self._search is None:
            self._lay_out()
        if levels[0].device != self._device:
            self._device = levels[0].device
            self._take(self._means, self._rows, self._pictures)

    def _lay_out(self) -> None:
        """Decide which cells of which levels make a row."""
        assert self._cells.shapes is not None
        self._finer = _count_finer(self._cells.shapes, self._height_px)
        search: PyramidSearch
        if self._parameters.fusion == "concat":
            search = Concatenated(self._cells.masks[: self._finer])
        else:
            search = LevelByLevel([self._cells.require(level) for level in range(self._finer)])
        self._lengths = [channels for channels, _, _ in self._cells.shapes[: self._finer]]
        self._sizes = [
            int(kept.sum()) * length
            for kept, length in zip(search.kept, self._lengths, strict=True)
        ]
        self._search = search

    def _mean(self, levels: Sequence[Tensor]) -> Tensor:
        """Give (B, D) of what the pictures are like as a whole."""
        return self._cells.pooled(levels, first=self._finer if self._finer < len(levels) else 0)

    def _row(self, levels: Sequence[Tensor]) -> Tensor:
        """Give (P,) of one picture, in the precision in which pictures are compared."""
        assert self._search is not None
        parts = []
        for level, kept in zip(levels, self._search.kept, strict=False):
            patches = level[0].flatten(1).T
            if not kept.all():
                patches = patches[torch.from_numpy(kept.ravel()).to(level.device)]
            parts.append(patches.flatten())
        return torch.cat(parts).to(self._dtype)

    def _cut(self, row: Tensor) -> list[Tensor]:
        """Give (n_l, C_l) float32 of each level on the device that computes."""
        parts = torch.split(row.to(self._device).float(), self._sizes)
        return [part.view(-1, length) for part, length in zip(parts, self._lengths, strict=True)]

    def _take(self, means: Tensor, rows: list[Tensor], pictures: list[tuple[int, int]]) -> None:
        """Score by these from now on."""
        self._means, self._rows, self._pictures = means.to(self._device), rows, pictures
        self._groups = torch.tensor([group for _, group in pictures])
        self._ready = lru_cache(maxsize=self._count_ready(sum(self._sizes)))(
            lambda place: [Bank(own) for own in self._cut(rows[place])]
        )

    def _row_length(self, shapes: Sequence[Shape]) -> int:
        """Count the numbers of a row where everything is inspected."""
        finer = shapes[: _count_finer(shapes, self._height_px)]
        return sum(channels * height * width for channels, height, width in finer)

    def _count_ready(self, row: int) -> int:
        """Count the pictures kept ready: as many as fit, and those of one search."""
        return max(self._parameters.map_neighbours, _READY_BYTES // (8 * row))

    def _scored(
        self, mean: Tensor, pyramid: list[Tensor], *, without_group: int | None = None
    ) -> Iterator[tuple[float, CompactMap] | None]:
        """Give a picture's scores, after None for each step that they took.

        The image score is ``1/K Σ ‖f − f_y‖²`` over the K nearest good pictures (§3.2), or where
        asked for the largest value of the shown map; that comes of a search in the nearest (§3.3).
        """
        assert self._search is not None
        squared = (self._means - mean).square().sum(1)
        count = len(squared)
        if without_group is not None:
            left_out = self._groups == without_group
            count -= int(left_out.sum())
            squared.masked_fill_(left_out.to(squared.device), torch.inf)
        if not count:
            raise RecipeError(
                "All pictures belong to one part, so none can be held out. "
                "Add pictures of other parts, or change the part pattern."
            )
        chosen = self._parameters
        most = max(chosen.image_neighbours, chosen.map_neighbours)
        nearest = squared.topk(min(most, count), largest=False)
        places = nearest.indices[: chosen.map_neighbours].tolist()
        compact = self._cells.map(
            (yield from self._search(pyramid, (self._ready(place) for place in places)))
        )
        is_known = bool(nearest.values.isfinite().all())
        if not is_known or not np.isfinite(compact[self._cells.finest]).all():
            yield np.nan, compact
        elif chosen.image_score == "map":
            yield float(np.nanmax(self._cells.shown(compact))), compact
        else:
            near = nearest.values[: chosen.image_neighbours]
            yield float((near if chosen.squared else near.sqrt()).mean()), compact


def _count_finer(shapes: Sequence[Shape], height_px: int) -> int:
    """Count the levels that tell what a place is like; all where none is fine enough."""
    finer = [shape for shape in shapes if round(height_px / shape[1]) < WHOLE_STRIDE]
    return len(finer) or len(shapes)


def _row_name(place: int) -> str:
    return f"picture {place}"


def _require(pictures: int) -> None:
    if pictures < 2:
        raise RecipeError(
            f"SPADE needs at least 2 good pictures; there are {pictures}. "
            "Add pictures; 50 or more make limits that can be defended."
        )
