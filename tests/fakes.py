"""Stand-ins at the seams of the workstation: the engine's worker and the record."""

from __future__ import annotations

from collections import Counter
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
    HealthReading,
    Image,
    Inspection,
    Limits,
    Origin,
    ShownMap,
    Verdict,
)
from workstation.records.changes import Change
from workstation.records.errors import RecordsError
from workstation.records.parts import RecordedPart
from workstation.records.shifts import Shift, shift_at
from workstation.records.statistics import ShiftCounts, Waiting
from workstation.records.words import EventKind, FeedbackVerdict, NotInspectingReason, Outcome
from workstation.settings import DEFAULT_SHIFTS

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

    @Slot(object)
    def inspect_again(self, origin: object) -> None:
        self.asked.append(("inspect_again", origin))

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
        self.counts = ShiftCounts()
        """Of parts before the first of `parts`; those come on top."""
        self.parts: list[RecordedPart] = []
        self.pictures: dict[int, Image] = {}
        self.feedback: dict[int, tuple[int, FeedbackVerdict]] = {}
        self.withdrawn: list[int] = []
        self.events: list[tuple[EventKind, dict[str, Any]]] = []
        self.lot_parts: dict[str, int] = {}
        self.changes: list[Change] = []
        self.spans: list[tuple[datetime, datetime, NotInspectingReason, str]] = []
        """Spans without inspection: from, to, reason, detail."""

    @property
    def lot(self) -> str:
        return self._lot

    @lot.setter
    def lot(self, lot: str) -> None:
        self._lot = lot

    def shift(self) -> Shift:
        self._fail()
        return shift_at(self._now(), DEFAULT_SHIFTS, zone=UTC)

    def shift_counts(self, shift: Shift, *, simulated: bool) -> ShiftCounts:
        self._fail()
        taken = [
            part
            for part in self.parts
            if part.simulated is simulated and shift.start <= part.taken_at < shift.end
        ]
        outcomes = Counter(part.outcome for part in taken)
        before = self.counts
        return replace(
            before,
            ok=before.ok + outcomes[Outcome.OK],
            review=before.review + outcomes[Outcome.REVIEW],
            ng=before.ng + outcomes[Outcome.NG],
            final_ok=before.final_ok + sum(self._final(part) == Outcome.OK for part in taken),
            newest_id=max((p.id for p in self.parts if p.simulated is simulated), default=0),
        )

    def lot_count(self, lot: str, *, simulated: bool) -> int:
        self._fail()
        here = (part for part in self.parts if part.lot == lot and part.simulated is simulated)
        return self.lot_parts.get(lot, 0) + sum(1 for _ in here)

    def waiting(self, shift: Shift, *, simulated: bool, limit: int) -> Waiting:
        self._fail()
        judged = {i for number, (i, _) in self.feedback.items() if number not in self.withdrawn}
        waiting = [
            part
            for part in reversed(self.parts)
            if part.outcome in (Outcome.NG, Outcome.REVIEW)
            and part.id not in judged
            and part.simulated is simulated
        ]
        return Waiting(len(waiting), tuple(waiting[:limit]))

    def recent(self, n: int, *, simulated: bool) -> list[RecordedPart]:
        self._fail()
        return [part for part in reversed(self.parts) if part.simulated is simulated][:n]

    def picture(self, inspection_id: int) -> Image | None:
        self._fail()
        return self.pictures.get(inspection_id)

    def give_feedback(self, inspection_id: int, verdict: FeedbackVerdict) -> int:
        self._fail()
        number = len(self.feedback) + 1
        self.feedback[number] = (inspection_id, verdict)
        return number

    def withdraw_feedback(self, feedback_id: int) -> int:
        self._fail()
        self.withdrawn.append(feedback_id)
        return feedback_id + 1000

    def add_event(self, kind: EventKind, **detail: Any) -> int:
        self._fail()
        self.events.append((kind, detail))
        return len(self.events)

    def add_not_inspecting(
        self, began_at: datetime, ended_at: datetime, reason: NotInspectingReason, detail: str = ""
    ) -> int:
        self._fail()
        self.spans.append((began_at, ended_at, reason, detail))
        return len(self.spans)

    def recent_changes(self, n: int) -> list[Change]:
        self._fail()
        return list(reversed(self.changes))[:n]

    def took(self, inspection_id: int, inspection: Inspection) -> None:
        """Write a part down, as the worker does before it announces it."""
        self.parts.append(a_recorded_part(inspection_id, inspection))

    def _final(self, part: RecordedPart) -> str:
        said = [
            verdict
            for number, (inspection_id, verdict) in self.feedback.items()
            if inspection_id == part.id
            and number not in self.withdrawn
            and verdict is not FeedbackVerdict.UNSURE
        ]
        return said[-1] if said else part.outcome

    def _fail(self) -> None:
        if self.failing:
            raise RecordsError("The record could not be written: the disk is full. Free some.")


