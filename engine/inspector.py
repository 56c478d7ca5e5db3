"""A release at work: frame in, inspection out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from engine.calibration import judge
from engine.components.anomaly_map import MapEnlarger
from engine.components.backbone import Backbone, reopen_backbone
from engine.components.backends.places import Place, places_for
from engine.components.backends.serving import served
from engine.components.out_of_memory import twice
from engine.errors import BackendError, ModelError, OutOfMemoryError
from engine.methods import METHODS
from engine.methods.base import Fetching, Method
from engine.picture_health.measure import PictureHealth, measure_health
from engine.picture_health.reading import check_health, read_health
from engine.preprocess import Mask, Preprocessing
from engine.regions import find_regions
from engine.releases.folder import Release, open_release
from engine.types import CompactMap, ComputedBy, Frame, Image, Inspection, Scores, ShownMap


@dataclass(frozen=True, eq=False)
class Eye:
    """Backbone and method as one: pictures in, raw scores and shown maps out. Knows no limits."""

    preprocessing: Preprocessing
    backbone: Backbone
    method: Method
    device: torch.device

    def levels(self, square: Image) -> list[torch.Tensor]:
        """Give the feature maps of one (h, w, 3) uint8 square, a batch of one each."""
        with torch.inference_mode():
            return self.backbone(self.preprocessing.tensor(square[None], self.device))

    def score(self, square: Image) -> Scores:
        """Score one (h, w, 3) uint8 square.

        Raises
        ------
        OutOfMemoryError
            There is too little memory for it, even with what was cached given back.
        """
        return twice(partial(self._score, square), what="inspect this picture")

    def _score(self, square: Image) -> Scores:
        levels = self.levels(square)
        with torch.inference_mode():
            return self.method.score(levels)

    def health(self, image: Image, square: Image) -> PictureHealth:
        """Measure a source picture and the square cut from it, inside the masks only."""
        rectangle = self.preprocessing.rectangle(*image.shape[:2])
        counted, inside = self._inspected
        return measure_health(image, square, rectangle, counted=counted, inside=inside)

    @cached_property
    def _inspected(self) -> tuple[Mask | None, Mask | None]:
        """What the masks leave of the square and of the rectangle; None: all of it."""
        if self.preprocessing.source_size is None:
            return None, None
        rectangle = self.preprocessing.rectangle(*self.preprocessing.source_size)
        counted = self.preprocessing.counted
        return counted(*self.preprocessing.shape), counted(rectangle.height, rectangle.width)

    def enlarger(self, grid: tuple[int, int]) -> MapEnlarger:
        """Give what makes shown maps of compact maps on this grid."""
        counted = self.preprocessing.counted
        return MapEnlarger(counted(*grid), counted(*self.preprocessing.shape))


class Inspector:
    """Judges frames by one release. Refuses to exist where the release does not reproduce.

    Parameters
    ----------
    note
        Why it is not computed as it was fitted, for people; empty where it is.
    """

    def __init__(self, release: Release, eye: Eye, *, note: str = "") -> None:
        self.release = release
        self._note = note
        self._eye = eye
        self._enlarger: MapEnlarger | None = None

    @classmethod
    def open(cls, release: Release | Path, device: str = "auto") -> Self:
        """Load a release where it reproduces its reference scores.

        Its own back end is tried first, then the others, last torch in float32 on the processor.

        Raises
        ------
        ModelError
            The release is damaged, or its scores differ on this PC whatever computes them.
        RecipeError
            The device is not there.
        WeightsError
            The weights belong to another version of Loupe.
        """
        if isinstance(release, Path):
            release = open_release(release)
        manifest = release.manifest
        refused: list[str] = []
        cause: Exception | None = None
        for place in places_for(manifest.backend.name, manifest.precision, device=device):
            note = _note(release, refused, place)
            try:
                inspector = cls(release, _eye_at(place, release), note=note)
                differs = inspector.difference()
            except (BackendError, OutOfMemoryError) as error:
                differs, cause = str(error), error
            except (LookupError, RuntimeError, ValueError) as error:
                # All hashes agree, so this is no accident of the disk: a back end fails, or the
                # parts of the release are not of one fit.
                differs, cause = f"the reference pictures cannot be scored ({error})", error
            if not differs:
                return inspector
            refused.append(f"{place}: {differs}")
        raise ModelError(
            f"Release {manifest.id} does not reproduce on this PC ({'; '.join(refused)}). It will "
            f"not judge. {_refit(release)}"
        ) from cause

    @property
    def place(self) -> Place:
        """Where the release is computed."""
        return Place(self._eye.backbone.backend, self._eye.backbone.precision, self._eye.device)

    @property
    def computed_by(self) -> ComputedBy:
        """The same for people."""
        return ComputedBy(str(self.place), _fitted_with(self.release), self._note)

    @property
    def is_on_gpu(self) -> bool:
        """Whether a GPU computes, whose memory is another than the processor's."""
        return self._eye.device.type != "cpu"

    def inspect(self, frame: Frame, *, unfit_too: bool = False) -> Inspection:
        """Inspect and judge one frame.

        Parameters
        ----------
        frame
            The picture.
        unfit_too
            Judge even where the picture's health is a fault: for evaluation, where every labelled
            picture counts. Never on a line.

        Raises
        ------
        UnfitPictureError
            The picture can tell nothing of the part: too dark, out of focus, torn. It is raised
            before the backbone runs.
        RecipeError
            The frame does not fit the ROI or masks.
        ValueError
            The score is not finite; there is no verdict.
        """
        manifest = self.release.manifest
        began = time.perf_counter()
        square = manifest.preprocessing.square(frame.image)
        compare = read_health if unfit_too else check_health
        health = compare(self._eye.health(frame.image, square), manifest.picture_health)
        preprocessed = time.perf_counter()
        scores = self._eye.score(square)
        scored = time.perf_counter()
        compact = None if scores.map is None else scores.map[0]
        shown = None if compact is None else self._shown(compact)
        mapped = time.perf_counter()
        rectangle = manifest.preprocessing.rectangle(*frame.image.shape[:2])
        regions = () if shown is None else find_regions(shown, manifest.limits.pixel, rectangle)
        score = float(scores.image[0])
        verdict = judge(score, regions, limits=manifest.limits, rule=manifest.rule)
        judged = time.perf_counter()
        marks = (began, preprocessed, scored, mapped, judged)
        stages = ("preprocess", "method", "map", "judge")
        return Inspection(
            frame=frame,
            score=score,
            map=compact,
            shown_map=shown,
            regions=regions,
            limits=manifest.limits,
            verdict=verdict,
            release_id=self.release.id,
            stage_ms={
                stage: (end - start) * 1e3
                for stage, start, end in zip(stages, marks, marks[1:], strict=False)
            },
            health=health,
        )

    def judging_by(self, release: Release) -> Inspector:
        """Give an inspector for a release that differs in its limits only; the bank is shared.

        Raises
        ------
        ModelError
            More than the limits differ.
        """
        mine, other = self.release.manifest, release.manifest
        moved = {"id", "created_at", "parent", "limits", "reason", "person"}
        if mine.model_dump(exclude=moved) != other.model_dump(exclude=moved):
            raise ModelError(f"Release {other.id} differs from {mine.id} in more than its limits.")
        return Inspector(release, self._eye, note=self._note)

    def difference(self) -> str:
        """Score the reference pictures again, and say in a clause what differs; empty: nothing.

        A score or a map differs when it is off by more than the release's tolerance.
        """
        manifest, kept = self.release.manifest, self.release.tensors("references")
        squares: NDArray[np.uint8] = kept["squares"].numpy()
        for number, (square, expected) in enumerate(
            zip(squares, manifest.reference.scores, strict=True)
        ):
            try:
                scores = self._eye.score(square)
            except ModelError as error:
                return f"reference picture {number + 1} has no score ({error})"
            allowed = manifest.reference.tolerance * max(expected, manifest.fitted_limits.t2)
            found = float(scores.image[0])
            off = abs(found - expected)
            if scores.map is not None:
                off = max(off, _largest_difference(scores.map[0], kept["maps"][number].numpy()))
            if not off <= allowed:  # also where it is NaN
                return (
                    f"reference picture {number + 1} scores {found:.4f} instead of {expected:.4f} "
                    f"(largest difference {off:.4f}, allowed {allowed:.4f})"
                )
        return ""

    def _shown(self, compact: NDArray[np.float32]) -> ShownMap:
        if self._enlarger is None:
            self._enlarger = self._eye.enlarger(compact.shape)
        return self._enlarger(compact)


