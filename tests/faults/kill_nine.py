"""Kill the program again and again while it inspects a folder: every picture ends up once.

``python -m tests.faults.kill_nine [--parts 500 --kills 50]``; a row for RESULTS.md. Three of four
kills come at a random moment after the run has recorded a few parts, the others at a random moment
of its start. After each, what lies half-written is counted; after the last start it must be gone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from engine.synthetic.pictures import good_ring_pictures
from tests.benchmarks.folder_run import loupe, save_line, save_pictures
from tests.benchmarks.results import append_row, provenance

HEADING = "Killed at random moments"
DEADLINE_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", type=int, default=500)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        watched, release = Path(scratch) / "watched", Path(scratch) / "release"
        watched.mkdir()
        save_line(watched, chosen.parts)
        save_pictures(good_ring_pictures(30, seed=1), Path(scratch) / "good")
        loupe("fit", "--images", str(Path(scratch) / "good"), "--out", str(release))
        ordeal = Ordeal(Path(scratch) / "data", watched=watched, release=release, seed=chosen.seed)
        ordeal.run(parts=chosen.parts, kills=chosen.kills)
    row = ordeal.row(parts=chosen.parts) | provenance()
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)
    sys.exit(not ordeal.sound(parts=chosen.parts))


@dataclass
class Ordeal:
    """A station on a folder, killed and started again until all is inspected."""

    data: Path
    watched: Path
    release: Path
    seed: int = 0
    kills: int = 0
    most_orphans: int = 0
    """Half-written files found after one kill."""
    wall_s: float = 0.0
    found: dict[str, int] = field(default_factory=dict)

    def run(self, *, parts: int, kills: int) -> None:
        """Kill the program `kills` times, then let it finish, and look at what it left."""
        luck, began = random.Random(self.seed), time.monotonic()
        for turn in range(kills):
            at_start = turn % 4 == 3
            # What is left is spread over the kills to come, so that each finds a running line.
            share = max(1, (parts - self.recorded()) // (kills - turn + 1))
            self._start_and_kill(
                after_parts=0 if at_start else luck.randint(1, 2 * share - 1),
                after_s=luck.uniform(0, 5) if at_start else luck.uniform(0, 0.05),
                left=parts - self.recorded(),
            )
        left = parts - self.recorded()
        if left:
            loupe("--headless", "--parts", str(left), *self._arguments())
        self.wall_s = time.monotonic() - began
        self.found = self._look()

    def recorded(self) -> int:
        """Count the rows of the record."""
        return recorded(self.data)

    def sound(self, *, parts: int) -> bool:
        """Tell whether nothing is missing, doubled, half-written or broken."""
        wrong = ("missing", "twice", "pictures not whole", "orphans at the end", "chain problems")
        return (
            self.found["rows"] == parts
            and not any(self.found[name] for name in wrong)
            and self.most_orphans <= 1
        )

    def row(self, *, parts: int) -> dict[str, str]:
        """Give the figures as a row of RESULTS.md."""
        return {
            "command": f"`--parts {parts} --kills {self.kills}`, seed {self.seed}",
            **{name: str(count) for name, count in self.found.items()},
            "most orphans after a kill": str(self.most_orphans),
            "wall s": f"{self.wall_s:.0f}",
        }

    def _arguments(self) -> tuple[str, ...]:
        watched, release = str(self.watched), str(self.release)
        return ("--watch", watched, "--release", release, "--data-dir", str(self.data))

    def _start_and_kill(self, *, after_parts: int, after_s: float, left: int) -> None:
        if not left:
            return
        before = self.recorded()
        command = (sys.executable, "-m", "workstation", "--headless", "--parts", str(left))
        with subprocess.Popen(
            [*command, *self._arguments()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as program:
            deadline = time.monotonic() + DEADLINE_S
            while program.poll() is None and self.recorded() < before + after_parts:
                if time.monotonic() > deadline:
                    program.kill()
                    sys.exit(f"No part was recorded for {DEADLINE_S:.0f} s.")
                time.sleep(0.002)
            try:
                program.wait(after_s)
            except subprocess.TimeoutExpired:
                program.kill()
                self.kills += 1
        self.most_orphans = max(self.most_orphans, len(self._half_written()))

    def _half_written(self) -> list[Path]:
        return [*self.data.rglob("*.part"), *self.data.rglob("*.tmp")]

    def _look(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.data / "loupe.db")) as connection:
            parts = [row[0] for row in connection.execute("SELECT part_id FROM inspection")]
            cited = connection.execute(
                "SELECT path, sha256 FROM picture WHERE state = 'safe'"
            ).fetchall()
        files = {path.name for path in self.watched.iterdir()}
        verify = ("records", "verify", "--json", "--data-dir", str(self.data))
        report = json.loads(loupe(*verify))
        return {
            "kills": self.kills,
            "rows": len(parts),
            "twice": len(parts) - len(set(parts)),
            "missing": len(files - set(parts)),
            "pictures cited": len(cited),
            "pictures not whole": sum(not self._whole(path, sha256) for path, sha256 in cited),
            "orphans at the end": len(self._half_written()),
            "chain problems": int(not report["sound"]),
        }

    def _whole(self, path: str, sha256: str) -> bool:
        file = self.data / "pictures" / path
        return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def recorded(data: Path) -> int:
    """Count the parts in the record of a station that runs; none while it is just being made."""
    database = data / "loupe.db"
    if not database.exists():
        return 0
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM inspection").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


if __name__ == "__main__":
    main()
