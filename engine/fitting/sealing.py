"""What a fit puts into a release besides its manifest: references, blobs and their hashes."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Generator, Mapping, Sequence
from importlib.metadata import version

import numpy as np
import torch
from numpy.typing import NDArray

from engine.inspector import Eye
from engine.preprocess import Preprocessing
from engine.releases.blobs import Content, content_of, pieces_of
from engine.synthetic.defects import Shape, draw_defect
from engine.types import BackendName, FitStep, Image, Scores


def reference_squares(good: Image, preprocessing: Preprocessing, seed: int) -> NDArray[np.uint8]:
    """Give (3, S, T, 3): a good picture, and the same with two different drawn defects."""
    region = preprocessing.counted(*good.shape[:2])
    drawn = [
        draw_defect(good, np.random.default_rng(seed), shape=shape, region=region)[0]
        for shape in (Shape.SCRATCH, Shape.SPOT)
    ]
    return np.stack([good, *drawn])


def blob_contents(
    eye: Eye, squares: NDArray[np.uint8], references: Sequence[Scores]
) -> dict[str, Content]:
    """Give the safetensors files of a release by name; empty ones are left out."""
    kept = {"squares": torch.from_numpy(squares)}
    maps = [found.map[0] for found in references if found.map is not None]
    if maps:
        kept["maps"] = torch.from_numpy(np.stack(maps))
    tensors = {"method": eye.method.state(), "weights": eye.backbone.state(), "references": kept}
    return {name: content_of(state) for name, state in tensors.items() if state}


def sealed(contents: Mapping[str, Content]) -> Generator[FitStep, None, dict[str, str]]:
    """Give the SHA-256 of each blob."""
    found: dict[str, str] = {}
    for name, content in contents.items():
        sha256 = hashlib.sha256()
        for piece in pieces_of(content):
            sha256.update(piece)
            yield FitStep("Sealing the release", len(found), len(contents), None)
        found[name] = sha256.hexdigest()
    return found


def versions(backend: BackendName) -> dict[str, str]:
    """Give the versions of what decides a fit's numbers."""
    packages = {"loupe", "torch", "timm", "numpy", "opencv-python-headless", backend.value}
    found = {name: version(name) for name in sorted(packages)}
    return {"python": platform.python_version(), **found}
