"""What each search costs and finds, in PatchCore banks of several shares; rows for RESULTS.md.

``LOUPE_PARTS=<folder> python -m tests.benchmarks.neighbours [--good 100 --tested 60]``. The banks
are beginnings of one coreset, for the greedy selection of a tenth begins with that of a hundredth;
each picture is searched by all searches in turn, so that what else the machine does falls on all.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median

import numpy as np
import torch
from torch import Tensor

from engine.components.coreset import GreedyCoreset, project
from engine.components.neighbours import Bank
from engine.evaluation.metrics import image_auroc
from engine.types import SearchName
from tests.benchmarks.patches import Patches, patches
from tests.benchmarks.results import append_row, provenance

HEADING = "Searches of a memory bank"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--good", type=int, default=100, help="pictures to fit on")
    parser.add_argument("--tested", type=int, default=60, help="pictures to score")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.1, 0.25, 1])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--dry", action="store_true", help="print the rows, append nothing")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    material = patches(chosen.good, chosen.tested)
    pool = torch.cat(material.good)
    for rows in banks(pool, chosen.shares):
        for row in measured(rows, material, share=len(rows) / len(pool)):
            row = {
                "command": f"`--good {chosen.good} --tested {chosen.tested}`",
                "data": f"{material.what}, {len(pool)} patches",
                **row,
                "threads": str(chosen.threads),
                **provenance(),
            }
            print(json.dumps(row, ensure_ascii=False), flush=True)
            if not chosen.dry:
                append_row(HEADING, row)


def banks(pool: Tensor, shares: list[float]) -> list[Tensor]:
    """Give the rows of a bank for each share."""
    greedy = GreedyCoreset(project(pool, 0), max(int(len(pool) * s) for s in shares if s < 1))
    for _ in greedy.steps():
        pass
    return [pool if s == 1 else pool[greedy.chosen[: int(len(pool) * s)]] for s in shares]


def measured(rows: Tensor, material: Patches, *, share: float) -> list[dict[str, str]]:
    built, ready_s = {}, {}
    for name in SearchName:
        began = time.perf_counter()
        built[name] = Bank(rows, search=name)
        ready_s[name] = time.perf_counter() - began
    times: dict[SearchName, list[float]] = {name: [] for name in built}
    found: dict[SearchName, list[Tensor]] = {name: [] for name in built}
    for queries in material.tested:
        for name, bank in built.items():
            began = time.perf_counter()
            distances, _ = bank.nearest(queries)
            times[name].append((time.perf_counter() - began) * 1e3)
            found[name].append(distances)
    exact = torch.cat(found[SearchName.EXACT])
    report = []
    for name, bank in built.items():
        scores = [float(distances.max()) for distances in found[name]]
        auroc = image_auroc(scores, material.defective)
        all_found = torch.cat(found[name])
        agree = torch.isclose(all_found, exact, rtol=1e-4).float().mean()
        worst = np.array(scores) / [float(distances.max()) for distances in found[SearchName.EXACT]]
        report.append(
            {
                "share": f"{100 * share:.3g} %",
                "rows × length": f"{len(rows)} × {rows.shape[1]}",
                "search": name,
                "ms per picture": f"{median(times[name]):.1f}",
                "of exact": f"{ratio(times[name], times[SearchName.EXACT]):.2f}",
                "MB": f"{bank.nbytes / 1e6:.1f}",
                "s to open": f"{ready_s[name]:.2f}",
                "patches as exact": f"{100 * float(agree):.2f} %",
                "score off by most": f"{100 * (worst.max() - 1):.1f} %",
                "image AUROC": "–" if auroc is None else f"{auroc:.3f}",
            }
        )
    return report


def ratio(times: list[float], others: list[float]) -> float:
    """Give the median of the ratios of pairs taken one after the other."""
    return float(np.median(np.array(times) / np.array(others)))


if __name__ == "__main__":
    main()
