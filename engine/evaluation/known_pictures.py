"""Pictures of known truth by a release, reduced to what decides their verdicts at any limits."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TypeAlias

import numpy as np

from engine.calibration.sample import Sample
from engine.errors import EngineError, PictureError, RecipeError
from engine.pictures import FilePicture
from engine.recipe import Roi, Rule
from engine.regions import region_level
from engine.types import FitStep, Frame, Inspection

Inspect: TypeAlias = Callable[[Frame], Inspection]


@dataclass(frozen=True)
class FittedOn:
    """What a release knows already: scores of these pictures would flatter it."""

    sha256s: frozenset[str]
    groups: frozenset[str] = frozenset()
    """Parts it has seen; empty where file names do not tell parts."""

    def knows(self, picture: FilePicture, sha256: str) -> bool:
        """Whether it saw this picture, or another one of the same part."""
        return sha256 in self.sha256s or picture.group in self.groups


@dataclass(frozen=True, eq=False)
class KnownPictures:
    """Good and NG pictures that the release was not fitted on, and what was left out."""

    good: Sample
    ng: Sample
    fitted_on: tuple[str, ...]
    """Names of good pictures that the release knows."""
    ng_in_the_bank: tuple[str, ...]
    """Names of NG pictures that it was fitted on as good ones."""
    copies: tuple[str, ...]
    """Names of pictures that came before under another name: they are no further evidence."""
    faults: tuple[str, ...]
    """Of each picture that could not be inspected, the sentence that says why."""


def look_at_known(
    inspect: Inspect,
    good: Sequence[FilePicture],
    ng: Sequence[FilePicture],
    *,
    fitted_on: FittedOn,
    rule: Rule,
    rectangle: Callable[[int, int], Roi],
) -> Generator[FitStep, None, KnownPictures]:
    """Inspect every picture that says something new, one per step.

    Parameters
    ----------
    inspect
        Judges one frame by the release. A picture that it refuses is a fault on the line, so it has
        no part in the limits.
    good, ng
        Pictures of good and of NG parts.
    rule
        The release's; regions are measured only where it knows them.
    rectangle
        Gives the inspected rectangle of a source picture of (height, width).

    Raises
    ------
    RecipeError
        The same picture is given as good and as NG, or none could be inspected.
    """
    look = _Look(inspect, fitted_on, rule, rectangle)
    pictures = [(picture, True) for picture in good] + [(picture, False) for picture in ng]
    began = perf_counter()
    for number, (picture, is_good) in enumerate(pictures, start=1):
        look.at(picture, is_good=is_good, number=number)
        left = (perf_counter() - began) / number * (len(pictures) - number)
        yield FitStep("Scoring pictures of known truth", number, len(pictures), left)
    if len(look.faults) == len(pictures) > 0:
        raise RecipeError(f"None of the pictures could be inspected. First: {look.faults[0]}")
    return KnownPictures(
        good=look.rows[True].sample(),
        ng=look.rows[False].sample(),
        fitted_on=tuple(look.fitted_on_names),
        ng_in_the_bank=tuple(look.ng_in_the_bank),
        copies=tuple(look.copies),
        faults=tuple(look.faults),
    )


@dataclass(eq=False)
class _Rows:
    """What was found on the pictures of one truth."""

    scores: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)

    def sample(self) -> Sample:
        """Give it as arrays."""
        return Sample(
            np.array(self.scores, np.float64),
            np.array(self.peaks, np.float32) if self.peaks else None,
            np.array(self.levels, np.float32) if self.levels else None,
        )


@dataclass(eq=False)
class _Look:
    """Looks at pictures and sorts what it finds."""

    inspect: Inspect
    fitted_on: FittedOn
    rule: Rule
    rectangle: Callable[[int, int], Roi]
    rows: dict[bool, _Rows] = field(default_factory=lambda: {True: _Rows(), False: _Rows()})
    fitted_on_names: list[str] = field(default_factory=list)
    ng_in_the_bank: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _seen: dict[str, tuple[FilePicture, bool]] = field(default_factory=dict)

    def at(self, picture: FilePicture, *, is_good: bool, number: int) -> None:
        """Look at one picture."""
        try:
            frame = picture.frame(number, source="calibration")
        except PictureError as error:
            self.faults.append(f"{picture.path}: {error}")
            return
        if self._says_nothing_new(picture, frame, is_good=is_good):
            return
        try:
            inspection = self.inspect(frame)
        except (EngineError, ValueError) as error:  # ValueError: the score is no number
            self.faults.append(f"{picture.path}: {error}")
            return
        found, shown = self.rows[is_good], inspection.shown_map
        found.scores.append(inspection.score)
        if shown is None:
            return
        found.peaks.append(float(np.nanmax(shown)))
        if self.rule.kind != "score":
            rectangle = self.rectangle(*frame.image.shape[:2])
            found.levels.append(region_level(shown, self.rule.min_region_px, rectangle))

    def _says_nothing_new(self, picture: FilePicture, frame: Frame, *, is_good: bool) -> bool:
        sha256 = frame.origin.sha256
        assert sha256 is not None, "a file has one"
        first, first_is_good = self._seen.setdefault(sha256, (picture, is_good))
        if first_is_good != is_good:
            raise RecipeError(
                f"{first.path} and {picture.path} are the same picture, given as good and as NG. "
                "Take out the one that is wrong."
            )
        if first is not picture:
            self.copies.append(picture.name)
        elif is_good and self.fitted_on.knows(picture, sha256):
            self.fitted_on_names.append(picture.name)
        elif sha256 in self.fitted_on.sha256s:
            self.ng_in_the_bank.append(picture.name)
        else:
            return False
        return True
