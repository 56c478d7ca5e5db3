"""When and why nothing is inspected: shown while it lasts, written down when it ends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Slot

from engine.types import EngineState, Fault
from workstation.records.errors import RecordsError
from workstation.records.words import NotInspectingReason as Reason

if TYPE_CHECKING:  # importing it for real would load torch into every test of the page
    from engine.worker import EngineWorker

SHORTEST_S = 3.0
"""A lost camera is noticed within so long, so nothing shorter can be told from a late picture."""

log = logging.getLogger(__name__)


class WriteSpan(Protocol):
    """Writes a span without inspection down; `workstation.records.store.Store` has it."""

    def __call__(
        self, began_at: datetime, ended_at: datetime, reason: Reason, detail: str = ""
    ) -> int:
        """Give the row's number; raises `RecordsError` where it could not be written."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """A span without inspection."""

    reason: Reason
    detail: str
    """A sentence for people; empty where the reason says all."""
    began_at: datetime
    began_s: float
    """The same on the clock that never goes back."""
    ended_at: datetime | None = None
    """None while it lasts."""


class Standstill(QObject):
    """Follows what the engine says of itself; each reason that holds becomes one row of the record.

    ::

        inspecting --a reason--> standing --another reason--> standing --none--> inspecting
                                     |  a row, if 3 s long            |  a row

    Short spans: a reason that held for less than 3 s joins the one that follows it, or else the one
    before, so that a standstill has no gap; a whole standstill of less than 3 s is not written. The
    page shows each from its first moment all the same.

    The time from the record's last sign of life until the engine is ready to speak counts as
    "not running". An orderly end writes what is open; where parts were being inspected until then,
    it leaves a span of no length, from which the next start counts.
    """

    def __init__(
        self,
        write: WriteSpan,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._write = write
        self._clock = clock
        self._now = now
        self._open: Standing | None = None
        self._before: Standing | None = None
        self._unwritten: list[Standing] = []
        self._since: datetime | None = None
        self._starting = False
        self._over = False
        self._fitting = False
        self._hung = ""
        self._locked = False
        self._unrecorded = False
        self._state: tuple[EngineState, str] | None = None

    @property
    def since(self) -> datetime | None:
        """When this run stopped inspecting, for whatever reasons since; None while it inspects."""
        return self._since

    @property
    def standing(self) -> Standing | None:
        """Why nothing is inspected now; None while it is."""
        return self._open

    def follow(self, worker: EngineWorker) -> None:
        """Connect to what the engine says; the hangs come from the watchdog."""
        worker.state_changed.connect(self.state_changed)
        worker.faulted.connect(self.faulted)
        worker.beat.connect(self.look)
        worker.fit_progressed.connect(self.fit_progressed)
        worker.fit_ended.connect(self.fit_ended)
        for settled in (worker.release_changed, worker.refused):
            settled.connect(self.settled)

    def begin(self, last_sign_of_life: datetime | None) -> None:
        """Write the time since the record's newest row as not running; None: a new record.

        At once: this start may be cut off too, and the next counts from the newest row again.
        """
        now, now_s = self._now(), self._clock()
        began_at = min(last_sign_of_life or now, now)
        gap_s = (now - began_at).total_seconds()
        gap = Standing(Reason.NOT_RUNNING, "", began_at, now_s - gap_s, ended_at=now)
        if not self._short(gap):
            self._keep(gap)
        self._open = Standing(Reason.NOT_RUNNING, "", now, now_s)
        self._since, self._starting = now, True

    def end(self) -> None:
        """Write what is open; the program ends in order."""
        standing = self._open is not None
        self._change(None)
        if not standing:
            now = self._now()
            self._keep(Standing(Reason.NOT_RUNNING, "", now, self._clock(), ended_at=now))
        self._over = True

    @Slot(object, str)
    def state_changed(self, state: EngineState, sentence: str) -> None:
        """Hear in which state the engine is."""
        self._state = (state, sentence)
        self._unrecorded &= state is EngineState.ERROR
        self._follow_all()

    @Slot(int, object)
    def faulted(self, inspection_id: int, _fault: Fault) -> None:
        """Hear of a fault; one without a number could not be written down."""
        self._unrecorded = inspection_id == 0

    @Slot()
    def fit_progressed(self) -> None:
        """Hear that a release is being fitted."""
        if not self._fitting:
            self._fitting = True
            self._starting = False
            self._follow_all()

    @Slot()
    def fit_ended(self) -> None:
        """Hear that no release is being fitted any more."""
        self._fitting = False
        self._follow_all()

    @Slot()
    def settled(self) -> None:
        """Hear that the last release was opened or refused: the start is over."""
        if self._starting:
            self._starting = False
            self._follow_all()

    @Slot(str)
    def engine_hung(self, sentence: str) -> None:
        """Hear that the engine does not answer."""
        self._hung = sentence
        self._follow_all()

    @Slot(str)
    def engine_answered(self, _sentence: str) -> None:
        """Hear that the engine answers again."""
        self._hung = ""
        self._follow_all()

    @Slot(bool)
    def lock(self, locked: bool) -> None:
        """Hear that nobody may inspect until somebody signs in, or that somebody has."""
        self._locked = locked
        self._follow_all()

    @Slot()
    def look(self) -> None:
        """Write down what has become certain; called while the engine's event loop turns."""
        if self._before is not None and self._open is not None and not self._short(self._open):
            before, self._before = self._before, None
            self._keep(before)
        elif self._unwritten:
            self._write_all()

    def _follow_all(self) -> None:
        """Choose the reason that holds now; the one nearest to the cause comes first."""
        state, sentence = self._state or (None, "")
        if self._over or state is EngineState.HALTED:
            return
        if self._hung:
            self._change(Reason.ENGINE_FAULT, self._hung)
        elif state is EngineState.ERROR:
            reason = Reason.NO_RECORD if self._unrecorded else Reason.NO_SOURCE
            self._change(reason, sentence)
        elif self._locked:
            self._change(Reason.LOCKED)
        elif self._starting and state in (
            None,
            EngineState.PREOPERATIONAL,
            EngineState.INITIALIZED,
        ):
            return
        else:
            self._change(_reason_of(state, fitting=self._fitting))

    def _change(self, reason: Reason | None, detail: str = "") -> None:
        now, open_ = self._now(), self._open
        self._starting = False
        if open_ is not None and open_.reason is reason:
            return
        began_at, began_s = now, self._clock()
        if open_ is not None:
            if not self._short(open_):
                self._keep_before()
                self._before = replace(open_, ended_at=now)
            elif reason is not None:
                began_at, began_s = open_.began_at, open_.began_s
            elif self._before is not None:
                self._before = replace(self._before, ended_at=now)
        if reason is None:
            self._keep_before()
            self._open = self._since = None
            return
        if self._before is not None and self._before.reason is reason:
            began_at, began_s = self._before.began_at, self._before.began_s
            self._before = None
        self._open = Standing(reason, detail, began_at, began_s)
        self._since = self._since or now

    def _short(self, standing: Standing) -> bool:
        return self._clock() - standing.began_s < SHORTEST_S

    def _keep_before(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            self._keep(before)

    def _keep(self, standing: Standing) -> None:
        self._unwritten.append(standing)
        self._write_all()

    def _write_all(self) -> None:
        """Write in order; what cannot be written now is tried again twice a second."""
        while self._unwritten:
            first = self._unwritten[0]
            assert first.ended_at is not None
            try:
                self._write(first.began_at, first.ended_at, first.reason, first.detail)
            except RecordsError as error:
                log.warning("a span without inspection could not be written yet: %s", error)
                return
            del self._unwritten[0]


def _reason_of(state: EngineState | None, *, fitting: bool) -> Reason | None:
    match state:
        case EngineState.SINGLE_EXECUTION | EngineState.CONTINUOUS_EXECUTION:
            return None
        case EngineState.READY:
            return Reason.STOPPED
        case EngineState.INITIALIZED:
            return Reason.NO_RELEASE
        case _:
            return Reason.NO_RELEASE if fitting else Reason.NO_SOURCE