def _eye_at(place: Place, release: Release) -> Eye:
    """Open backbone and method of a release at a place.

    Raises
    ------
    BackendError
        The place is not there, or cannot compute the backbone.
    ModelError, WeightsError
        The release is damaged, or the weights belong to another version of Loupe.
    """
    if place.missing:
        raise BackendError(place.missing)
    manifest, record = release.manifest, release.manifest.backbone
    backbone = reopen_backbone(
        record.name,
        layers=record.layers,
        origin=record.weights_origin,
        sha256=record.weights_sha256,
        state=release.tensors("weights"),
        device=place.device,
    )
    method = METHODS[manifest.method](manifest.parameters, manifest.preprocessing)
    state = release.tensors("method")
    if not isinstance(method, Fetching):
        state = {name: tensor.to(place.device) for name, tensor in state.items()}
    method.load_state(state)  # what is damaged is said before anything is translated
    return Eye(manifest.preprocessing, served(backbone, place), method, place.device)


def _note(release: Release, refused: Sequence[str], place: Place) -> str:
    """Say why a release is not computed as it was fitted."""
    if not refused:
        return ""
    return (
        f"Release {release.id} was fitted with {_fitted_with(release)}, which does not do here "
        f"({'; '.join(refused)}). It is computed by {place}, which gives its reference scores; "
        "fit it again here to use what this PC has."
    )


def _fitted_with(release: Release) -> str:
    return f"{release.manifest.backend.name} in {release.manifest.precision}"


def _refit(release: Release) -> str:
    """Say what can be done with a release that reproduces nowhere."""
    pictures = release.manifest.pictures
    return (
        f"It was fitted on {len(pictures)} good pictures ({pictures[0].name} and others): where "
        "they are kept, fit it again here."
    )


def _largest_difference(found: CompactMap, expected: CompactMap) -> float:
    """Give the largest |Δ| of two maps; infinite where not the same cells were inspected."""
    if not np.array_equal(np.isnan(found), np.isnan(expected)):
        return np.inf
    return float(np.nanmax(np.abs(found - expected)))
