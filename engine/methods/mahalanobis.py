"""Mahalanobis AD: how far a picture's mean features lie from those of good pictures.

Rippel, Mertens, Merhof, "Modeling the Distribution of Normal Data in Pre-Trained Deep Features for
Anomaly Detection", ICPR 2020, arXiv 2005.14140. Distances are not squared. As published it has no
map; one that only indicates where can be asked for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Generator, Mapping, Sequence
from functools import partial
from typing import ClassVar, Self, TypeAlias

import torch
from torch import Tensor

from engine.components.aside import aside
from engine.components.chain import ALL
from engine.components.collected import Collected, collected_bytes
from engine.components.inspected_cells import (
    InspectedCells,
    checked_embedding,
    checked_scores,
)
from engine.components.ledoit_wolf import HeldOutGaussian, ShrunkGaussian
from engine.components.level_maps import mean_map
from engine.errors import ModelError, RecipeError
from engine.methods.base import ScoredSteps, SeenPicture, Shape, Steps, check_change
from engine.parameters import MahalanobisParameters
from engine.preprocess import Preprocessing
from engine.types import CompactMap, FitStep, Scores

Gaussian: TypeAlias = ShrunkGaussian | HeldOutGaussian

_STEP_PRODUCTS = 2 * 10**8
"""Multiplications of a Gaussian's fit from which it is made beside the steps: about 30 ms."""

_FEWEST_OTHERS = 3
"""Of two pictures the shrinkage is 0, and any third lies a million deviations off their line: held
out by two, good pictures would set limits that nothing exceeds."""


