"""Peak memory and time of a fit to many drawn pictures, in a process of its own.

    python -m tests.benchmarks.many_pictures --pictures 200 --method padim [--size 256] [--dry]

The pictures are drawn when they are read, so that they take no memory that real ones would not.
Backbones other than the built-in ones get random weights: they change neither memory nor time.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import safetensors.torch
import timm

from engine.fitting import fit
from engine.parameters import PARAMETERS
from engine.pictures import image_sha256
from engine.recipe import Recipe
from engine.types import Image, MethodName
from tests.benchmarks.results import append_row, provenance

HEADING = "Fits to many pictures"


@dataclass(frozen=True)
class Drawn:
    """Stripes with noise of their own."""

    number: int
    side: int

    @property
    def name(self) -> str:
        return f"part{self.number:05}"

    @property
    def group(self) -> str:
        return self.name

    def load(self) -> tuple[Image, str]:
        rng = np.random.default_rng(self.number)
        stripes = 118 + 30 * np.sin(np.arange(self.side) * 0.2)[None, :, None]
        noise = rng.normal(0, 6, (self.side, self.side, 3))
        image = np.clip(stripes + noise, 0, 255).astype(np.uint8)
        return image, image_sha256(image)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--method", type=MethodName, default=MethodName.PADIM)
    parser.add_argument("--backbone", default="builtin")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        recipe = Recipe(
            method=chosen.method,
            parameters=PARAMETERS[chosen.method](),
            backbone=chosen.backbone,
            weights=weights_of(chosen.backbone, Path(scratch)),
            size=chosen.size,
        )
        pictures = [Drawn(number, chosen.size) for number in range(chosen.pictures)]
        seconds, longest_ms, told = run(recipe, pictures)
    row = {
        "command": f"`python -m tests.benchmarks.many_pictures --pictures {chosen.pictures} "
        f"--method {chosen.method} --backbone {chosen.backbone} --size {chosen.size}`",
        "peak GB": f"{peak_gb():.2f}",
        "told before GB": told,
        "seconds": f"{seconds:.0f}",
        "longest step ms": f"{longest_ms:.0f}",
        **provenance(),
    }
    print("\n".join(f"{label}: {value}" for label, value in row.items()))
    if not chosen.dry:
        append_row(HEADING, row)


def run(recipe: Recipe, pictures: list[Drawn]) -> tuple[float, float, str]:
    """Fit; seconds, milliseconds of the longest step, and what the fit said of its memory."""
    steps, told = fit(recipe, pictures, device="cpu"), ""
    longest_s, began = 0.0, perf_counter()
    while True:
        step_began = perf_counter()
        try:
            stage = next(steps).stage
        except StopIteration:
            return perf_counter() - began, longest_s * 1e3, told
        longest_s = max(longest_s, perf_counter() - step_began)
        if "GB" in stage:
            told = stage.split()[-2]


def weights_of(backbone: str, scratch: Path) -> str:
    if backbone in ("builtin", "gabor", "learned"):
        return "builtin"
    file = scratch / "weights.safetensors"
    safetensors.torch.save_file(timm.create_model(backbone, pretrained=False).state_dict(), file)
    return str(file)


def peak_gb() -> float:
    """Most memory this process ever held at once, in gigabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
