"""From a 5-megapixel PNG that has settled in the watched folder to the announced verdict.

``python -m tests.benchmarks.file_latency [--files 60]``; a row for RESULTS.md. Each file is moved
into the folder whole, so it has settled when the two looks have passed; what is measured is the
time beyond that wait until the window's thread hears the verdict, which by then is recorded.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Slot

from engine.fitting import fit
from engine.parameters import PatchCoreParameters
from engine.pictures import file_pictures, list_pictures
from engine.recipe import Recipe
from engine.sources.base import FolderConfig
from engine.sources.inbox import SETTLE_S
from engine.types import Image, Inspection
from tests.benchmarks.results import append_row, provenance
from tests.small_parts import finished
from workstation.engine_thread import EngineThread
from workstation.station import Station

HEADING = "From a settled file to the announced verdict"
HEIGHT, WIDTH = 2048, 2448
PAUSE_MS = 300
"""From one verdict to the next file, so that nothing waits for anything else."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        row = measure(Path(scratch), files=chosen.files)
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)


def measure(scratch: Path, *, files: int) -> dict[str, str]:
    """Fit a release on pictures of this size, then watch a folder into which files are moved."""
    application = QCoreApplication.instance() or QCoreApplication([])
    good, watched = scratch / "good", scratch / "watched"
    good.mkdir()
    watched.mkdir()
    for number in range(8):
        (good / f"{number}.png").write_bytes(png(surface(number)))
    recipe = Recipe(part="sheet", parameters=PatchCoreParameters(coreset=0.25))
    with Station.open(scratch / "data") as station:
        fitted = finished(fit(recipe, file_pictures(list_pictures(good)), device="cpu"))
        release = station.library.add(fitted)
        engine = EngineThread(station.store, station.library, device="cpu")
        run = _Run(engine, watched, scratch, files, application.quit)
        engine.start()
        engine.release_requested.emit(str(release.folder))
        engine.source_requested.emit(FolderConfig(path=watched))
        engine.start_requested.emit()
        application.exec()
    beyond_ms = (np.array(run.took_s) - SETTLE_S) * 1e3
    size_mb = (good / "0.png").stat().st_size / 1e6
    return {
        "command": f"`--files {files}`",
        "picture": f"{WIDTH} × {HEIGHT} PNG, {size_mb:.1f} MB",
        "release": "PatchCore, `builtin`, 224",
        "two-look wait ms": f"{SETTLE_S * 1e3:.0f}",
        "beyond it p50 / p95 / max ms": " / ".join(
            f"{ms:.0f}" for ms in (*np.percentile(beyond_ms, (50, 95)), beyond_ms.max())
        ),
        "of it preprocess to judge p50 ms": f"{np.median(run.latency_ms):.0f}",
        **provenance(),
    }


class _Run(QObject):
    """Moves one file in at a time and hears its verdict, in the window's thread."""

    def __init__(
        self,
        engine: EngineThread,
        watched: Path,
        outside: Path,
        files: int,
        end: Callable[[], None],
    ) -> None:
        super().__init__()
        self.took_s: list[float] = []
        self.latency_ms: list[float] = []
        self._engine, self._watched, self._outside = engine, watched, outside
        self._left = files + 1  # the first opens everything and is not counted
        self._moved_s = 0.0
        engine.worker.inspected.connect(self._heard)
        engine.worker.faulted.connect(self._failed)
        engine.worker.release_changed.connect(self._next)
        engine.ended.connect(end)

    @Slot()
    def _next(self) -> None:
        waiting = self._outside / "next.png"
        waiting.write_bytes(png(surface(1000 + self._left)))
        os.sync()  # else the disk's own delay is measured
        self._moved_s = time.monotonic()
        waiting.rename(self._watched / f"part{self._left:04}.png")

    @Slot(int, object)
    def _heard(self, _number: int, inspection: Inspection) -> None:
        self.took_s.append(time.monotonic() - self._moved_s)
        self.latency_ms.append(inspection.latency_ms)
        self._left -= 1
        if self._left:
            QTimer.singleShot(PAUSE_MS, self._next)
        else:
            del self.took_s[0], self.latency_ms[0]
            self._engine.end()

    @Slot(int, object)
    def _failed(self, _number: int, fault: object) -> None:
        raise SystemExit(f"A file became a fault: {fault}")


def surface(number: int) -> Image:
    """Draw rolled metal with the grain of a sensor."""
    rng = np.random.default_rng(number)
    coarse = rng.normal(0, 12, (HEIGHT // 16, WIDTH // 64)).astype(np.float32)
    rolled = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 4, (HEIGHT, WIDTH)).astype(np.float32)
    return np.clip(128 + rolled + grain, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)


def png(image: Image) -> bytes:
    """Encode as cameras' own programs do, quickly."""
    quick = (cv2.IMWRITE_PNG_COMPRESSION, 1)
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quick)[1].tobytes()


if __name__ == "__main__":
    main()
