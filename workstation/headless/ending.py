"""When a run without people ends, and whether it did what was asked."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.sources.base import SourceStatus
from engine.types import EngineState, Fault
from workstation.running import RunningStation


class Ending(QObject):
    """Follows a run to its end: all parts, nothing more to come, a signal, or what cannot go on.

    Signals
    -------
    due
        The run is to end in order; once. The part in hand is still to come.

    Attributes
    ----------
    reason
        Why it ends, for people; empty while it goes on.
    failure
        Why what was asked could not be done, for people; empty where it was.
    """

    due = Signal()

    def __init__(self, *, endless: bool = False, until_empty: bool = False) -> None:
        """Follow nobody yet.

        Parameters
        ----------
        endless
            No end was asked for, so that a signal is an end like any other.
        until_empty
            End when the source was looked through and holds nothing new.
        """
        super().__init__()
        self.reason = ""
        self.failure = ""
        self._endless = endless
        self._until_empty = until_empty
        self._able = True
        self._unrecorded: str | None = None

    def follow(self, running: RunningStation) -> None:
        """Connect to what the engine and its watchdog say."""
        worker = running.engine.worker
        worker.state_changed.connect(self._hear_state)
        worker.faulted.connect(self._hear_fault)
        worker.parts_done.connect(self._all_parts)
        worker.source_changed.connect(self._hear_source)
        worker.fit_ended.connect(self._hear_fit)
        for failures in (worker.refused, running.watchdog.hung, running.refused, running.failed):
            failures.connect(self.give_up)
        running.ended.connect(self._check_the_record)
        self.due.connect(running.end)

    def interrupt(self, signal_name: str) -> None:
        """End because of a signal; may be called between any two instructions of this thread."""
        reason = f"Ended by {signal_name}"
        if self._endless:
            QTimer.singleShot(0, self, partial(self._end, f"{reason}."))
        else:
            sentence = f"{reason} before all parts were inspected."
            QTimer.singleShot(0, self, partial(self.give_up, sentence))

    @Slot(str)
    def give_up(self, sentence: str) -> None:
        """End a run that cannot go on; what follows from the first failure is not told."""
        if not self.failure:
            self.failure = sentence
        self._end(sentence)

    def _end(self, reason: str) -> None:
        if not self.reason:
            self.reason = reason
            self.due.emit()

    @Slot()
    def _all_parts(self) -> None:
        self._end("All parts that were asked for are inspected.")

    @Slot(object)
    def _hear_source(self, status: SourceStatus) -> None:
        """End where there is nothing to wait for, even with fewer parts than asked for."""
        if status.exhausted:
            self._end("The source has no further picture.")
        elif self._until_empty and status.empty and self._able:
            self._end("There is nothing new.")

    @Slot(object, str)
    def _hear_fit(self, release: object | None, sentence: str) -> None:
        if release is None:
            self.give_up(sentence)

    @Slot(object, str)
    def _hear_state(self, state: EngineState, _sentence: str) -> None:
        self._able = state is not EngineState.ERROR
        if state not in (EngineState.ERROR, EngineState.HALTED):
            self._unrecorded = None

    @Slot(int, object)
    def _hear_fault(self, number: int, fault: Fault) -> None:
        if number == 0:
            self._unrecorded = fault.origin.part_id

    @Slot()
    def _check_the_record(self) -> None:
        if self._unrecorded is not None and not self.failure:
            self.failure = (
                f"Part {self._unrecorded} may not be in the record, which could not be written to "
                "the end. Set the part aside."
            )
