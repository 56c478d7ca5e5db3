"""A camera at 30 frames/s through an instant method, for hours if wanted: does anything grow?

``python -m tests.benchmarks.soak [--frames 20000]``; a row for RESULTS.md. Window, engine thread,
picture health, map, record and archive are the real ones; only the scores are drawn at random, so
that the XX"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from engine import execution
from engine.inspector import Eye, Inspector
from engine.pictures import image_sha256
from engine.releases.folder import Release
from engine.sources.base import FolderConfig, SourceStatus
from engine.sources.pace import Pace
from engine.types import ComputedBy, Frame, Image, Inspection, Limits, Origin, Scores
from tests.benchmarks.results import append_row, provenance
from tests.small_parts import the_release
from workstation.app import Program
from workstation.station import Station
from workstation.wishes import Wishes

HEADING = "Soak at 30 frames/s"
FRAMES_PER_S = 30
HEIGHT, WIDTH = 480, 640
TICK_MS = 5
BLOCK_MS = 50
STALL_MS = 20
"""Lateness of a process that only waits, from which the machine itself stood still."""
IDLER = f"""
import json, signal, time
most, stalls, on = 0.0, [], True
def end(*_):
    global on
    on = False
signal.signal(signal.SIGTERM, end)
while on:
    began = time.monotonic()
    time.sleep(0.005)
    ended = time.monotonic()
    late_ms = (ended - began) * 1e3 - 5
    most = max(most, late_ms)
    if late_ms > {STALL_MS}:
        stalls.append((began, ended))
print(json.dumps([most, stalls]))
"""
WARM_UP = 4000
"""Frames after which memory should no longer grow: caches and the last parts are filled."""
SAMPLE_EVERY, WINDOW = 10, 500
"""Frames from one look at memory and handles to the next, and over which the least of them counts:
what a frame in hand takes for a moment comes and goes."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--warm-up", type=int, default=WARM_UP)
    parser.add_argument("--frames-per-s", type=int, default=FRAMES_PER_S)
    parser.add_argument("--samples", type=Path, help="write what was held on the way, as JSON")
    parser.add_argument("--dry", action="store_true", help="print the row, append nothing")
    chosen = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as scratch:
        watch, row = measure(
            Path(scratch),
            frames=chosen.frames,
            warm_up=chosen.warm_up,
            frames_per_s=chosen.frames_per_s,
        )
    if chosen.samples:
        chosen.samples.write_text(json.dumps(watch.samples), encoding="utf-8")
    print(json.dumps(row, indent=2, ensure_ascii=False))
    if not chosen.dry:
        append_row(HEADING, row)


