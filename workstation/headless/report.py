"""From the engine's facts to what a terminal, a log or another program is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QObject, QTimer, Slot

from engine.releases.folder import Release
from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault, FitStep, Inspection
from workstation.headless.tally import Tally
from workstation.records.words import Outcome
from workstation.running import RunningStation

REFRESH_MS = 250


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended."""

    reason: str
    """Why it ended, for people."""
    failure: str
    """Why what was asked could not be done, for people; empty where it was."""
    exit_code: int
    summary: str
    """The run's figures, label then number, one a line."""


class Teller(Protocol):
    """Tells of a run in its own way. Nothing may wait here: the engine's facts keep coming."""

    def part(self, number: int, found: Inspection | Fault, outcome: Outcome) -> None:
        """Tell of a part; `number` is its row in the record, 0 where it could not be written."""
        ...

    def state(self, state: EngineState, sentence: str) -> None:
        """Tell of another state of the engine."""
        ...

    def release(self, release: Release) -> None:
        """Tell what judges from now on."""
        ...

    def source(self, status: SourceStatus) -> None:
        """Hear what the source says, about twice a second."""
        ...

    def fit(self, step: FitStep | None) -> None:
        """Tell how far a fit has come; None: it has ended."""
        ...

    def say(self, sentence: str) -> None:
        """Tell a person that something could not be done, while the run goes on."""
        ...

    def ending(self, reason: str) -> None:
        """Tell that the run is about to end; the part in hand is still to come."""
        ...

    def ended(self, end: RunEnd) -> None:
        """Tell how the run ended; nothing comes after it."""
        ...

    def refresh(self) -> None:
        """Bring up to date what is shown; called four times a second."""
        ...


class Report(QObject):
    """Counts the parts of a run and hands every fact to one teller."""

    def __init__(self, teller: Teller, tally: Tally) -> None:
        super().__init__()
        self._teller = teller
        self._tally = tally
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh)

    def follow(self, running: RunningStation) -> None:
        """Connect to what the engine says."""
        worker = running.engine.worker
        worker.inspected.connect(self._part)
        worker.faulted.connect(self._part)
        worker.state_changed.connect(self._state)
        worker.release_changed.connect(self._release)
        worker.source_changed.connect(self._source)
        worker.fit_progressed.connect(self._fit)
        worker.fit_ended.connect(self._fit_ended)
        running.told.connect(self._say)
        running.ended.connect(self._timer.stop)
        self._timer.start()

    @Slot(int, object)
    def _part(self, number: int, found: Inspection | Fault) -> None:
        self._teller.part(number, found, self._tally.add(found))

    @Slot(object, str)
    def _state(self, state: EngineState, sentence: str) -> None:
        self._teller.state(state, sentence)

    @Slot(object)
    def _release(self, release: Release) -> None:
        self._teller.release(release)

    @Slot(object)
    def _source(self, status: SourceStatus) -> None:
        self._teller.source(status)

    @Slot(object)
    def _fit(self, step: FitStep) -> None:
        self._teller.fit(step)

    @Slot(object, str)
    def _fit_ended(self, _release: object, _sentence: str) -> None:
        self._teller.fit(None)

    @Slot(str)
    def _say(self, sentence: str) -> None:
        self._teller.say(sentence)

    @Slot()
    def _refresh(self) -> None:
        self._teller.refresh()
