"""PaDiM: how far each position of a part lies from what good parts have in the same place.

Defard, Setkov, Loesch, Audigier, "PaDiM: a Patch Distribution Modeling Framework for Anomaly
Detection and Localization", ICPR Workshops 2021, arXiv 2011.08785. Distances are not squared. Parts
must lie in the picture alike: a position is compared with itself only.
"""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from typing import ClassVar, Self, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.components.collected import Collected, collected_bytes
from engine.components.inspected_cells import (
    InspectedCells,
    checked_embedding,
    checked_scores,
)
from engine.components.out_of_memory import in_pieces
from engine.components.position_gaussians import (
    PositionGaussians,
    Whitening,
    held_out_distances,
    positions_at_once,
)
from engine.errors import ModelError, RecipeError
from engine.methods.base import ScoredSteps, SeenPicture, Shape, Steps, check_change
from engine.parameters import USUAL_CHANNELS, PadimParameters
from engine.preprocess import Preprocessing
from engine.types import CompactMap, FitStep, Scores

Result = TypeVar("Result")


def drawn_channels(total: int, count: int, seed: int) -> list[int]:
    """Draw channels (§III-B) as ``random.seed(seed); random.sample(range(total), count)`` does."""
    if count >= total:
        return list(range(total))
    return random.Random(seed).sample(range(total), count)


