"""One inspection against the bare backbone forward, in turn in one process; a row for RESULTS.md.

``python -m tests.benchmarks.inspection``: PatchCore 1 %, resnet18 (random weights: speed does not
depend on them) at strides 8 + 16, 384-d, size 224, fitted on 210 drawn rings (163 856 patches).
An inspection is everything from the decoded frame to the verdict, map and regions included; the
frames are the line's own mix of good and defective parts.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np
import safetensors.torch
import timm
import torch

from engine.components.backbone import reopen_backbone
from engine.fitting import fit
from engine.inspector import Inspector
from engine.parameters import PatchCoreParameters
from engine.recipe import Recipe
from engine.releases.folder import Release, write_release
from engine.sources.base import SimulatorConfig
from engine.sources.simulator import SimulatorSource
from engine.synthetic.pictures import good_ring_pictures
from engine.types import Frame
from tests.benchmarks.results import append_row, provenance

HEADING = "One inspection against the bare backbone forward"
PICTURES = 210
WARM_UP = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        release = fitted(Path(scratch))
        inspector = Inspector.open(release, "cpu")
        record = release.manifest.backbone
        backbone = reopen_backbone(
            record.name,
            layers=record.layers,
            origin=record.weights_origin,
            sha256=record.weights_sha256,
            state=release.tensors("weights"),
            device=torch.device("cpu"),
        )
        rows = len(release.tensors("method")["bank"])
    frames = cycle(frames_of_the_line(25))
    square = release.manifest.preprocessing.square(next(frames).image)
    batch = release.manifest.preprocessing.tensor(square[None], torch.device("cpu"))

    def forward() -> None:
        with torch.inference_mode():
            backbone(batch)

    whole_ms, bare_ms = in_turn(lambda: inspector.inspect(next(frames)), forward, chosen.rounds)
    row = {
        "command": f"`python -m tests.benchmarks.inspection --rounds {chosen.rounds}`",
        "data": f"{PICTURES} drawn rings, bank {rows} rows × 384",
        "seed": "0",
        "inspection p50 ms": f"{np.median(whole_ms):.1f}",
        "inspection p95 ms": f"{np.percentile(whole_ms, 95):.1f}",
        "forward p50 ms": f"{np.median(bare_ms):.1f}",
        "ratio of pairs, median": f"{np.median(whole_ms / bare_ms):.2f}",
        **provenance(),
    }
    print("\n".join(f"{label}: {value}" for label, value in row.items()))
    if not chosen.dry:
        append_row(HEADING, row)


def fitted(scratch: Path) -> Release:
    torch.manual_seed(0)
    weights = scratch / "resnet18.safetensors"
    model = timm.create_model("resnet18", pretrained=False)
    safetensors.torch.save_file(model.state_dict(), weights)
    recipe = Recipe(
        backbone="resnet18",
        weights=str(weights),
        layers=("8", "16"),
        parameters=PatchCoreParameters(coreset=0.01),
    )
    steps = fit(recipe, good_ring_pictures(PICTURES, seed=0), device="cpu")
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return write_release(end.value, scratch / "release")


def frames_of_the_line(count: int) -> list[Frame]:
    source = SimulatorSource(SimulatorConfig(interval_s=0))
    taken = [source.grab() for _ in range(count)]
    return [frame for frame in taken if frame is not None]


def in_turn(
    first: Callable[[], object], second: Callable[[], object], rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Time two calls alternately; milliseconds of each, (rounds,) float64 twice."""
    times = np.empty((WARM_UP + rounds, 2))
    for number in range(len(times)):
        for column, call in enumerate((first, second)):
            began = perf_counter()
            call()
            times[number, column] = (perf_counter() - began) * 1e3
    return times[WARM_UP:, 0], times[WARM_UP:, 1]


if __name__ == "__main__":
    main()