def measure(
    scratch: Path, *, frames: int, warm_up: int, frames_per_s: int
) -> tuple[Watch, dict[str, str]]:
    """Run the whole program on pictures of noise and give what was watched."""
    execution.open_source = lambda *_, **__: Camera(frames_per_s)  # type: ignore[assignment]
    Inspector.open = classmethod(instant_inspector)  # type: ignore[assignment, method-assign]
    QApplication.instance() or QApplication([])
    QApplication.setQuitOnLastWindowClosed(False)
    with Station.open(scratch / "data") as station:
        release = station.library.add(the_release())
        watched = FolderConfig(path=scratch)
        station.remember(release_id=release.id, source=watched, running=True)
        program = Program(station, Wishes(data_dir=scratch / "data"), headless=False)
        most_ticks = int(2 * frames / frames_per_s * 1e3 / TICK_MS) + 100_000
        watch = Watch(program, frames, most_ticks)
        beside = subprocess.Popen(
            [sys.executable, "-c", IDLER], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        began = time.monotonic()
        program.running.run(program.begin, interrupt=program.interrupt)
        took_s = time.monotonic() - began
        beside.terminate()
        most_ms, stalls = json.loads(beside.communicate()[0])
    over = sum((ended - began) * 1e3 - TICK_MS > BLOCK_MS for began, ended in stalls)
    machine = {
        "blocks while the machine stood still": str(watch.blocks_during(stalls)),
        "an idle process late ms max / > 50": f"{most_ms:.1f} / {over}",
        "frames/s": f"{frames / took_s:.1f}",
    }
    return watch, watch.row(warm_up) | machine | provenance()


class Camera:
    """A `Source` that makes so many pictures of noise a second."""

    def __init__(self, frames_per_s: float) -> None:
        self._pace = Pace(1 / frames_per_s, time.monotonic)
        self._rng = np.random.default_rng(0)
        self._number = 0

    def grab(self) -> Frame | None:
        if not self._pace.take_turn():
            return None
        self._number += 1
        image = self._picture()
        origin = Origin(
            source="camera",
            part_id=f"soak-{self._number:07}",
            taken_at=datetime.now(UTC),
            number=self._number,
            simulated=False,
            sha256=image_sha256(image),
        )
        return Frame(image, origin, captured_s=time.monotonic())

    def _picture(self) -> Image:
        """Give a fresh picture each time, so that what keeps one too long is seen."""
        row = self._rng.integers(90, 150, (1, WIDTH, 3), np.uint8)
        shift = int(self._rng.integers(WIDTH))
        return np.roll(row, shift, 1).repeat(HEIGHT, 0) ^ self._noise()

    def _noise(self) -> Image:
        return self._rng.integers(0, 16, (HEIGHT, WIDTH, 3), np.uint8)

    def take_again(self, origin: Origin, attempt: int) -> None:
        raise NotImplementedError

    def preview(self) -> Image | None:
        return None

    def status(self) -> SourceStatus:
        return SourceStatus(name="camera", sentence="A camera of noise.", healthy=True)

    def close(self) -> None:
        pass


class InstantEye(Eye):
    """An `Eye` that draws its scores: 90 % OK, 5 % REVIEW, 5 % NG."""

    limits: Limits
    rng: np.random.Generator

    def score(self, square: Image) -> Scores:
        t1, t2 = self.limits.t1, self.limits.t2
        image = self.rng.choice([0.5 * t1, (t1 + t2) / 2, 1.5 * t2], p=(0.9, 0.05, 0.05))
        compact = self.rng.random((1, 8, 8), np.float32) * self.limits.pixel * float(image / t2)
        return Scores(image=np.array([image], np.float32), map=compact)


def instant_inspector(cls: type[Inspector], release: Release, device: str = "auto") -> Inspector:
    """Open a release whose every score is drawn, and whose pictures are all healthy."""
    manifest = release.manifest
    eye = InstantEye(manifest.preprocessing, None, None, torch.device("cpu"))  # type: ignore[arg-type]
    object.__setattr__(eye, "limits", manifest.limits)
    object.__setattr__(eye, "rng", np.random.default_rng(1))

    class Judging(cls):  # type: ignore[misc, valid-type]
        computed_by = ComputedBy("no back end", "no back end", "")

        def inspect(self, frame: Frame, *, unfit_too: bool = True) -> Inspection:
            return super().inspect(frame, unfit_too=True)

    return Judging(release, eye)


class Watch(QObject):
    """Counts frames, notes how late its timer comes, and reads what the process holds."""

    def __init__(self, program: Program, frames: int, most_ticks: int) -> None:
        super().__init__()
        self._frames, self._program = frames, program
        self._seen = 0
        # Written over from the first to the last before the line runs, so that what is noted here
        # is no memory that grows.
        self._ticks = np.full((2, most_ticks), -1.0)
        self._count = 0
        self.samples: list[tuple[int, float, int, int]] = []
        self._memory: list[float] = []
        self._handles: list[int] = []
        self.blocks: list[tuple[float, float]] = []
        self._last_s: float | None = None
        self._last_cpu_s = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        program.running.engine.worker.inspected.connect(self._heard)
        program.running.engine.worker.faulted.connect(self._heard)

    @Slot(int, object)
    def _heard(self, _number: int, outcome: object) -> None:
        self._seen += 1
        if self._seen == 1:
            self._timer.start()  # the opening of window and libraries is not the line
        if self._seen % SAMPLE_EVERY == 0:
            self._memory.append(resident_mb())
            self._handles.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
        if self._seen % WINDOW == 0:
            threads = len(os.listdir("/proc/self/task"))  # noqa: PTH208
            held = min(self._memory), min(self._handles)
            self.samples.append((self._seen, *held, threads))
            self._memory.clear()
            self._handles.clear()
        if self._seen == self._frames:
            self._timer.stop()
            self._program.running.end()

    @Slot()
    def _tick(self) -> None:
        now, cpu_s = time.monotonic(), time.thread_time()
        if self._last_s is not None:
            late_ms = (now - self._last_s) * 1e3 - TICK_MS
            if late_ms > BLOCK_MS:
                self.blocks.append((self._last_s, now))
            self._ticks[:, self._count] = late_ms, (cpu_s - self._last_cpu_s) * 1e3
            self._count += 1
        self._last_s, self._last_cpu_s = now, cpu_s

    def blocks_during(self, stalls: list[tuple[float, float]]) -> int:
        """Count the blocks that would be none without what the machine itself stood still then.

        Parameters
        ----------
        stalls
            Begin and end, by the system's monotonic clock, of waits that a process which does
            nothing but wait was late from.
        """
        excused = 0
        for began, ended in self.blocks:
            still_s = sum(
                max(0.0, min(ended, until) - max(began, since) - TICK_MS / 1e3)
                for since, until in stalls
            )
            excused += (ended - began - still_s) * 1e3 - TICK_MS <= BLOCK_MS
        return excused

    def row(self, warm_up: int) -> dict[str, str]:
        """Give the figures; memory's slope is a least-squares line after the warm-up."""
        settled = np.array([sample for sample in self.samples if sample[0] > warm_up])
        slope = np.polyfit(settled[:, 0], settled[:, 1], 1)[0] * 10_000
        late, computed = self._ticks[:, : self._count]
        return {
            "command": f"`--frames {self._frames}`",
            "picture": f"{WIDTH} × {HEIGHT}",
            "window blocked ms p99 / max": f"{np.percentile(late, 99):.1f} / {late.max():.1f}",
            "blocks > 50 ms": str(int((late > BLOCK_MS).sum())),
            "its thread computed ms p99 / max between two ticks": (
                f"{np.percentile(computed, 99):.1f} / {computed.max():.1f}"
            ),
            "MB at warm-up / end": f"{settled[0, 1]:.1f} / {settled[-1, 1]:.1f}",
            "slope MB per 10 000": f"{slope:.2f}",
            "handles": f"{int(settled[:, 2].min())}–{int(settled[:, 2].max())}",
            "threads": f"{int(settled[:, 3].min())}–{int(settled[:, 3].max())}",
        }


def resident_mb() -> float:
    """Read how much memory the process holds, without the pages it shares with files."""
    resident, shared = Path("/proc/self/statm").read_text(encoding="ascii").split()[1:3]
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
