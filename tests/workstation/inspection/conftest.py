"""A controller and a page on a fake engine and a fake record; no timer may outlive its test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from engine.sources.base import SourceStatus
from engine.types import EngineState, Verdict
from tests.fakes import LIMITS, FakeClock, FakeRecord, FakeWorker, an_inspection, an_origin
from workstation.inspection.controller import InspectController
from workstation.inspection.page import InspectPage
from workstation.inspection.release_facts import ReleaseFacts
from workstation.inspection.scanner import Scanner
from workstation.inspection.standstill import Standstill
from workstation.inspection.status_line import StationFacts
from workstation.main_window import MainWindow
from workstation.widgets.style import load_palette

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

FACTS = ReleaseFacts("r-0001", "ring 40", LIMITS, 3.2, None)


@dataclass
class Line:
    """Everything between engine and page, with a clock that stands still."""

    clock: FakeClock = field(default_factory=FakeClock)
    worker: FakeWorker = field(default_factory=FakeWorker)

    def __post_init__(self) -> None:
        self.record = FakeRecord(self.clock.now)
        self.standstill = Standstill(
            self.record.add_not_inspecting, clock=self.clock, now=self.clock.now
        )
        self.controller = InspectController(
            self.record,
            self.standstill,
            describe=lambda release: cast(ReleaseFacts, release),
            clock=self.clock,
            now=self.clock.now,
        )
        worker, controller = self.worker, self.controller
        self.standstill.follow(worker)  # type: ignore[arg-type]
        self.standstill.begin(None)
        worker.began.connect(controller.began)
        worker.inspected.connect(controller.inspected)
        worker.faulted.connect(controller.faulted)
        worker.state_changed.connect(controller.state_changed)
        worker.source_changed.connect(controller.source_changed)
        worker.release_changed.connect(controller.release_changed)
        worker.fit_progressed.connect(controller.fit_progressed)
        worker.fit_ended.connect(controller.fit_ended)
        worker.refused.connect(controller.refused)
        controller.start_requested.connect(worker.start)
        controller.stop_requested.connect(worker.stop)
        controller.limits_requested.connect(worker.move_limits)
        controller.cancel_fit_requested.connect(worker.cancel_fit)
        next_part = controller.next_part
        next_part.again_requested.connect(worker.inspect_again)
        next_part.trigger_requested.connect(lambda: worker.asked.append(("trigger",)))
        next_part.scan_requested.connect(lambda code: worker.asked.append(("scan", code)))

    @property
    def shown(self):  # type: ignore[no-untyped-def]
        return self.controller.line

    def run(self, *, simulated: bool = False) -> None:
        self.worker.release_changed.emit(FACTS)
        name = "simulator" if simulated else "folder"
        self.worker.source_changed.emit(SourceStatus(name, "Watching.", healthy=True))
        self.worker.state_changed.emit(EngineState.CONTINUOUS_EXECUTION, "")

    def part(self, verdict: Verdict, number: int, *, simulated: bool = False) -> None:
        inspection = an_inspection(verdict, number=number, simulated=simulated)
        self.record.took(number, inspection)
        self.worker.inspected.emit(number, inspection)

    def named_part(self, verdict: Verdict, number: int, part_id: str, *, attempt: int = 1) -> None:
        """Let a part with a name of its own come, or come again."""
        origin = an_origin(number, part_id=part_id, attempt=attempt)
        inspection = an_inspection(verdict, origin=origin)
        self.record.took(number, inspection)
        self.worker.inspected.emit(number, inspection)

    def look(self) -> None:
        """Let a person look long enough for the keys to work."""
        self.clock.go_on(1.0)


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


@pytest.fixture
def page(line: Line, qtbot: QtBot) -> Iterator[InspectPage]:
    page = InspectPage(line.controller, load_palette(), clock=line.clock)
    window = MainWindow(
        page,
        line.controller.line,
        load_palette(),
        facts=lambda: StationFacts("line-1", "local", 100.0, 0),
    )
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    qtbot.waitExposed(window)
    scanner = Scanner()
    scanner.scanned.connect(page.bars.scanned)
    scanner.listen()
    yield page
    scanner.rest()
    timers = window.findChildren(QTimer)
    window.close_now()
    gc.collect()
    assert not [timer for timer in timers if timer.isActive()]
