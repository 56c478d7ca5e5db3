"""What the operator's page asks of the record."""

from __future__ import annotations

from typing import Any, Protocol

from engine.types import Image
from workstation.records.changes import Change
from workstation.records.parts import RecordedPart
from workstation.records.shifts import Shift
from workstation.records.statistics import ShiftCounts, Waiting
from workstation.records.words import EventKind, FeedbackVerdict


class Record(Protocol):
    """Answers at once (short, indexed reads); every method may raise `RecordsError`.

    Counts and lists hold either the simulated parts or the real ones, never both.
    """

    @property
    def lot(self) -> str:
        """The lot written on every row; empty when none was named."""
        ...

    @lot.setter
    def lot(self, lot: str) -> None: ...

    def shift(self) -> Shift:
        """Say which shift runs now."""
        ...

    def shift_counts(self, shift: Shift, *, simulated: bool) -> ShiftCounts:
        """Count the parts of a shift."""
        ...

    def lot_count(self, lot: str, *, simulated: bool) -> int:
        """Count the parts of a lot."""
        ...

    def waiting(self, shift: Shift, *, simulated: bool, limit: int) -> Waiting:
        """Give the NG and REVIEW parts of a shift on which nobody has said anything."""
        ...

    def recent(self, n: int, *, simulated: bool) -> list[RecordedPart]:
        """Give the newest `n` parts, newest first."""
        ...

    def picture(self, inspection_id: int) -> Image | None:
        """Give the kept picture of a part; None where none was kept or it cannot be read."""
        ...

    def give_feedback(self, inspection_id: int, verdict: FeedbackVerdict) -> int:
        """Write down what a person said of a part; gives the id of the feedback."""
        ...

    def withdraw_feedback(self, feedback_id: int) -> int:
        """Append the withdrawal of a feedback; gives the withdrawal's own id."""
        ...

    def add_event(self, kind: EventKind, **detail: Any) -> int:
        """Write down something that happened at the station; gives the event's id."""
        ...

    def recent_changes(self, n: int) -> list[Change]:
        """Give the last `n` changes of limit, lot, release, source or device, newest first."""
        ...
