"""How long the greedy coreset takes, and whether it is the plain one; a row for RESULTS.md.

``python -m tests.benchmarks.coreset [--share 0.01] [--plain]``: 163 856 patches (209 pictures of
28 × 28), projected to 128 numbers. Patches of ``LOUPE_PARTS``, or of drawn rings; or ``--noise``,
patches without any structure that pruning could use.
"""

from __future__ import annotations

import argparse
import json
import time

import torch
from torch import Tensor

from engine.components.coreset import PROJECTED_DIMENSIONS, GreedyCoreset, project
from tests.benchmarks.patches import patches
from tests.benchmarks.results import append_row, provenance

HEADING = "Greedy coreset"
PICTURES = 209
CELLS = 784


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeats", type=int, default=1, help="the best counts")
    parser.add_argument("--plain", action="store_true", help="compare with the plain algorithm")
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    pool, what = noise() if chosen.noise else embedded()
    count = int(len(pool) * chosen.share)
    best, processor, selected = min(timed(pool, count) for _ in range(chosen.repeats))
    row = {
        "data": f"{len(pool)} patches of {what}",
        "chosen": f"{count} ({100 * chosen.share:.3g} %)",
        "s": f"{best:.1f}",
        "of the processor's time, s": f"{processor:.1f}",
        "plain, s": "–",
        "first other choice": "–",
        "threads": str(chosen.threads),
        **provenance(),
    }
    if chosen.plain:
        began = time.perf_counter()
        expected = plain(pool, count)
        row["plain, s"] = f"{time.perf_counter() - began:.1f}"
        other = [number for number in range(count) if expected[number] != selected[number]]
        row["first other choice"] = str(other[0] + 1) if other else "none"
    print(json.dumps(row, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)


def embedded() -> tuple[Tensor, str]:
    material = patches(PICTURES, 0)
    pool = torch.cat(material.good)
    return project(pool, 0), f"{material.what}, {pool.shape[1]}-d projected"


def noise() -> tuple[Tensor, str]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(PICTURES * CELLS, PROJECTED_DIMENSIONS, generator=generator), "noise"


def timed(pool: Tensor, count: int) -> tuple[float, float, list[int]]:
    """Give wall time, processor time and the choice."""
    greedy = GreedyCoreset(pool, count)
    began, used = time.perf_counter(), time.process_time()
    for _ in greedy.steps():
        pass
    return time.perf_counter() - began, time.process_time() - used, greedy.chosen


def plain(pool: Tensor, count: int) -> list[int]:
    """Choose as the paper writes it: all distances anew for each choice, by difference."""
    chosen = [int((pool - pool.mean(0)).square().sum(1).argmax())]
    nearest = torch.full((len(pool),), torch.inf)
    while len(chosen) < count:
        away = torch.cat([(part - pool[chosen[-1]]).square_().sum(1) for part in pool.split(8192)])
        torch.minimum(nearest, away, out=nearest)
        chosen.append(int(nearest.argmax()))
    return chosen


if __name__ == "__main__":
    main()
