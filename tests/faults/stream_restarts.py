"""Kill a network camera again and again and start it once more: the line must go on each time.

``python -m tests.faults.stream_restarts [--kills 20]``; a row for RESULTS.md. Between a kill and
the next start the camera is away for up to 8 s, so that each of the first waits is met.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime

from engine.errors import SourceError
from engine.sources import open_source
from engine.sources.base import PartName, Source, StreamConfig
from engine.sources.orders import Orders
from engine.types import Fault, Frame
from tests.benchmarks.results import append_row, provenance
from tests.mjpeg_server import MjpegServer

HEADING = "Stream killed and restarted"
LIMIT_S = 12.0
"""From the start of the server to the first new picture."""
DETECT_S = 3.0
"""From the kill to the sentence."""
AWAY_S = 8.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    ordeal = Ordeal()
    ordeal.run(kills=chosen.kills, luck=random.Random(chosen.seed))
    row = ordeal.row() | provenance()
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)
    sys.exit(not ordeal.sound)


@dataclass
class Ordeal:
    """A stream that is killed and restarted while one source looks at it."""

    detected_s: list[float] = field(default_factory=list)
    recovered_s: list[float] = field(default_factory=list)
    pictures: int = 0
    faults: int = 0
    threads_left: int = 0
    told_secrets: int = 0

    def run(self, *, kills: int, luck: random.Random, away_s: float = AWAY_S) -> None:
        """Kill the stream `kills` times; each time it is away for a random while."""
        threads = threading.active_count()
        with MjpegServer() as server:
            source = open_source(
                StreamConfig(url=server.url), lambda key: False, name_part=_name, orders=Orders()
            )
            try:
                self._until_picture(source)
                for _ in range(kills):
                    server.kill()
                    self.detected_s.append(self._until_lost(source))
                    time.sleep(luck.uniform(0, away_s))
                    server.start()
                    self.recovered_s.append(self._until_picture(source))
            finally:
                source.close()
        self.threads_left = threading.active_count() - threads

    @property
    def sound(self) -> bool:
        """Tell whether every loss was seen and overcome in time, and nothing was left or told."""
        return (
            max(self.detected_s) <= DETECT_S
            and max(self.recovered_s) <= LIMIT_S
            and not (self.faults or self.threads_left or self.told_secrets)
        )

    def row(self) -> dict[str, str]:
        """Give the figures as a row of RESULTS.md."""
        return {
            "kills": str(len(self.detected_s)),
            "recovered": str(sum(taken_s <= LIMIT_S for taken_s in self.recovered_s)),
            "lost after s, median / max": _span(self.detected_s),
            "back after s, median / max": _span(self.recovered_s),
            "pictures": str(self.pictures),
            "faults": str(self.faults),
            "threads left": str(self.threads_left),
        }

    def _until_lost(self, source: Source) -> float:
        began = time.monotonic()
        while time.monotonic() - began < 2 * LIMIT_S:
            try:
                self._count(source.grab())
            except SourceError as error:
                self.told_secrets += "s3cret" in str(error) or "anna" in str(error)
                break
        return time.monotonic() - began

    def _until_picture(self, source: Source) -> float:
        began = time.monotonic()
        while time.monotonic() - began < 2 * LIMIT_S:
            try:
                if self._count(source.grab()):
                    break
            except SourceError:
                time.sleep(0.02)
        return time.monotonic() - began

    def _count(self, taken: Frame | Fault | None) -> bool:
        self.faults += isinstance(taken, Fault)
        self.pictures += isinstance(taken, Frame)
        if taken is None:
            time.sleep(0.005)
        return isinstance(taken, Frame)


def _name(code: str | None, taken_at: datetime) -> PartName:
    return PartName(code or f"{taken_at:%H%M%S.%f}", 1)


def _span(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} / {max(values):.2f}"


if __name__ == "__main__":
    main()
