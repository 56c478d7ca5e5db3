"""What `loupe calibrate` rests on: pictures of known truth, scored by the release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from engine.calibration.candidates import Aim, Outcome, Wishes, candidates, outcome
from engine.calibration.sample import Sample
from engine.errors import RecipeError
from engine.evaluation.datasets import open_dataset
from engine.evaluation.known_pictures import FittedOn, KnownPictures, look_at_known
from engine.pictures import FilePicture, file_pictures, pictures_lying_in
from engine.releases.folder import Release
from workstation.cli.options import run_showing_progress
from workstation.cli.releases import open_inspector

Given: TypeAlias = tuple[Sequence[FilePicture] | None, Sequence[FilePicture]]
"""Good pictures, None where none are given, and NG pictures."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was found, for the screen and the JSON report."""

    release: Release
    known: KnownPictures | None
    """None where no picture was given."""
    own_scores: bool
    """The good pictures are the release's own, held out by its fit."""
    wishes: Wishes
    as_it_is: Outcome
    found: dict[Aim, Outcome]


def pictures_given(
    good: Path | None, ng: Path | None, data: Path | None, pattern: str | None
) -> Given:
    """Find the good pictures, None where none are given, and the NG pictures.

    Raises
    ------
    RecipeError
        `data` has no layout that is known.
    SourceError
        A folder is missing or holds no picture.
    """
    if data is not None:
        test = open_dataset(data).test
        return (
            file_pictures([it.path for it in test if it.defect_class is None], pattern),
            file_pictures([it.path for it in test if it.defect_class is not None], pattern),
        )
    return (
        None if good is None else file_pictures(pictures_lying_in(good), pattern),
        () if ng is None else file_pictures(pictures_lying_in(ng), pattern),
    )


def calibrated(release: Release, given: Given, wishes: Wishes, device: str) -> Calibration:
    """Score what was given, showing progress, and place limits on it.

    Raises
    ------
    RecipeError
        The pictures cannot give limits.
    ModelError
        The release is damaged, or does not reproduce here.
    """
    good_pictures, ng_pictures = given
    known = None
    if good_pictures or ng_pictures:
        known = _looked_at(release, good_pictures or (), ng_pictures, device)
    if known is None or good_pictures is None:
        good = _own(release)
    else:
        good = known.good
        if len(good) < 2:
            raise RecipeError(
                f"{len(good)} of the {len(good_pictures)} good pictures can be used "
                f"({len(known.fitted_on)} the release was fitted on, {len(known.copies)} copies, "
                f"{len(known.faults)} faults): limits need at least 2. Give others, or leave out "
                "--good to use the release's own held-out scores."
            )
    ng = known.ng if known is not None and len(known.ng) else None
    if ng_pictures and ng is None:
        raise RecipeError(
            f"None of the {len(ng_pictures)} NG pictures can be used: the release was fitted on "
            "them as good ones, or they could not be inspected. Give others."
        )
    manifest = release.manifest
    base, rule = manifest.limits, manifest.rule
    return Calibration(
        release=release,
        known=known,
        own_scores=good_pictures is None,
        wishes=wishes,
        found=candidates(good, ng, base=base, rule=rule, wishes=wishes),
        as_it_is=outcome(base, good, ng, rule),
    )


def _looked_at(
    release: Release, good: Sequence[FilePicture], ng: Sequence[FilePicture], device: str
) -> KnownPictures:
    manifest = release.manifest
    by_name = manifest.part_pattern is not None
    return run_showing_progress(
        look_at_known(
            open_inspector(release, device).inspect,
            good,
            ng,
            fitted_on=FittedOn(
                frozenset(picture.sha256 for picture in manifest.fitted_on),
                frozenset(picture.group for picture in manifest.fitted_on if by_name),
            ),
            rule=manifest.rule,
            rectangle=manifest.preprocessing.rectangle,
        )
    )


def _own(release: Release) -> Sample:
    """Take the good pictures that the fit held out; their maps are not kept, only the peaks."""
    calibration, rule = release.manifest.calibration, release.manifest.rule
    if rule.kind != "score" and rule.min_region_px > 0:
        raise RecipeError(
            f"The release's rule counts regions of at least {rule.min_region_px:g} px², and their "
            "areas on its own held-out pictures are not kept. Give good pictures with --good."
        )
    peaks = np.array(calibration.map_peaks, np.float32) if release.manifest.has_map else None
    return Sample(np.array(calibration.scores, np.float64), peaks, peaks)
