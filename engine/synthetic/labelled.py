"""Simulated parts as a labelled data set on disk, in the layout of MVTec AD."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from engine.errors import SourceError
from engine.synthetic.parts.drawn import PartKind
from engine.synthetic.parts.parts import PARTS, Defect
from engine.synthetic.pictures import SimulatedPicture
from engine.types import FitStep

GOOD_TO_FIT, GOOD_TO_TEST, DEFECTIVE = 200, 60, 120


@dataclass(frozen=True, slots=True)
class _File:
    """One picture of the data set."""

    picture: SimulatedPicture
    path: Path
    """Relative to the data set's folder."""
    mask: Path | None = None
    """None for a good part."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many pictures were written."""

    train_good: int
    test_good: int
    defective: Mapping[str, int]
    """By kind of defect."""


def write_dataset(
    folder: Path, part: PartKind, *, strength: float, seed: int
) -> Generator[FitStep, None, Written]:
    """Draw 200 good parts to fit on, 60 good and 120 defective ones to test with; one per step.

    The kinds of defects are as equally many as they can be. The folder is written whole or not at
    all: until the end, and where it is cancelled, nothing lies at `folder`.

    Raises
    ------
    SourceError
        The folder exists and is not empty.
    OSError
        It cannot be written.
    """
    folder = folder.absolute()  # the current folder has no name of its own
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SourceError(
            f"{folder} exists already and is not an empty folder. Pictures are never mixed with "
            "others or overwritten: choose another folder."
        )
    files = list(_plan(part, strength, seed))
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    began = time.monotonic()
    try:
        for done, file in enumerate(files, start=1):
            _write(partial, file)
            left = (time.monotonic() - began) / done * (len(files) - done)
            yield FitStep("Drawing parts", done, len(files), left)
        if folder.exists():
            folder.rmdir()
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Written(GOOD_TO_FIT, GOOD_TO_TEST, _defects_per_kind(part))


def _defects_per_kind(part: PartKind) -> dict[str, int]:
    kinds = PARTS[part].kinds
    each, more = divmod(DEFECTIVE, len(kinds))
    return {kind.value: each + (number < more) for number, kind in enumerate(kinds)}


def _plan(part: PartKind, strength: float, seed: int) -> Iterator[_File]:
    number = 0
    for where, count in (("train", GOOD_TO_FIT), ("test", GOOD_TO_TEST)):
        for index in range(count):
            number += 1
            yield _File(
                SimulatedPicture(seed, number, part=part), Path(where, "good", f"{index:03}.png")
            )
    counts = _defects_per_kind(part)
    for kind in PARTS[part].kinds:
        for index in range(counts[kind]):
            number += 1
            yield _File(
                SimulatedPicture(seed, number, Defect(kind, strength), part),
                Path("test", kind, f"{index:03}.png"),
                Path("ground_truth", kind, f"{index:03}_mask.png"),
            )


def _write(folder: Path, file: _File) -> None:
    drawn = file.picture.draw()
    _write_png(folder / file.path, cv2.cvtColor(drawn.image, cv2.COLOR_RGB2BGR))
    if file.mask is not None:
        _write_png(folder / file.mask, drawn.mask.astype(np.uint8) * 255)


def _write_png(path: Path, image: cv2.typing.MatLike) -> None:
    # Encoded in memory: cv2.imwrite knows no path with letters outside the code page on Windows.
    _, data = cv2.imencode(".png", image)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