class MahalanobisAD:
    """One Gaussian for each level's spatial mean; a picture's score is the sum of its distances.

    The means of all good pictures are kept, 4 bytes a number: from them any change of the pictures
    is exact, and so is scoring one without its group.
    """

    title: ClassVar[str] = "Mahalanobis AD"
    strides: ClassVar[tuple[str, ...]] = (ALL,)
    """As in the paper (§III-B)."""

    def __init__(self, parameters: MahalanobisParameters, preprocessing: Preprocessing) -> None:
        self._has_map = parameters.has_map
        self._cells = InspectedCells(preprocessing)
        self._means: list[Tensor] = []
        self._pool = Collected()
        """Each picture's levels in one row, from which held-out maps are made; empty where there
        is no map."""
        self._pictures: list[tuple[int, int]] = []
        self._lengths: list[int] = []
        self._gaussians: list[ShrunkGaussian] = []

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Count the means, and a few square matrices of the longest level in float64."""
        lengths = [shape[0] for shape in shapes]
        kept = 0
        if self._has_map:
            kept = collected_bytes(4 * sum(math.prod(shape) for shape in shapes), pictures)
        return (
            kept
            + 4 * pictures * sum(lengths)
            + 8 * sum(3 * min(length, pictures) * max(length, pictures) for length in lengths)
        )

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Remember the mean over the inspected cells of each level."""
        means = checked_embedding(self._pooled(levels)[0], picture)
        self._means.append(means)
        self._pictures.append((picture, group))
        if self._has_map:
            self._pool.append(_row(levels))

    def build(self, seed: int) -> Steps:
        """Fit one Gaussian to each level (§III-A); the seed has no say."""
        del seed
        self._gaussians = yield from self._fitted(self._means)

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Fit anew to the means kept, without some and with others; exact."""
        gone, known = {seen.picture for seen in remove}, {number for number, _ in self._pictures}
        check_change(self.title, known, add=add, remove=remove)
        kept = [n for n, (number, _) in enumerate(self._pictures) if number not in gone]
        added = [checked_embedding(self._pooled(seen.levels)[0], seen.picture) for seen in add]
        means = [self._means[n] for n in kept] + added
        gaussians = yield from self._fitted(means)
        if len(self._pool):
            self._pool.forget([n for n in range(len(self._pictures)) if n not in kept])
            for seen in add:
                self._pool.append(_row(seen.levels))
        self._pictures = [self._pictures[n] for n in kept]
        self._pictures += [(seen.picture, seen.group) for seen in add]
        self._means, self._gaussians = means, gaussians

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Score each picture by the Gaussians of all pictures but its group's; exact.

        Raises
        ------
        RecipeError
            Fewer than three pictures are left without a group.
        """
        groups = torch.tensor([group for _, group in self._pictures])
        numbers = [n for n in range(len(groups)) if only is None or n in only]
        by_others: dict[int, tuple[list[HeldOutGaussian], Tensor]] = {}
        images, maps = [], []
        began = time.monotonic()
        for done, number in enumerate(numbers):
            left = (time.monotonic() - began) / done * (len(numbers) - done) if done else None
            step = FitStep("Scoring what was held out", done, len(numbers), left)
            yield step
            group = int(groups[number])
            if group not in by_others:
                by_others = {group: self._without(groups == group)}
            gaussians, scores = by_others[group]
            images.append(float(scores[int((groups[:number] == group).sum())]))
            if self._has_map:
                distances = []
                for gaussian, level in zip(gaussians, self._levels(number), strict=True):
                    distances.append(_distances(gaussian, level))
                    yield step
                maps += self._maps(distances)
        return checked_scores(images, maps if self._has_map else None)

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Give ``Σ_l M_l``, the sum of the levels' distances (§III-B)."""
        if not self._gaussians:
            raise ModelError("Mahalanobis AD has no Gaussian yet: fit it or load a release first.")
        pooled = torch.split(self._pooled(levels).double(), self._lengths, dim=1)
        distances = [
            gaussian.squared_distances(mean).sqrt()
            for gaussian, mean in zip(self._gaussians, pooled, strict=True)
        ]
        maps = None
        if self._has_map:
            pairs = zip(self._gaussians, levels, strict=True)
            maps = self._maps([_distances(gaussian, level) for gaussian, level in pairs])
        return checked_scores(torch.stack(distances).sum(0).cpu().numpy(), maps)

    def state(self) -> dict[str, Tensor]:
        """Give the means of all good pictures: the Gaussians follow from them."""
        assert self._gaussians and self._cells.shapes is not None
        return {
            "means": torch.stack(self._means).cpu(),
            "pictures": torch.tensor(self._pictures),
            "shapes": torch.tensor(self._cells.shapes),
        }

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take the means of a release and fit the Gaussians again, on the device they lie on."""
        try:
            means, pictures, shapes = state["means"], state["pictures"], state["shapes"]
        except KeyError as error:
            raise ModelError(
                f"This release lacks Mahalanobis AD's {error}. Fit it again or import it anew."
            ) from error
        lengths = int(shapes[:, 0].sum()) if shapes.ndim == 2 else -1
        if means.ndim != 2 or means.shape[1] != lengths or pictures.shape != (len(means), 2):
            raise ModelError(
                f"This release's means of shape {tuple(means.shape)} do not fit its layers and "
                f"pictures of shape {tuple(pictures.shape)}. Fit it again or import it anew."
            )
        self._cells.take([(c, h, w) for c, h, w in shapes.tolist()])
        self._lengths = shapes[:, 0].tolist()
        self._means = list(means)
        self._pictures = [(picture, group) for picture, group in pictures.tolist()]
        self._gaussians = [ShrunkGaussian(vectors) for vectors in self._vectors(self._means)]
        return self

    def _pooled(self, levels: Sequence[Tensor]) -> Tensor:
        """Give (B, ΣC_l): the mean of each level over its inspected cells."""
        self._cells.check(levels)
        self._lengths = [level.shape[1] for level in levels]
        return self._cells.pooled(levels)

    def _vectors(self, means: Sequence[Tensor]) -> list[Tensor]:
        """Give the pictures' means of each level, (N, C_l) float64."""
        if len(means) < 2:
            raise RecipeError(
                f"Mahalanobis AD needs at least 2 good pictures; there are {len(means)}. "
                "Add pictures; 50 or more make limits that can be defended."
            )
        return list(torch.split(torch.stack(list(means)).double(), self._lengths, dim=1))

    def _fitted(self, means: Sequence[Tensor]) -> Generator[FitStep, None, list[ShrunkGaussian]]:
        gaussians: list[ShrunkGaussian] = []
        for vectors in self._vectors(means):
            step = FitStep("Fitting the Gaussians", len(gaussians), len(self._lengths), None)
            if vectors.numel() * min(vectors.shape) < _STEP_PRODUCTS:
                gaussians.append(ShrunkGaussian(vectors))
                yield step
            else:
                fitted = yield from aside(partial(ShrunkGaussian, vectors), step)
                gaussians.append(fitted)
        return gaussians

    def _without(self, members: Tensor) -> tuple[list[HeldOutGaussian], Tensor]:
        """Give the Gaussians of all other pictures, and by them the scores of a group, (k,)."""
        if int((~members).sum()) < _FEWEST_OTHERS:
            raise RecipeError(
                f"Without the {int(members.sum())} pictures of one part fewer than "
                f"{_FEWEST_OTHERS} are left, so "
                "that part cannot be held out. Add pictures of other parts."
            )
        gaussians = [gaussian.without(members) for gaussian in self._gaussians]
        scores = torch.stack([gaussian.of_members().sqrt() for gaussian in gaussians]).sum(0)
        return gaussians, scores

    def _levels(self, number: int) -> list[Tensor]:
        """Give the levels of a picture, (1, C_l, h_l, w_l) each."""
        assert self._cells.shapes is not None
        shapes = self._cells.shapes
        parts = torch.split(self._pool.take([number])[0], [math.prod(s) for s in shapes])
        return [part.view(1, *shape) for part, shape in zip(parts, shapes, strict=True)]

    def _maps(self, distances: Sequence[Tensor]) -> list[CompactMap]:
        """Give each picture's mean over the levels, (B, h_l, w_l) each, on the finest grid."""
        merged = mean_map(distances, self._cells.masks)
        return [self._cells.map(found[torch.from_numpy(self._cells.finest)]) for found in merged]


def _row(levels: Sequence[Tensor]) -> Tensor:
    return torch.cat([level.flatten() for level in levels])


def _distances(gaussian: Gaussian, level: Tensor) -> Tensor:
    """Give how far each position, (B, h, w) float64, lies from a Gaussian of pictures' means.

    Not in the paper: a mean over cells varies less than a cell, so these distances are large
    everywhere, and only their differences tell of a place.
    """
    batch, channels, height, width = level.shape
    vectors = level.permute(0, 2, 3, 1).reshape(-1, channels).double()
    return gaussian.squared_distances(vectors).sqrt().view(batch, height, width)
