"""Draws the operator's page in each of its states, to be looked at.

Run by hand: ``QT_QPA_PLATFORM=offscreen python -m tests.workstation.inspection.screens FOLDER``
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.recipe import Roi
from engine.sources.base import SourceStatus
from engine.types import EngineState, FitStep, Image, Region, ShownMap, Verdict
from tests.fakes import (
    LIMITS,
    FakeClock,
    FakeRecord,
    FakeWorker,
    a_fault,
    a_map,
    an_inspection,
)
from workstation.inspection.controller import InspectController
from workstation.inspection.keyboard import Action
from workstation.inspection.page import InspectPage
from workstation.inspection.release_facts import ReleaseFacts
from workstation.inspection.standstill import Standstill
from workstation.inspection.status_line import StationFacts
from workstation.main_window import MainWindow
from workstation.records.statistics import ShiftCounts
from workstation.widgets.style import load_palette

SIZES = ((1280, 720), (1920, 1080))


def a_ring(seed: int, *, scratch: bool = False, width: int = 1280, height: int = 1024) -> Image:
    rng = np.random.default_rng(seed)
    image = np.full((height, width), 70, np.float32)
    centre = (width // 2 + int(rng.integers(-15, 15)), height // 2 + int(rng.integers(-15, 15)))
    cv2.circle(image, centre, 400, 175, -1)
    cv2.circle(image, centre, 210, 62, -1)
    y, x = np.mgrid[:height, :width]
    radius = np.hypot(x - centre[0], y - centre[1])
    image += np.where((radius < 400) & (radius > 210), 12 * np.sin(radius / 3), 0)
    if scratch:
        cv2.line(
            image, (centre[0] + 240, centre[1] - 160), (centre[0] + 320, centre[1] - 90), 60, 9
        )
    image = cv2.GaussianBlur(image, (0, 0), 1.5) + rng.normal(0, 3, image.shape)
    return np.repeat(np.clip(image, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def ring_map(peak: float) -> ShownMap:
    shown = a_map(peak, size=224, at=(84, 161))
    y, x = np.mgrid[:224, :224]
    wave = 0.25 * np.sin(x / 9) * np.cos(y / 11)
    return (shown + wave.astype(np.float32)).clip(0).astype(np.float32)


class Stage:
    """The window on a fake engine and a fake record."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.record = FakeRecord(self.clock.now)
        self.worker = FakeWorker()
        self.standstill = Standstill(
            self.record.add_not_inspecting, clock=self.clock, now=self.clock.now
        )
        self.standstill.begin(None)
        self.controller = InspectController(
            self.record,
            self.standstill,
            describe=lambda release: release,  # type: ignore[arg-type, return-value]
            clock=self.clock,
            now=self.clock.now,
        )
        self.page = InspectPage(self.controller, load_palette(), clock=self.clock)
        self.window = MainWindow(
            self.page,
            self.controller.line,
            load_palette(),
            facts=lambda: StationFacts("line-1", "local", 212.4, 0),
        )
        self.number = 4700

    def part(self, verdict: Verdict, *, simulated: bool = False) -> None:
        self.number += 1
        bad = verdict is not Verdict.OK
        inspection = an_inspection(
            verdict,
            number=self.number,
            simulated=simulated,
            image=a_ring(self.number, scratch=bad),
            shown_map=ring_map({Verdict.OK: 1.2, Verdict.REVIEW: 2.3, Verdict.NG: 4.3}[verdict]),
        )
        self.record.took(self.number, inspection)
        self.controller.inspected(self.number, inspection)
        self.clock.go_on(1.6)

    def running(self, *, simulated: bool = False, roi: Roi | None = None) -> None:
        self.record.counts = ShiftCounts(ok=1170, review=11, ng=24, faults=1, final_ok=1172)
        self.record.lot_parts["4711"] = 388
        self.controller.release_changed(ReleaseFacts("r-3f2a91c0", "ring 40", LIMITS, 3.2, roi))  # type: ignore[arg-type]
        name, words = "folder", "Watching D:\\line1\\pictures, 0 waiting."
        if simulated:
            name, words = "simulator", "The built-in line draws a part every 1.6 s."
        self.controller.source_changed(SourceStatus(name, words, healthy=True))
        self.engine(EngineState.CONTINUOUS_EXECUTION, "")

    def engine(self, state: EngineState, sentence: str) -> None:
        self.standstill.state_changed(state, sentence)
        self.controller.state_changed(state, sentence)

    def shift(self, last: Verdict, *, simulated: bool = False, roi: Roi | None = None) -> None:
        self.running(simulated=simulated, roi=roi)
        o, r, n = Verdict.OK, Verdict.REVIEW, Verdict.NG
        for verdict in (o, o, o, r, o, o, n, o, o, o, n, o, o, last):
            self.part(verdict, simulated=simulated)


