"""Inspect a watched folder with a restart in the middle: every picture once, chains whole.

``python -m tests.benchmarks.folder_run [--parts 500 --release FOLDER --images FOLDER]``; a row for
RESULTS.md. Without ``--images`` drawn rings are inspected, without ``--release`` by a release
fitted on others of them.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

import cv2

from engine.pictures import Picture, list_pictures
from engine.sources.base import SimulatorConfig
from engine.sources.simulator import simulated_part
from engine.synthetic.pictures import good_ring_pictures
from engine.types import Image
from tests.benchmarks.results import append_row, provenance

HEADING = "Folder run with a restart"
LINE = SimulatorConfig(seed=7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=500)
    parser.add_argument("--images", type=Path, help="copied from, in turns, until there are enough")
    parser.add_argument("--release", type=Path)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        row = measure(
            Path(scratch), parts=chosen.parts, images=chosen.images, release=chosen.release
        )
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)


def measure(
    scratch: Path, *, parts: int, images: Path | None, release: Path | None
) -> dict[str, str]:
    watched, data = scratch / "watched", ("--data-dir", str(scratch / "data"))
    watched.mkdir()
    if images is None:
        save_line(watched, parts)
    else:
        copy_in_turns(list_pictures(images), watched, parts)
    if release is None:
        release = scratch / "release"
        save_pictures(good_ring_pictures(30, seed=1), scratch / "good")
        loupe("fit", "--images", str(scratch / "good"), "--out", str(release))
    before = parts // 2
    started = perf_counter()
    run = ("--watch", str(watched), "--release", str(release), *data)
    figures = [
        summary(loupe("--headless", "--parts", str(count), *run))
        for count in (before, parts - before)
    ]
    wall_s = perf_counter() - started
    rows = list(csv.DictReader(io.StringIO(loupe("records", "export", *data))))
    verified = json.loads(loupe("records", "verify", "--json", *data))
    files = Counter(row["part_id"] for row in rows)
    return {
        "command": f"`--parts {parts}`, restart after {before}",
        "data": "drawn rings" if images is None else images.name,
        "pictures": str(parts),
        "rows": str(len(rows)),
        "twice": str(sum(count - 1 for count in files.values())),
        "missing": str(len({path.name for path in watched.iterdir()} - files.keys())),
        "faults": str(sum(row["outcome"] == "fault" for row in rows)),
        "chains": "sound" if verified["sound"] else "BROKEN",
        "p50 / p95 ms": f"{figures[1]['latency p50 ms']} / {figures[1]['latency p95 ms']}",
        "wall s": f"{wall_s:.0f}",
        **provenance(),
    }


def save_line(folder: Path, count: int) -> None:
    for number in range(1, count + 1):
        save(simulated_part(LINE, number).image, folder / f"part{number:06}.png")


def save_pictures(pictures: Sequence[Picture], folder: Path) -> None:
    folder.mkdir()
    for picture in pictures:
        save(picture.load()[0], folder / f"{picture.name}.png")


def save(image: Image, path: Path) -> None:
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())


def copy_in_turns(pictures: Sequence[Path], folder: Path, count: int) -> None:
    for number in range(count):
        source = pictures[number % len(pictures)]
        shutil.copyfile(source, folder / f"part{number + 1:06}{source.suffix}")


def summary(text: str) -> dict[str, str]:
    return dict(line.rsplit(" ", 1) for line in text.splitlines())


def loupe(*arguments: str) -> str:
    """Run the program as people do; what it says on the way goes to the screen."""
    done = subprocess.run(
        [sys.executable, "-m", "workstation", *arguments], stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"loupe {' '.join(arguments)} ended with code {done.returncode}.")
    return done.stdout


if __name__ == "__main__":
    main()
