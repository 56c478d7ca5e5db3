"""Every method on one adapted backbone, on the magnetic tiles; rows for RESULTS.md.

``LOUPE_PARTS=<folder in MVTec layout> python -m tests.benchmarks.adapted_methods [--steps 600]``.
What an adaptation learns depends on pictures, steps and seed alone, not on the method that is
fitted afterwards, so the first fit's is used again for all others: each release is, to the bit,
what ``loupe fit --method … --adapt-steps …`` gives.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from time import perf_counter
from typing import Any

from engine.evaluation.datasets import open_dataset
from engine.fitting import fit, release
from engine.pictures import file_pictures
from engine.pretraining.adaptation.adapt import Adaptation, adapt
from engine.recipe import Recipe
from engine.releases.folder import write_release
from engine.types import FitStep, MethodName
from tests.benchmarks.magnetic_tile import HEADING, figures, loupe
from tests.benchmarks.results import append_row, provenance
from tests.small_parts import finished
from workstation.cli.method_settings import method_settings


class Once:
    """Stands for `adapt`: adapts at the first call and gives the same again at the others."""

    def __init__(self) -> None:
        self.found: Adaptation | None = None

    def __call__(self, *known: Any, **options: Any) -> Generator[FitStep, None, Adaptation]:
        if self.found is None:
            self.found = yield from adapt(*known, **options)
        return self.found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", type=MethodName, nargs="+", default=list(MethodName))
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    if "LOUPE_PARTS" not in os.environ:
        sys.exit("Set LOUPE_PARTS to the folder with train/good, test/… and ground_truth/….")
    parts = Path(os.environ["LOUPE_PARTS"])
    dataset = open_dataset(parts)
    once = Once()
    release.adapt = once  # type: ignore[assignment]
    for method in chosen.methods:
        coreset = 0.1 if method is MethodName.PATCHCORE else None  # as the table as shipped has it
        recipe = Recipe(
            method=method,
            size=224,
            adapt_steps=chosen.steps,
            seed=chosen.seed,
            parameters=method_settings(method, [], coreset=coreset),
        )
        began = perf_counter()
        fitted = finished(fit(recipe, file_pictures(dataset.train_good), device="cpu"))
        fit_s = perf_counter() - began
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch, "release")
            write_release(fitted, folder)
            report = json.loads(
                loupe("evaluate", "--release", str(folder), "--data", str(parts), "--json")
            )
        assert once.found is not None
        record = once.found.record
        adapted = "" if method == chosen.methods[0] else " beyond the adaptation"
        row = {
            "command": f"`loupe fit --method {method} --size 224 --seed {chosen.seed} --device cpu "
            f"{'' if coreset is None else f'--coreset {coreset} '}"
            f"--adapt-steps {chosen.steps}`, then `loupe evaluate`",
            "data": "magnetic tile",
            "split": f"{len(dataset.train_good)} good to fit; test {report['n_good']} good, "
            f"{report['n_defective']} defective",
            "seed": str(chosen.seed),
            **figures(report),
            "backbone": f"{report['backbone']}, {record.share:.0%} of step {record.best_step}",
            "fit s": f"{fit_s:.0f}{adapted}",
            **provenance(),
        }
        print(json.dumps(row, indent=2, ensure_ascii=False), flush=True)
        if not chosen.dry:
            append_row(HEADING, row)


if __name__ == "__main__":
    main()