def starting(s: Stage) -> None:
    pass


def fitting(s: Stage) -> None:
    s.controller.source_changed(SourceStatus("simulator", "The built-in line.", healthy=True))
    s.engine(EngineState.PREOPERATIONAL, "")
    s.controller.fit_progressed(
        FitStep("Reading what good rings look like: 88 of 160", 88, 160, 21)
    )


def waiting(s: Stage) -> None:
    s.running()


def ready(s: Stage) -> None:
    s.running()
    s.engine(EngineState.READY, "")


def stopped(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.engine(EngineState.READY, "")


def ok(s: Stage) -> None:
    s.shift(Verdict.OK)


def review(s: Stage) -> None:
    s.shift(Verdict.REVIEW)


def ng(s: Stage) -> None:
    s.shift(Verdict.NG, roi=Roi(x=160, y=60, width=960, height=900))


def judged(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.page.act(Action.REALLY_OK)
    s.clock.go_on(2)


def fault(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.controller.faulted(4790, a_fault(4790))


def trial(s: Stage) -> None:
    s.shift(Verdict.NG)
    s.page.act(Action.UNLOCK)
    for _ in range(9):
        s.page.act(Action.LIMIT_UP)


def demo(s: Stage) -> None:
    s.shift(Verdict.NG, simulated=True)


def own_pictures(s: Stage) -> None:
    s.shift(Verdict.OK, simulated=True)
    s.page.act(Action.OWN_PICTURES)
    s.page.own_pictures.good.setText("D:\\pictures\\good rings")


def lost_source(s: Stage) -> None:
    s.shift(Verdict.OK)
    words = "The folder //server/line1 cannot be reached; Loupe tries again every 2 s."
    s.controller.source_changed(SourceStatus("folder", words, healthy=False))
    s.engine(EngineState.ERROR, words)


def hung(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.controller.engine_hung("The engine has not answered for 5 s on part 004715. Take it out.")


def lot(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.page.bars.ask_lot("L-2026-0302")


def messages(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.controller.change_lot("L-2026-0302")
    s.controller.refused("The limit could not be moved: the disk is full. Free some space.")


def looking_back(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.page.act(Action.OLDER)
    for _ in range(3):
        s.page.act(Action.OLDER)


def sheet(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.page.act(Action.HELP)


def refit(s: Stage) -> None:
    s.shift(Verdict.REVIEW)
    s.controller.fit_progressed(FitStep("Choosing the coreset: 2 100 of 8 000", 2100, 8000, 140))


def restarted(s: Stage) -> None:
    s.running()
    other = Stage()
    other.shift(Verdict.NG)
    s.record.parts = other.record.parts
    newest = s.record.parts[-1]
    box = Region(750, 320, 230, 220, 38000.0, 4.3, 860, 420)
    s.record.parts[-1] = replace(newest, regions=(box,))
    s.record.pictures[newest.id] = a_ring(newest.id, scratch=True)
    s.controller.line.simulated = None
    s.controller.source_changed(SourceStatus("folder", "Watching D:\\line1.", healthy=True))


def refused(s: Stage) -> None:
    s.shift(Verdict.NG, simulated=True)
    s.part(Verdict.NG, simulated=True)
    s.clock.go_on(-1.5)
    s.page.act(Action.REALLY_OK)


STATES: tuple[Callable[[Stage], None], ...] = (
    starting, fitting, waiting, ready, stopped, ok, review, ng, judged, fault, trial, demo,
    own_pictures, lost_source, hung, lot, messages, looking_back, sheet, refit, restarted, refused,
)  # fmt: skip


def draw(folder: Path, only: set[str]) -> None:
    app = QApplication.instance() or QApplication(sys.argv)
    folder.mkdir(parents=True, exist_ok=True)
    for state in STATES:
        if only and state.__name__ not in only:
            continue
        for width, height in SIZES:
            stage = Stage()
            stage.window.resize(width, height)
            stage.window.show()
            QTest.qWait(20)
            state(stage)
            stage.page.refresh()
            stage.window.refresh()
            QTest.qWait(250)
            stage.window.grab().save(str(folder / f"{state.__name__}-{height}.png"))
            stage.window.close_now()
    del app


if __name__ == "__main__":
    draw(Path(sys.argv[1]), set(sys.argv[2:]))
