"""What AU-PRO and the figures beside it take on 500 maps of 256 × 256; a row for RESULTS.md.

``python -m tests.benchmarks.au_pro``: both limits, pixel AUROC and precision from the maps and
masks to the figures, then their bootstrapped intervals. The maps are drawn: blurred noise, half of
them with a disc that is a little brighter.
"""

from __future__ import annotations

import argparse
import json
from time import perf_counter, process_time

import cv2
import numpy as np

from engine.evaluation.bootstrap import N_RESAMPLES
from engine.evaluation.picture_pixels import FloatMap, Mask
from engine.evaluation.pixel_bootstrap import pixel_intervals
from engine.evaluation.pixel_metrics import PooledPixels
from tests.benchmarks.results import append_row, provenance

HEADING = "AU-PRO"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maps", type=int, default=500)
    parser.add_argument("--side", type=int, default=256, help="pixels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    drawn = [draw(number, chosen.side, chosen.seed) for number in range(chosen.maps)]
    began, began_working = perf_counter(), process_time()
    pixels = PooledPixels()
    for scores, mask in drawn:
        pixels.add(scores, mask)
    figures = pixels.measure()
    measured, worked = perf_counter(), process_time()
    intervals = pixel_intervals(pixels.pictures)
    bounded = perf_counter()
    row = {
        "command": "`python -m tests.benchmarks.au_pro`",
        "data": f"{chosen.maps} drawn maps of {chosen.side}², {figures.n_defects} defects",
        "seed": str(chosen.seed),
        "s, all figures": f"{measured - began:.1f}",
        "of these the processor's": f"{worked - began_working:.1f}",
        f"s, intervals of {N_RESAMPLES} draws": f"{bounded - measured:.1f}",
        **{
            f"AU-PRO {limit} (95 %)": f"{figures.au_pro[limit]:.4f} ({low:.3f}-{high:.3f})"
            for limit, (low, high) in (
                (limit, interval or (np.nan, np.nan))
                for limit, interval in intervals.au_pro.items()
            )
        },
        **provenance(),
    }
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)


def draw(number: int, side: int, seed: int) -> tuple[FloatMap, Mask]:
    """Draw a map (side, side) float32 and its mask; every second picture is good."""
    generator = np.random.default_rng([seed, number])
    marked = np.zeros((side, side), np.uint8)
    if number % 2:
        x, y = (int(it) for it in generator.integers(side // 8, side - side // 8, 2))
        cv2.circle(marked, (x, y), int(generator.integers(side // 50 + 1, side // 10)), 1, -1)
    noise = generator.normal(size=(side, side)) + 0.3 * marked
    return cv2.GaussianBlur(noise.astype(np.float32), (0, 0), 4), marked > 0


if __name__ == "__main__":
    main()
