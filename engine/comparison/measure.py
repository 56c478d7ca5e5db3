"""One candidate from its pictures to its figures: fit, write, open again, inspect every test."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.numpy
import torch
from pydantic import BaseModel, ConfigDict

from engine.comparison.measured import MAPS, MEASURED, Measured, PictureScore
from engine.comparison.peak_memory import peak_memory_bytes
from engine.device import open_device
from engine.evaluation.evaluate import Inspect, evaluate
from engine.evaluation.labelled import Dataset
from engine.fitting import fit
from engine.inspector import Inspector
from engine.pictures import file_pictures
from engine.recipe import Recipe
from engine.releases.folder import write_release, write_whole
from engine.types import CompactMap, FitStep, Frame, Inspection


class Job(BaseModel):
    """All that the process of one candidate is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    recipe: Recipe
    backbone: str
    device: str
    dataset: Dataset
    folder: Path
    """An empty folder for what is measured."""


def measure(job: Job) -> Generator[FitStep, None, None]:
    """Fit and test one candidate in this process, and write `Measured` and the maps.

    The release lies in ``release`` below the job's folder; whoever gave the job may remove it.

    Raises
    ------
    EngineError
        The pictures, the memory or the weights do not allow it; see `fit` and `evaluate`.
    """
    recipe, device = job.recipe, open_device(job.device)
    start_bytes = peak_memory_bytes()
    pictures = file_pictures(job.dataset.train_good, recipe.part_pattern)
    began = time.monotonic()
    fitted = yield from fit(recipe, pictures, device=job.device)
    fit_s = time.monotonic() - began
    fit_bytes = peak_memory_bytes()
    on_gpu = device.type == "cuda"
    gpu_bytes = torch.cuda.max_memory_allocated(device) if on_gpu else None
    yield FitStep("Writing the release", 0, 1, None)
    release = write_release(fitted, job.folder / "release")
    del fitted  # its blobs would lie in memory twice
    manifest = release.manifest
    inspector = Inspector.open(release, job.device)
    kept = _Kept(partial(inspector.inspect, unfit_too=True))
    evaluation = yield from evaluate(
        kept.inspect,
        job.dataset,
        manifest.preprocessing.map_to_source,
        method=manifest.method,
        backbone=job.backbone,
        release_mb=release.size_bytes() / 1e6,
    )
    measured = Measured(
        evaluation=evaluation,
        fit_s=fit_s,
        fit_peak_mb=fit_bytes / 1e6,
        start_mb=start_bytes / 1e6,
        fit_gpu_peak_mb=None if gpu_bytes is None else gpu_bytes / 1e6,
        pixel_limit=manifest.limits.pixel,
        preprocessing=manifest.preprocessing,
        tested=tuple(kept.tested.get(number) for number in range(1, len(job.dataset.test) + 1)),
    )
    if kept.maps:
        _write_maps(kept.maps, len(job.dataset.test), job.folder / MAPS)
    write_whole(job.folder / MEASURED, measured.model_dump_json(indent=1).encode())


class _Kept:
    """Inspects, and keeps what the evaluation itself has no use for; by number, from 1."""

    def __init__(self, inspect: Inspect) -> None:
        self._inspect = inspect
        self.tested: dict[int, PictureScore] = {}
        self.maps: dict[int, CompactMap] = {}

    def inspect(self, frame: Frame) -> Inspection:
        """Inspect one test picture."""
        found = self._inspect(frame)
        number = frame.origin.number
        self.tested[number] = PictureScore(score=found.score, verdict=found.verdict)
        if found.map is not None:
            self.maps[number] = found.map
        return found


def _write_maps(maps: dict[int, CompactMap], count: int, path: Path) -> None:
    first = next(iter(maps.values()))
    every = np.full((count, *first.shape), np.nan, np.float32)
    for number, compact in maps.items():
        every[number - 1] = compact
    write_whole(path, safetensors.numpy.save({"maps": every}))
