"""The window on a fake engine and a fake record, with parts that look like parts."""

from __future__ import annotations

import cv2
import numpy as np

from engine.recipe import Roi
from engine.sources.base import SourceStatus
from engine.types import EngineState, HealthReading, Image, Origin, ShownMap, Verdict
from tests.fakes import LIMITS, FakeClock, FakeRecord, FakeWorker, a_map, an_inspection
from workstation.inspection.controller import InspectController
from workstation.inspection.page import InspectPage
from workstation.inspection.release_facts import ReleaseFacts
from workstation.inspection.standstill import Standstill
from workstation.inspection.status_line import StationFacts
from workstation.main_window import MainWindow
from workstation.records.statistics import ShiftCounts
from workstation.widgets.style import load_palette


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

    def part(
        self,
        verdict: Verdict,
        *,
        simulated: bool = False,
        origin: Origin | None = None,
        health: HealthReading | None = None,
    ) -> None:
        self.number += 1
        bad = verdict is not Verdict.OK
        inspection = an_inspection(
            verdict,
            number=self.number,
            simulated=simulated,
            image=a_ring(self.number, scratch=bad),
            shown_map=ring_map({Verdict.OK: 1.2, Verdict.REVIEW: 2.3, Verdict.NG: 4.3}[verdict]),
            origin=origin,
            health=health,
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
