"""Draw the simulator's parts, fit and evaluate on them with `loupe` itself; rows for RESULTS.md.

``python -m tests.benchmarks.simulator_parts [--backbone gabor …]``

At strength 0.5, PatchCore 10 % on `gabor` must score between 0.70 and 0.90 on every part: what is
easier teaches nothing, what is harder cannot be told from luck.
"""

from __future__ import annotations

import argparse
import json
import shlex
import tempfile
from pathlib import Path
from time import perf_counter

from engine.synthetic.parts.parts import PARTS
from tests.benchmarks.magnetic_tile import figures, loupe
from tests.benchmarks.results import append_row, provenance

HEADING = "Simulated parts"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=list(PARTS), action="append", help="default: all")
    parser.add_argument("--strength", type=float, action="append", help="default: 0.5 and 1")
    parser.add_argument("--method", default="patchcore")
    parser.add_argument("--backbone", default="builtin")
    parser.add_argument("--size", default="224", help="pixels, or auto")
    parser.add_argument("--coreset", type=float, default=0.1)
    parser.add_argument("--adapt-steps", type=int)
    parser.add_argument("--seed", type=int, default=0, help="of the drawn parts")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    options = [
        *("--method", chosen.method),
        *("--backbone", chosen.backbone),
        *("--size", chosen.size),
        *("--coreset", str(chosen.coreset)),
        *("--device", chosen.device),
    ]
    if chosen.adapt_steps is not None:
        options += ["--adapt-steps", str(chosen.adapt_steps)]
    for part in chosen.part or PARTS:
        for row in measured(part, chosen.strength or [0.5, 1.0], chosen.seed, options):
            print(json.dumps(row, indent=2, ensure_ascii=False), flush=True)
            if not chosen.dry:
                append_row(HEADING, row)


def measured(
    part: str, strengths: list[float], seed: int, options: list[str]
) -> list[dict[str, str]]:
    """Fit once, since the good parts of a seed are the same at any strength."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        release, fit_s = Path(scratch, "release"), 0.0
        for strength in strengths:
            data = Path(scratch, f"{strength:g}")
            drawn = ["--part", part, "--strength", f"{strength:g}", "--seed", str(seed)]
            loupe("simulate", *drawn, "--out", str(data))
            if not release.exists():
                began = perf_counter()
                good = str(data / "train" / "good")
                loupe("fit", "--images", good, "--out", str(release), *options)
                fit_s = perf_counter() - began
            report = json.loads(
                loupe("evaluate", "--release", str(release), "--data", str(data), "--json")
            )
            rows.append(
                {
                    "part": part,
                    "strength": f"{strength:g}",
                    "command": f"`loupe simulate {shlex.join(drawn)}`, "
                    f"`loupe fit {shlex.join(options)}`, `loupe evaluate`",
                    "test": f"{report['n_good']} good, {report['n_defective']} defective",
                    **figures(report),
                    "fit s": f"{fit_s:.0f}",
                    **provenance(),
                }
            )
    return rows


if __name__ == "__main__":
    main()
