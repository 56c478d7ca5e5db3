"""Fit and evaluate on the magnetic tiles with the `loupe` command itself; a row for RESULTS.md.

``LOUPE_PARTS=<folder in MVTec layout> python -m tests.benchmarks.magnetic_tile [--seed 1 …]``
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.evaluation.datasets import open_dataset
from tests.benchmarks.results import append_row, provenance

HEADING = "Magnetic tile"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="patchcore")
    parser.add_argument("--backbone", default="builtin")
    parser.add_argument("--size", default="224", help="pixels, or auto")
    parser.add_argument("--coreset", type=float, help="else 0.1 for patchcore")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--backend", default="torch")
    parser.add_argument("--adapt", type=float, help="minutes")
    parser.add_argument("--adapt-steps", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    if "LOUPE_PARTS" not in os.environ:
        sys.exit("Set LOUPE_PARTS to the folder with train/good, test/… and ground_truth/….")
    parts = Path(os.environ["LOUPE_PARTS"])
    options = [
        *("--method", chosen.method),
        *("--backbone", chosen.backbone),
        *("--size", chosen.size),
        *(f"--set={setting}" for setting in chosen.set),
        *("--seed", str(chosen.seed)),
        *("--device", chosen.device),
    ]
    coreset = 0.1 if chosen.method == "patchcore" else None
    if chosen.coreset or coreset:
        options += ["--coreset", str(chosen.coreset or coreset)]
    if chosen.backend != "torch":
        options += ["--backend", chosen.backend]
    if chosen.adapt_steps is not None:
        options += ["--adapt-steps", str(chosen.adapt_steps)]
    if chosen.adapt is not None:
        options += ["--adapt", str(chosen.adapt)]
    with tempfile.TemporaryDirectory() as scratch:
        release = Path(scratch, "release")
        started = perf_counter()
        loupe("fit", "--images", str(parts / "train" / "good"), "--out", str(release), *options)
        fit_s = perf_counter() - started
        report = json.loads(
            loupe("evaluate", "--release", str(release), "--data", str(parts), "--json")
        )
    row = {
        "command": f"`loupe fit {shlex.join(options)}`, then `loupe evaluate`",
        "data": "magnetic tile",
        "split": f"{len(open_dataset(parts).train_good)} good to fit; test {report['n_good']} "
        f"good, {report['n_defective']} defective",
        "seed": str(chosen.seed),
        **figures(report),
        "fit s": f"{fit_s:.0f}",
        **provenance(),
    }
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)


def loupe(*arguments: str) -> str:
    """Run the program as people do; what it says on the way goes to the screen."""
    done = subprocess.run(
        [sys.executable, "-m", "workstation", *arguments], stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"loupe {shlex.join(arguments)} ended with code {done.returncode}.")
    return done.stdout


def figures(report: dict[str, Any]) -> dict[str, str]:
    low, high = report["image_auroc_95"]
    return {
        "backbone": report["backbone"],
        "image AUROC (95 %)": f"{report['image_auroc']:.3f} ({low:.3f}-{high:.3f})",
        "pixel AUROC": _figure(report["pixel_auroc"]),
        "AU-PRO 0.3": _figure(report["au_pro_30"]),
        "per class": ", ".join(f"{name} {it:.3f}" for name, it in report["per_class"].items()),
        "p50 / p95 ms": "{p50:.0f} / {p95:.0f}".format(**report["latency_ms"]),
        "release MB": f"{report['release_mb']:.1f}",
    }


def _figure(found: float | None) -> str:
    """Give a figure of maps; a method may give none."""
    return "–" if found is None else f"{found:.3f}"


if __name__ == "__main__":
    main()