def a_recorded_part(inspection_id: int, inspection: Inspection) -> RecordedPart:
    origin = inspection.frame.origin
    outcome = Outcome.of(inspection.verdict)
    return RecordedPart(
        id=inspection_id,
        station="line-1",
        part_id=origin.part_id,
        taken_at=origin.taken_at,
        outcome=outcome,
        final=outcome,
        feedback=(),
        fault_kind=None,
        fault_reason=None,
        score=inspection.score,
        limits=inspection.limits,
        release_id=inspection.release_id,
        regions=inspection.regions,
        stage_ms=inspection.stage_ms,
        health=inspection.health,
        map=None,
        picture=None,
        source=origin.source,
        file=None,
        attempt=origin.attempt,
        simulated=origin.simulated,
        lot="4711",
        recipe="ring",
        person="local",
        hash="",
    )


def an_image(*, width: int = 64, height: int = 48, grey: int = 120) -> Image:
    return np.full((height, width, 3), grey, np.uint8)


def a_map(peak: float, *, size: int = 56, at: tuple[int, int] = (20, 30)) -> ShownMap:
    """A blob of height `peak` on a low ground."""
    y, x = np.mgrid[:size, :size]
    blob = np.exp(-((x - at[1]) ** 2 + (y - at[0]) ** 2) / (2 * (size / 14) ** 2))
    return (0.4 + (peak - 0.4) * blob).astype(np.float32)


def an_origin(
    number: int = 1, *, simulated: bool = False, part_id: str | None = None, attempt: int = 1
) -> Origin:
    return Origin(
        source="simulator" if simulated else "folder",
        part_id=part_id or f"{number:06}",
        taken_at=NOON + timedelta(seconds=number),
        number=number,
        simulated=simulated,
        sha256=None,
        attempt=attempt,
    )


def an_inspection(
    verdict: Verdict = Verdict.OK,
    *,
    number: int = 1,
    simulated: bool = False,
    image: Image | None = None,
    shown_map: ShownMap | None = None,
    limits: Limits = LIMITS,
    origin: Origin | None = None,
    health: HealthReading | None = None,
) -> Inspection:
    """An inspection whose score fits its verdict."""
    score = {Verdict.OK: 1.7, Verdict.REVIEW: 3.05, Verdict.NG: 4.31}[verdict]
    peak = {Verdict.OK: 1.1, Verdict.REVIEW: 2.2, Verdict.NG: 3.9}[verdict]
    return Inspection(
        frame=Frame(
            an_image() if image is None else image,
            origin or an_origin(number, simulated=simulated),
        ),
        score=score,
        map=None,
        shown_map=a_map(peak) if shown_map is None else shown_map,
        regions=(),
        limits=limits,
        verdict=verdict,
        release_id="r-0001",
        stage_ms={"preprocess": 2.0, "method": 20.0, "map": 1.0, "judge": 0.1},
        health=health,
    )


def a_fault(number: int = 1, *, simulated: bool = False) -> Fault:
    return Fault(
        an_origin(number, simulated=simulated),
        FaultKind.PICTURE,
        "The picture is cut off after 12 kB. Copy the file again.",
    )
