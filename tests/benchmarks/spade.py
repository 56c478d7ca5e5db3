"""What SPADE costs over the bare backbone forward, in turn in one process; a row for RESULTS.md.

``python -m tests.benchmarks.spade [--neighbours 5]``: `builtin` at 224, fitted on 60 drawn rings.
An inspection is everything from the decoded frame to the verdict, map and regions included; the
frames are the line's own mix: now and then a part's neighbours are others than the last one's.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import cycle
from pathlib import Path

import numpy as np
import torch

from engine.components.backbone import open_backbone
from engine.fitting import fit
from engine.inspector import Inspector
from engine.parameters import SpadeParameters
from engine.recipe import Recipe
from engine.releases.folder import Release, write_release
from engine.synthetic.pictures import good_ring_pictures
from engine.types import MethodName
from tests.benchmarks.inspection import frames_of_the_line, in_turn
from tests.benchmarks.results import append_row, provenance
from tests.small_parts import finished

HEADING = "SPADE against the bare backbone forward"
PICTURES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--neighbours", type=int, default=5, help="K of the map")
    parser.add_argument("--fusion", choices=["levels", "concat"], default="levels")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    parameters = SpadeParameters(map_neighbours=chosen.neighbours, fusion=chosen.fusion)
    backbone = open_backbone("builtin", weights="builtin", layers=(), device=torch.device("cpu"))
    with tempfile.TemporaryDirectory() as scratch:
        release = fitted(Path(scratch), parameters)
        inspector, megabytes = Inspector.open(release, "cpu"), release.size_bytes() / 1e6
    frames = cycle(frames_of_the_line(25))
    square = release.manifest.preprocessing.square(next(frames).image)
    batch = release.manifest.preprocessing.tensor(square[None], torch.device("cpu"))

    def forward() -> None:
        with torch.inference_mode():
            backbone(batch)

    whole_ms, bare_ms = in_turn(lambda: inspector.inspect(next(frames)), forward, chosen.rounds)
    row = {
        "command": f"`python -m tests.benchmarks.spade --neighbours {chosen.neighbours} "
        f"--fusion {chosen.fusion}`",
        "data": f"{PICTURES} drawn rings, {megabytes:.0f} MB",
        "seed": "0",
        "threads": str(torch.get_num_threads()),
        "inspection p50 ms": f"{np.median(whole_ms):.1f}",
        "inspection p95 ms": f"{np.percentile(whole_ms, 95):.1f}",
        "forward p50 ms": f"{np.median(bare_ms):.1f}",
        "ratio of pairs, median": f"{np.median(whole_ms / bare_ms):.2f}",
        **provenance(),
    }
    print("\n".join(f"{label}: {value}" for label, value in row.items()))
    if not chosen.dry:
        append_row(HEADING, row)


def fitted(scratch: Path, parameters: SpadeParameters) -> Release:
    recipe = Recipe(method=MethodName.SPADE, parameters=parameters)
    return write_release(
        finished(fit(recipe, good_ring_pictures(PICTURES, seed=0), device="cpu")),
        scratch / "release",
    )


if __name__ == "__main__":
    main()
