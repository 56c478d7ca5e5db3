"""What every method can do. A fit collects, builds and scores what it has seen, in short steps."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from typing import Protocol, Self, TypeAlias

from torch import Tensor

from engine.preprocess import Preprocessing
from engine.recipe import PatchCoreParameters
from engine.types import FitStep, Scores

Steps: TypeAlias = Generator[FitStep, None, None]
ScoredSteps: TypeAlias = Generator[FitStep, None, Scores]


class Method(Protocol):
    """A one-class method. Feature maps go in, raw scores come out; it knows no limits."""

    def __init__(self, parameters: PatchCoreParameters, preprocessing: Preprocessing) -> None: ...

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Take in one good picture's feature maps, (1, C_l, h_l, w_l) each; called during a fit."""
        ...

    def build(self, seed: int) -> Steps:
        """Make from everything collected what scoring needs."""
        ...

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Score collected pictures as if their group had not been seen, in order.

        `only`: numbers of the pictures to score, in the order they were collected; None: all.
        """
        ...

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Score a batch of feature maps, (B, C_l, h_l, w_l) each."""
        ...

    def state(self) -> dict[str, Tensor]:
        """Give the tensors a release keeps."""
        ...

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take the tensors of a release; raises ModelError where they do not belong here."""
        ...
