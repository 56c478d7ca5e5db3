"""What is known of a candidate once it was fitted and tested, and how it is kept on disk."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from engine.evaluation.report import Evaluation
from engine.preprocess import Preprocessing
from engine.types import Verdict

MEASURED = "measured.json"
MAPS = "maps.safetensors"
_WORKING = ".working"


class PictureScore(BaseModel):
    """One test picture by one candidate."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    score: float
    verdict: Verdict
    """At the limits that the fit placed."""


class Measured(BaseModel):
    """One candidate's figures; pictures stand in the order of the split's tests."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    evaluation: Evaluation
    fit_s: float
    """Seconds from the first good picture read to the limits placed, on an idle computer."""
    fit_peak_mb: float
    """Millions of bytes: the most memory the process held until the fit was done, Python and the
    libraries included."""
    start_mb: float
    """Of them, what it held before the fit."""
    fit_gpu_peak_mb: float | None
    """Most memory taken on the GPU during the fit; None where none was used."""
    pixel_limit: float
    """Of the shown map; 0 where the method has none."""
    preprocessing: Preprocessing
    tested: tuple[PictureScore | None, ...]
    """None for a picture that could not be inspected."""


@dataclass(frozen=True)
class KeptResults:
    """The folder ``candidates``: one folder per key, there whole or not at all."""

    folder: Path

    def find(self, key: str) -> Measured | None:
        """Give what was measured; None where nothing was, or by a version that kept other things.

        What cannot be read is measured again, not mourned: it can be made from the pictures.
        """
        try:
            return Measured.model_validate_json((self.folder / key / MEASURED).read_bytes())
        except (OSError, ValidationError):
            return None

    def working(self, key: str) -> Path:
        """Give the folder in which a candidate lies until all of it was measured."""
        return self.folder / f".{key}{_WORKING}"

    def remove_unfinished(self) -> None:
        """Remove what a run that was killed left half done; only where no other run is going on."""
        for left in self.folder.glob(f".*{_WORKING}"):
            shutil.rmtree(left, ignore_errors=True)

    def maps(self, key: str) -> NDArray[np.float32] | None:
        """Give the compact maps of all test pictures, (N, h, w) float32.

        NaN throughout where a picture could not be inspected; None for a method without maps.
        """
        try:
            maps: NDArray[np.float32] = safetensors.numpy.load_file(self.folder / key / MAPS)[
                "maps"
            ]
        except (FileNotFoundError, KeyError, safetensors.SafetensorError):
            return None
        return maps
