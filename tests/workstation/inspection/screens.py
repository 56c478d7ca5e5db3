"""Draws the operator's page in each of its states, to be looked at.

Run by hand: ``QT_QPA_PLATFORM=offscreen python -m tests.workstation.inspection.screens FOLDER``
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.picture_health.baseline import HealthBaseline, Usual
from engine.picture_health.numbers import COMPARISONS
from engine.recipe import Roi
from engine.sources.base import CameraConfig, OnDemand, SourceStatus
from engine.types import (
    EngineState,
    FaultKind,
    FitStep,
    Frame,
    HealthReading,
    Region,
    Verdict,
)
from tests.fakes import (
    a_fault,
)
from tests.workstation.inspection.stage import Stage, a_ring
from workstation.inspection.codes import CodePatterns
from workstation.inspection.keyboard import Action
from workstation.records.changes import Change
from workstation.records.words import EventKind

SIZES = ((1280, 720), (1920, 1080))


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


def no_map(s: Stage) -> None:
    """A method that scores the picture as a whole."""
    s.shift(Verdict.NG)
    facts = s.controller.line.release
    assert facts is not None and s.controller.line.live is not None
    s.controller.release_changed(replace(facts, has_map=False))  # type: ignore[arg-type]
    s.controller.line.live = replace(s.controller.line.live, shown_map=None, regions=())


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
    words = "The engine has not answered for 5 s on part 004715. Take it out."
    s.standstill.engine_hung(words)
    s.controller.engine_hung(words)


def lot(s: Stage) -> None:
    s.shift(Verdict.OK)
    s.page.bars.ask_lot()
    s.page.bars.lot.line.setText("L-2026-0302")


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


def camera(s: Stage, last: Verdict = Verdict.OK, *, waiting: int = 0, late: int = 0) -> None:
    """A camera that takes a part per trigger."""
    s.controller.next_part.source_chosen(CameraConfig(trigger=OnDemand()))
    s.shift(last)
    words = "Camera USB 3.0 at 30 frames/s, on trigger."
    s.controller.source_changed(
        SourceStatus("camera", words, healthy=True, waiting=waiting, late=late, frames_per_s=30.0)
    )


def trigger(s: Stage) -> None:
    camera(s, waiting=3, late=5)


def first_trigger(s: Stage) -> None:
    s.controller.next_part.source_chosen(CameraConfig(trigger=OnDemand()))
    s.running()


def scanned(s: Stage) -> None:
    camera(s)
    s.page.bars.scanned("4711-2026-000815-A")


def unknown_code(s: Stage) -> None:
    s.controller.scans.patterns = CodePatterns(part=r"\d+")
    camera(s)
    s.page.bars.scanned("4711-2026-000815-A")


def many_alarms(s: Stage) -> None:
    s.record.changes = [
        Change(EventKind.LIMIT_CHANGED, s.clock.now(), "local", "limit 3.40 → 3.20"),
        Change(EventKind.LOT_CHANGED, s.clock.now(), "local", "lot 4710 → 4711"),
    ]
    s.shift(Verdict.OK)
    for _ in range(5):
        s.part(Verdict.NG)


def light(s: Stage) -> None:
    s.shift(Verdict.OK)
    usual = {n: Usual(mean=c.scale(0.4), sigma=0.02) for n, c in COMPARISONS.items()}
    s.controller.line.health.judge_by(HealthBaseline(pictures=50, usual=usual))
    sigmas = dict.fromkeys(map(str, COMPARISONS), 0.0) | {"brightness": -3.2}
    warning = (
        "The picture is too dark: its brightness is 96 of 255, 110 of 255 is usual. Check the "
        "light and the exposure, and clean the lens."
    )
    s.part(Verdict.OK, health=HealthReading(values={}, sigmas=sigmas, warning=warning))


def light_off(s: Stage) -> None:
    s.shift(Verdict.OK)
    for number in range(4790, 4794):
        fault = a_fault(number)
        reason = (
            "The picture is black: its brightness is 2 of 255, and nothing is to be seen in it. "
            "Switch the light on, and take the cap off the lens."
        )
        black = Frame(np.zeros((1024, 1280, 3), np.uint8), fault.origin)
        s.controller.faulted(
            number, replace(fault, kind=FaultKind.HEALTH, reason=reason, frame=black)
        )


def muted(s: Stage) -> None:
    s.shift(Verdict.NG)
    s.page.act(Action.SOUND)


def attempt(s: Stage) -> None:
    s.shift(Verdict.NG)
    origin = replace(s.controller.line.live.origin, attempt=2)  # type: ignore[union-attr]
    s.part(Verdict.REVIEW, origin=origin)


def lost_camera(s: Stage) -> None:
    camera(s)
    words = "Camera USB 3.0 gives no pictures; Loupe tries again in 5 s. Check its cable."
    s.controller.source_changed(SourceStatus("camera", words, healthy=False))
    s.engine(EngineState.ERROR, words)
    s.controller.acknowledge()


STATES: tuple[Callable[[Stage], None], ...] = (
    starting, fitting, waiting, ready, stopped, ok, review, ng, no_map, judged, fault, trial, demo,
    own_pictures, lost_source, hung, lot, messages, looking_back, sheet, refit, restarted, refused,
    trigger, first_trigger, scanned, unknown_code, many_alarms, light, light_off, muted, attempt,
    lost_camera,
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