class Padim:
    """A Gaussian over randomly chosen channels of all layers, for each position of the finest.

    A release keeps count, mean and scatter of each, from which pictures can be added or removed
    exactly; what scoring needs is made from these, also right after a fit.
    """

    title: ClassVar[str] = "PaDiM"
    strides: ClassVar[tuple[str, ...]] = ("4", "8", "16")

    def __init__(self, parameters: PadimParameters, preprocessing: Preprocessing) -> None:
        self._parameters = parameters
        self._cells = InspectedCells(preprocessing)
        self._channels: list[int] = []
        self._pool = Collected()
        """Each picture's embedding, (P, d); empty after `load_state`."""
        self._pictures: list[tuple[int, int]] = []
        self._gaussians: PositionGaussians | None = None
        self._whitening: Whitening | None = None
        self._mean = torch.empty(0)
        """(P, d) float32."""

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count the pictures' embeddings, the packed scatter and what scoring needs."""
        _, height, width = shapes[0]
        length = min(self._length, sum(shape[0] for shape in shapes))
        table = 4 * height * width * length
        return collected_bytes(table, pictures) + 2 * table * length

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Remember the chosen channels of all positions."""
        self._pool.append(checked_embedding(self._embed(levels)[0], picture))
        self._pictures.append((picture, group))

    def build(self, seed: int) -> Steps:
        """Fit a Gaussian to each position (§III-B); the recipe's seed has no say."""
        del seed
        self._require(len(self._pool))
        positions, length = self._pool.shape
        gaussians = PositionGaussians.empty(positions, length, self._pool.device)
        progress = _Progress("Fitting the Gaussians", len(self._pool), positions)
        for block in self._pool.blocks():
            tables = yield from progress.of(self._read(block), ())
            gaussians = yield from progress.of(gaussians.merged(tables), tables)
        yield from self._factored(gaussians)

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Merge pictures into each position's Gaussian, or take them out; exact."""
        assert self._gaussians is not None
        gone, known = {seen.picture for seen in remove}, {number for number, _ in self._pictures}
        check_change(self.title, known, add=add, remove=remove)
        added = [checked_embedding(self._embed(seen.levels)[0], seen.picture) for seen in add]
        removed = [self._embed(seen.levels)[0] for seen in remove]
        progress = _Progress("Fitting the Gaussians", len(add) + len(remove), len(self._mean))
        merging = self._gaussians.merged(added, removed)
        gaussians = yield from progress.of(merging, [*added, *removed])
        yield from self._factored(gaussians)
        left = [n for n, (number, _) in enumerate(self._pictures) if number in gone]
        if len(self._pool):
            self._pool.forget(left)
            for table in added:
                self._pool.append(table)
        self._pictures = [named for named in self._pictures if named[0] not in gone]
        self._pictures += [(seen.picture, seen.group) for seen in add]

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Score the pictures of the fit by the Gaussians without their group, in closed form.

        Raises
        ------
        RecipeError
            Fewer than two pictures are left without a group.
        """
        numbers = [n for n in range(len(self._pool)) if only is None or n in only]
        distances = torch.empty(len(self._pool), self._pool.shape[0])
        blocks = self._members({self._pictures[n][1] for n in numbers})
        pictures = sum(block.numel() for block in blocks)
        progress = _Progress("Scoring what was held out", pictures, len(self._mean))
        for block in blocks:
            yield from progress.of(self._held_out(block, distances), block.flatten())
        images, maps = [], []
        for done, number in enumerate(numbers, start=1):
            maps.append(self._cells.map(distances[number]))
            images.append(self._image_score(maps[-1]))
            yield FitStep("Scoring what was held out", done, len(numbers), None)
        return checked_scores(images, maps)

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Give each position's distance (Eq. 2), and the largest value of the shown map."""
        if self._whitening is None:
            raise ModelError("PaDiM has no Gaussians yet: fit it or load a release first.")
        offsets = (self._embed(levels) - self._mean).permute(1, 2, 0)
        distances = torch.linalg.vector_norm(self._whitening(offsets), dim=1).T
        maps = [self._cells.map(found) for found in distances]
        return checked_scores([self._image_score(found) for found in maps], maps)

    def state(self) -> dict[str, Tensor]:
        """Give every position's count, mean and scatter, and the channels they are of."""
        assert self._gaussians is not None and self._cells.shapes is not None
        return {
            "mean": self._gaussians.mean.cpu(),
            "scatter": self._gaussians.scatter.cpu(),
            "channels": torch.tensor(self._channels),
            "pictures": torch.tensor(self._pictures),
            "shapes": torch.tensor(self._cells.shapes),
        }

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take the Gaussians of a release, on the device they lie on, and factor them."""
        try:
            mean, scatter, pictures = state["mean"], state["scatter"], state["pictures"]
            channels, shapes = state["channels"].tolist(), state["shapes"].tolist()
        except KeyError as error:
            raise ModelError(
                f"This release lacks PaDiM's {error}. Fit it again or import it anew."
            ) from error
        self._cells.take([(c, h, w) for c, h, w in shapes])
        positions, length = int(self._cells.finest.sum()), len(channels)
        packed = length * (length + 1) // 2
        if mean.shape != (positions, length) or scatter.shape != (positions, packed):
            raise ModelError(
                f"This release's means of shape {tuple(mean.shape)} do not fit {positions} "
                f"positions of {length} channels. Fit it again or import it anew."
            )
        self._channels = channels
        self._pictures = [(picture, group) for picture, group in pictures.tolist()]
        gaussians = PositionGaussians(len(self._pictures), mean, scatter)
        steps = gaussians.whitened()
        while self._whitening is None:
            try:
                next(steps)
            except StopIteration as end:
                self._whitening = end.value
        self._gaussians, self._mean = gaussians, mean.float()
        return self

    @property
    def _length(self) -> int:
        return self._parameters.channels or USUAL_CHANNELS

    def _require(self, pictures: int) -> None:
        if pictures < 2:
            raise RecipeError(
                f"PaDiM needs at least 2 good pictures; there are {pictures}. "
                "Add pictures; 50 or more make limits that can be defended."
            )

    def _factored(self, gaussians: PositionGaussians) -> Steps:
        """Factor the Gaussians, and score by them from now on."""
        progress = _Progress("Factoring the Gaussians", 1, len(gaussians.mean))
        whitening = yield from progress.of(gaussians.whitened(), (gaussians,))
        self._gaussians, self._whitening = gaussians, whitening
        self._mean = gaussians.mean.float()

    def _read(self, numbers: Iterable[int]) -> Generator[int, None, list[Tensor]]:
        """Give pictures' embeddings, and yield 0, which takes time where they lie on disk."""
        tables = []
        for number in numbers:
            tables += self._pool.take([number])
            if self._pool.is_on_disk:
                yield 0
        return tables

    def _held_out(self, members: Tensor, distances: Tensor) -> Generator[int, None, None]:
        """Fill in the held-out distances of groups, and yield how many positions are done.

        Parameters
        ----------
        members
            (G, k) numbers of the pictures of G groups.
        distances
            (N, P) float32 on the processor.
        """
        assert self._whitening is not None
        whitening, mean = self._whitening, self._mean
        tables = yield from self._read(members.flatten().tolist())

        def hold_out(some: slice) -> int:
            offsets = torch.stack([table[some] for table in tables], 2) - mean[some, :, None]
            whitened = whitening(offsets, some)
            whitened = whitened.view(*whitened.shape[:2], *members.shape).transpose(1, 2)
            found = held_out_distances(whitened, len(self._pool))
            distances[members.flatten(), some] = found.flatten(1).T.cpu()
            return int(some.stop)

        at_once = positions_at_once(mean.shape[1], members.numel())
        yield from in_pieces(hold_out, len(mean), at_once=at_once)

    def _embed(self, levels: Sequence[Tensor]) -> Tensor:
        """Give (B, P, d): the chosen channels, coarser levels repeated onto the finest grid.

        Channels are chosen before anything is enlarged: enlarging all of them first is what makes
        other programs run out of memory.
        """
        self._cells.check(levels)
        counts = [level.shape[1] for level in levels]
        if not self._channels:
            self._channels = drawn_channels(
                sum(counts), self._length, self._parameters.channel_seed
            )
        grid, first, parts, order = levels[0].shape[-2:], 0, [], []
        for level, count in zip(levels, counts, strict=True):
            here = [n for n, c in enumerate(self._channels) if first <= c < first + count]
            picked = level[:, [self._channels[n] - first for n in here]]
            if level.shape[-2:] != grid:
                picked = functional.interpolate(picked, grid, mode="nearest")
            parts.append(picked)
            order += here
            first += count
        flat = torch.cat(parts, 1)[:, np.argsort(order).tolist()].flatten(2).transpose(1, 2)
        inside = self._cells.inside(0, flat.device)
        return (flat if inside.all() else flat[:, inside]).contiguous()

    def _image_score(self, compact: CompactMap) -> float:
        if not np.isfinite(compact[self._cells.finest]).all():
            return np.nan
        return float(np.nanmax(self._cells.shown(compact)))

    def _members(self, asked: set[int]) -> list[Tensor]:
        """Give the numbers of the pictures of groups to hold out, (G, k) of one size k each.

        What is not asked for comes along: distances must not depend on what is beside them in a
        product of matrices.
        """
        groups: dict[int, list[int]] = {}
        for number, (_, group) in enumerate(self._pictures):
            groups.setdefault(group, []).append(number)
        largest = max(len(groups[group]) for group in asked)
        if len(self._pictures) - largest < 2:
            raise RecipeError(
                f"Without the {largest} pictures of one part fewer than 2 are left, so that part "
                "cannot be held out. Add pictures of other parts."
            )
        blocks: list[Tensor] = []
        for size in sorted({len(groups[group]) for group in asked}):
            alike = torch.tensor([members for members in groups.values() if len(members) == size])
            blocks += torch.split(alike, max(1, self._pool.at_once // size))
        numbers = torch.tensor([n for n, (_, group) in enumerate(self._pictures) if group in asked])
        return [block for block in blocks if bool(torch.isin(block, numbers).any())]


class _Progress:
    """Steps of a stage that works on so many pictures' positions."""

    def __init__(self, stage: str, pictures: int, positions: int) -> None:
        self._stage, self._pictures, self._positions = stage, pictures, positions
        self._began, self._done = time.monotonic(), 0

    def of(
        self, work: Generator[int, None, Result], pictures: Collection[object]
    ) -> Generator[FitStep, None, Result]:
        """Do some work on pictures that yields how many of their positions are done."""
        while True:
            try:
                done = self._done + len(pictures) * next(work) / self._positions
            except StopIteration as end:
                self._done += len(pictures)
                result: Result = end.value
                return result
            left = None
            if done:
                left = (time.monotonic() - self._began) / done * (self._pictures - done)
            yield FitStep(self._stage, int(done), self._pictures, left)
