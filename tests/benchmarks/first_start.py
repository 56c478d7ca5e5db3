"""The first start on an empty data folder: the demo is fitted, then parts are inspected.

``python -m tests.benchmarks.first_start``: seconds of the whole process, start of Python and import
of torch included, once with one part and once with fifty.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from time import perf_counter

from tests.benchmarks.results import append_row, provenance

HEADING = "First start on the simulated line"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    first_s, _ = start(parts=1)
    fifty_s, summary = start(parts=50)
    row = {
        "command": "`loupe --headless --parts 1` and `--parts 50`, each in an empty data folder",
        "data": "60 drawn rings to fit; the simulated line",
        "seed": "1 to fit, 0 to inspect",
        "s to the first verdict": f"{first_s:.1f}",
        "s with 50 parts": f"{fifty_s:.1f}",
        "latency p50 / p95 ms": f"{summary['latency p50 ms']} / {summary['latency p95 ms']}",
        **provenance(),
    }
    print("\n".join(f"{label}: {value}" for label, value in row.items()))
    if not chosen.dry:
        append_row(HEADING, row)


def start(*, parts: int) -> tuple[float, dict[str, str]]:
    """Give the seconds of one run and its summary."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "workstation", "--headless", "--parts", str(parts)]
        began = perf_counter()
        done = subprocess.run(
            [*command, "--data-dir", folder], check=True, stdout=subprocess.PIPE, text=True
        )
        seconds = perf_counter() - began
    return seconds, dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())


if __name__ == "__main__":
    main()
