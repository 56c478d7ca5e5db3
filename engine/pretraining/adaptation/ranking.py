"""What decides whether an adaptation is kept: parts and kinds of damage it never learned from."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.components.metric_head import MetricHead
from engine.components.neighbours import Bank
from engine.evaluation.metrics import image_auroc
from engine.pretraining.adaptation.look import Look
from engine.pretraining.adaptation.plan import HELD_OUT_KINDS
from engine.pretraining.adaptation.stage import Stage
from engine.pretraining.plan import VALIDATION_SEED
from engine.releases.manifest import AdaptationFigures
from engine.synthetic.textures.draws import Draws
from engine.types import FitStep, Image, SearchName

_PER_KIND = 60
"""Damaged pictures; where fewer good ones are held out, each is damaged several times."""
_LEAST_PIXELS = 6
"""Damage that shows in fewer pixels is not asked for."""
_ROWS = 2400
"""Rows searched: a small bank of what is learned from, the same for every head."""
_ROWS_AT_ONCE = 800
"""Through the head in one step: 30 ms on one core."""


@dataclass(frozen=True, eq=False)
class RankedScores:
    """Raw scores of what is held out: (n,) float64 of the good pictures, and by kind of damage."""

    good: NDArray[np.float64]
    damaged: Mapping[str, NDArray[np.float64]]

    def image_auroc(self) -> dict[str, float]:
        """Give it by kind, for the kinds of which any damage shows."""
        by_kind = {}
        for kind, damaged in self.damaged.items():
            is_damaged = np.arange(len(self.good) + len(damaged)) >= len(self.good)
            auroc = image_auroc(np.concatenate([self.good, damaged]), is_damaged)
            if auroc is not None:
                by_kind[kind] = auroc
        return by_kind

    def figures(self) -> AdaptationFigures:
        """Give what a manifest keeps of them."""
        by_kind = {kind: round(auroc, 4) for kind, auroc in self.image_auroc().items()}
        return AdaptationFigures(good_scores=tuple(self.good.tolist()), image_auroc=by_kind)


class Ranking:
    """Good pictures held out, and damage of held-out kinds in them.

    Use: make it, exhaust `draw`, then ask for `scores`.

    Parameters
    ----------
    squares
        (S, S, 3) uint8 each.
    """

    def __init__(self, look: Look, squares: Sequence[Image], *, seed: int) -> None:
        self._look = look
        self._squares = squares
        self._seed = seed
        self._good: list[Tensor] = []
        self.damaged: dict[str, list[Tensor]] = {kind: [] for kind in HELD_OUT_KINDS}

    def draw(self) -> Generator[FitStep, None, None]:
        """Compute the patches of all pictures, once."""
        look, squares = self._look, self._squares
        stage = Stage("Preparing what is held out", len(squares) + _PER_KIND * len(HELD_OUT_KINDS))
        done = 0
        for square in squares:
            self._good.append(look.patches(look.pictures([square]))[0])
            done += 1
            yield stage.at(done)
        apart = max(1, len(squares) // _PER_KIND)
        for number, kind in enumerate(HELD_OUT_KINDS):
            for version in range(_PER_KIND):
                draws = Draws(look.device, VALIDATION_SEED + self._seed, number, version)
                place = version * apart % len(squares)
                good, other = squares[place], squares[(place + len(squares) // 2) % len(squares)]
                picture, masks = look.damaged(
                    draws, look.pictures([good]), look.pictures([other]), kinds=[kind]
                )
                if int(masks.sum()) >= _LEAST_PIXELS:
                    self.damaged[kind].append(look.patches(picture)[0])
                done += 1
                yield stage.at(done)

    def scores(self, head: MetricHead, rows: Tensor) -> Generator[FitStep, None, RankedScores]:
        """Search everything through a head.

        Parameters
        ----------
        rows
            (M, 817) float16, good patches that are none of the pictures held out, the most telling
            first.
        """
        damaged = [patches for of_kind in self.damaged.values() for patches in of_kind]
        stage = Stage("Ranking what is held out", len(self._good) + len(damaged))
        embedded = []
        for some in torch.split(rows[:_ROWS], _ROWS_AT_ONCE):
            with torch.no_grad():
                embedded.append(head(some))
            yield stage.at(0)
        bank = Bank(torch.cat(embedded), search=SearchName.SCREENED)
        scores: list[float] = []
        for patches in (*self._good, *damaged):
            with torch.no_grad():
                scores.append(self._look.image_score(bank.nearest(head(patches))[0]))
            yield stage.at(len(scores))
        good, rest = scores[: len(self._good)], scores[len(self._good) :]
        by_kind = {}
        for kind, of_kind in self.damaged.items():
            by_kind[kind], rest = np.array(rest[: len(of_kind)]), rest[len(of_kind) :]
        return RankedScores(np.array(good), by_kind)
