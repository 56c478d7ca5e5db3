"""Stand-ins at the seams of the workstation: the engine's worker and the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from engine.types import (
    Fault,
    FaultKind,
    Frame,
    Image,
    Inspection,
    Limits,
    Origin,
    ShownMap,
    Verdict,
)
from workstation.inspection.record import Counts, PastPart, Shift
from workstation.records.errors import RecordsError
from workstation.records.words import EventKind, FeedbackVerdict, Outcome

LIMITS = Limits(t1=2.9, t2=3.2, pixel=2.0)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FakeClock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds - 1000.0)

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds


class FakeWorker(QObject):
    """The signals and slots of `engine.worker.EngineWorker`; its slots note what was asked."""

    inspected = Signal(int, object)
    faulted = Signal(int, object)
    state_changed = Signal(object, str)
    source_changed = Signal(object)
    release_changed = Signal(object)
    fit_progressed = Signal(object)
    fit_ended = Signal(object, str)
    refused = Signal(str)
    beat = Signal(float)
    began = Signal(object)
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[Any, ...]] = []

    @Slot()
    def start(self) -> None:
        self.asked.append(("start",))

    @Slot()
    def stop(self) -> None:
        self.asked.append(("stop",))

    @Slot(object)
    def set_source(self, config: object) -> None:
        self.asked.append(("set_source", config))

    @Slot(str)
    def activate(self, release_folder: str) -> None:
        self.asked.append(("activate", release_folder))

    @Slot(object, str)
    def move_limits(self, limits: object, reason: str) -> None:
        self.asked.append(("move_limits", limits, reason))

    @Slot(object, object)
    def fit(self, recipe: object, pictures: object) -> None:
        self.asked.append(("fit", recipe, pictures))

    @Slot()
    def cancel_fit(self) -> None:
        self.asked.append(("cancel_fit",))

    @Slot()
    def shut_down(self) -> None:
        self.asked.append(("shut_down",))
        self.stopped.emit()


class FakeRecord:
    """A record in memory; `failing` makes every question raise."""

    def __init__(self, now: Callable[[], datetime] = lambda: NOON) -> None:
        self._now = now
        self._lot = "4711"
        self.failing = False
        self.counts = Counts()
        self.parts: list[PastPart] = []
        self.pictures: dict[int, Image] = {}
        self.feedback: dict[int, tuple[int, FeedbackVerdict]] = {}
        self.withdrawn: list[int] = []
        self.events: list[tuple[EventKind, dict[str, Any]]] = []
        self.lot_parts: dict[str, int] = {}

    @property
    def lot(self) -> str:
        return self._lot

    @lot.setter
    def lot(self, lot: str) -> None:
        self._lot = lot

    def shift(self) -> Shift:
        self._fail()
        start = self._now().replace(minute=0, second=0)
        start -= timedelta(hours=(start.hour - 6) % 8)
        end = start + timedelta(hours=8)
        return Shift(f"{start.hour:02}–{end.hour:02}", start, end)

    def shift_counts(self, *, simulated: bool) -> Counts:
        self._fail()
        return self.counts

    def lot_count(self, lot: str, *, simulated: bool) -> int:
        self._fail()
        return self.lot_parts.get(lot, 0)

    def waiting_count(self, *, simulated: bool) -> int:
        return len(self._waiting())

    def waiting(self, n: int, *, simulated: bool) -> tuple[PastPart, ...]:
        return tuple(self._waiting()[:n])

    def recent(self, n: int, *, simulated: bool) -> tuple[PastPart, ...]:
        self._fail()
        return tuple(self.parts[::-1][:n])

    def picture(self, inspection_id: int) -> Image | None:
        self._fail()
        return self.pictures.get(inspection_id)

    def give_feedback(self, inspection_id: int, verdict: FeedbackVerdict) -> int:
        self._fail()
        number = len(self.feedback) + 1
        self.feedback[number] = (inspection_id, verdict)
        return number

    def withdraw_feedback(self, feedback_id: int) -> None:
        self._fail()
        self.withdrawn.append(feedback_id)

    def add_event(self, kind: EventKind, **detail: Any) -> None:
        self._fail()
        self.events.append((kind, detail))

    def took(self, inspection_id: int, inspection: Inspection) -> None:
        """Write a part down, as the worker does before it announces it."""
        origin = inspection.frame.origin
        self.parts.append(
            PastPart(
                inspection_id,
                origin.part_id,
                origin.taken_at,
                Outcome.of(inspection.verdict),
                inspection.score,
                inspection.limits,
                simulated=origin.simulated,
            )
        )

    def _waiting(self) -> list[PastPart]:
        self._fail()
        judged = {i for number, (i, _) in self.feedback.items() if number not in self.withdrawn}
        return [
            part
            for part in self.parts[::-1]
            if part.outcome in (Outcome.NG, Outcome.REVIEW) and part.inspection_id not in judged
        ]

    def _fail(self) -> None:
        if self.failing:
            raise RecordsError("The record could not be written: the disk is full. Free some.")


def an_image(*, width: int = 64, height: int = 48, grey: int = 120) -> Image:
    return np.full((height, width, 3), grey, np.uint8)


def a_map(peak: float, *, size: int = 56, at: tuple[int, int] = (20, 30)) -> ShownMap:
    """A blob of height `peak` on a low ground."""
    y, x = np.mgrid[:size, :size]
    blob = np.exp(-((x - at[1]) ** 2 + (y - at[0]) ** 2) / (2 * (size / 14) ** 2))
    return (0.4 + (peak - 0.4) * blob).astype(np.float32)


def an_origin(number: int = 1, *, simulated: bool = False, part_id: str | None = None) -> Origin:
    return Origin(
        source="simulator" if simulated else "folder",
        part_id=part_id or f"{number:06}",
        taken_at=NOON + timedelta(seconds=number),
        number=number,
        simulated=simulated,
        sha256=None,
    )


def an_inspection(
    verdict: Verdict = Verdict.OK,
    *,
    number: int = 1,
    simulated: bool = False,
    image: Image | None = None,
    shown_map: ShownMap | None = None,
    limits: Limits = LIMITS,
) -> Inspection:
    """An inspection whose score fits its verdict."""
    score = {Verdict.OK: 1.7, Verdict.REVIEW: 3.05, Verdict.NG: 4.31}[verdict]
    peak = {Verdict.OK: 1.1, Verdict.REVIEW: 2.2, Verdict.NG: 3.9}[verdict]
    return Inspection(
        frame=Frame(an_image() if image is None else image, an_origin(number, simulated=simulated)),
        score=score,
        map=None,
        shown_map=a_map(peak) if shown_map is None else shown_map,
        regions=(),
        limits=limits,
        verdict=verdict,
        release_id="r-0001",
        stage_ms={"preprocess": 2.0, "method": 20.0, "map": 1.0, "judge": 0.1},
    )


def a_fault(number: int = 1, *, simulated: bool = False) -> Fault:
    return Fault(
        replace(an_origin(number, simulated=simulated)),
        FaultKind.PICTURE,
        "The picture is cut off after 12 kB. Copy the file again.",
    )
