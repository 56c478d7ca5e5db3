"""What every method can do. A fit collects, builds and scores what it has seen, in short steps."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self, TypeAlias, runtime_checkable

from torch import Tensor

from engine.errors import RecipeError
from engine.preprocess import Preprocessing
from engine.types import FitStep, Scores

Steps: TypeAlias = Generator[FitStep, None, None]
ScoredSteps: TypeAlias = Generator[FitStep, None, Scores]
Shape: TypeAlias = tuple[int, int, int]
"""(C, h, w) of one level."""


def shape_of(level: Tensor) -> Shape:
    """Give the shape of a level, (B, C, h, w), without its batch."""
    _, channels, height, width = level.shape
    return channels, height, width


class Method(Protocol):
    """A one-class method. Feature maps go in, raw scores come out; it knows no limits."""

    title: ClassVar[str]
    """As its paper calls it, for people."""
    strides: ClassVar[tuple[str, ...]]
    """Layers it wants of a CNN for which the recipe names none; those the CNN lacks are left
    out."""

    def __init__(self, parameters: Any, preprocessing: Preprocessing) -> None:
        """Take the record that `engine.parameters.PARAMETERS` has for this method."""
        ...

    def fit_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Estimate the most memory a fit to so many pictures takes, apart from the backbone."""
        ...

    def collect(self, levels: Sequence[Tensor], *, picture: int, group: int) -> None:
        """Take in one good picture's feature maps, (1, C_l, h_l, w_l) each; called during a fit.

        Raises
        ------
        RecipeError
            The maps hold values that are no numbers, or the inspected region is too small.
        ModelError
            They have other shapes than those of the pictures before.
        """
        ...

    def build(self, seed: int) -> Steps:
        """Make from everything collected what scoring needs.

        Raises
        ------
        RecipeError
            Fewer than two pictures were collected.
        """
        ...

    def leave_one_out(self, only: Collection[int] | None = None) -> ScoredSteps:
        """Score collected pictures as if their group had not been seen, in order.

        `only`: numbers of the pictures to score, in the order they were collected; None: all.
        """
        ...

    def score(self, levels: Sequence[Tensor]) -> Scores:
        """Score a batch of feature maps, (B, C_l, h_l, w_l) each.

        Raises
        ------
        ModelError
            Nothing was fitted or loaded, the maps have other shapes than those fitted on, or a
            score is no number.
        """
        ...

    def state(self) -> dict[str, Tensor]:
        """Give the tensors a release keeps."""
        ...

    def load_state(self, state: Mapping[str, Tensor]) -> Self:
        """Take the tensors of a release; raises ModelError where they do not belong here."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A method whose memory is rows that came from pictures."""

    @property
    def provenance(self) -> Tensor:
        """(M, 4) int64: picture, row, column and group of each bank row.

        A method that remembers several levels gives (M, 5): the level stands last.
        """
        ...


@runtime_checkable
class HoldingOut(Protocol):
    """A method whose scores of the pictures it learned from say nothing.

    Limits come from pictures that it was given but never learned from: those are what its
    `leave_one_out` scores.
    """

    def hold_out(self, pictures: Collection[int]) -> None:
        """Never learn from these pictures; called before the first is collected."""
        ...


@runtime_checkable
class Covering(Protocol):
    """A method whose memory stands for more patches than it holds."""

    @property
    def radius(self) -> float:
        """No patch of the pictures fitted on lies farther than this from a bank row.

        A patch's distance to the bank is at most this larger than to all those patches.
        """
        ...


@dataclass(frozen=True, eq=False)  # tensors have no useful equality
class SeenPicture:
    """A good picture as a method sees it."""

    levels: Sequence[Tensor]
    """(1, C_l, h_l, w_l) each."""
    picture: int
    """Its number, unique among those the method was fitted on."""
    group: int
    """Number of the part it shows."""


@runtime_checkable
class Updatable(Protocol):
    """A method that can take pictures in or forget them without starting again."""

    def update(
        self, *, add: Sequence[SeenPicture] = (), remove: Sequence[SeenPicture] = ()
    ) -> Steps:
        """Change what was fitted or loaded to what a fit with and without these would give.

        A `Covering` method gives what covers the pictures as a fit would, with its `radius`; one
        that learns goes on learning and comes near a new fit only.

        It scores as before until the last step, so a cancelled update changes nothing.

        Raises
        ------
        RecipeError
            A picture to remove was never seen, one to add was seen already, or fewer than two
            would be left.
        """
        ...


@runtime_checkable
class Fetching(Protocol):
    """A method whose memory may be larger than the computer's.

    During a fit it lies in a temporary file. The tensors of a release are given to it where they
    are, on the disk perhaps, and it fetches to the device what a picture needs.
    """

    def fit_disk_bytes(self, shapes: Sequence[Shape], pictures: int) -> int:
        """Estimate the temporary file of a fit to so many pictures; the release is as large."""
        ...


def check_change(
    title: str,
    known: Collection[int],
    *,
    add: Sequence[SeenPicture],
    remove: Sequence[SeenPicture],
) -> None:
    """See whether an update can be made; `known`: numbers of the pictures fitted on.

    Raises
    ------
    RecipeError
        As `Updatable.update` says.
    """
    gone = {seen.picture for seen in remove}
    wrong = (gone - set(known)) | (set(known) & {seen.picture for seen in add})
    if wrong:
        raise RecipeError(
            f"These pictures cannot be changed: {sorted(wrong)}. Remove only pictures that were "
            "fitted on, and add only others."
        )
    left = len(known) - len(gone) + len(add)
    if left < 2:
        raise RecipeError(
            f"{title} needs at least 2 good pictures; there would be {left}. "
            "Add pictures; 50 or more make limits that can be defended."
        )
