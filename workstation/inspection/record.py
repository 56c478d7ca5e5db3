"""What the operator's page asks of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from engine.types import Image, Limits
from workstation.records.words import EventKind, FeedbackVerdict, Outcome


@dataclass(frozen=True, slots=True)
class Counts:
    """Parts of one shift, each by its last attempt."""

    ok: int = 0
    review: int = 0
    ng: int = 0
    faults: int = 0
    final_ok: int = 0
    """Parts whose final verdict is OK."""

    @property
    def parts(self) -> int:
        """Parts taken for inspection."""
        return self.judged + self.faults

    @property
    def judged(self) -> int:
        """Parts with a verdict."""
        return self.ok + self.review + self.ng

    @property
    def yield_share(self) -> float | None:
        """Final OK over all judged; None before the first."""
        return self.final_ok / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Shift:
    """A named span of the local day."""

    name: str
    """Such as "14–22"."""
    starts_at: datetime
    """UTC."""
    ends_at: datetime
    """UTC."""


@dataclass(frozen=True, slots=True)
class PastPart:
    """A part as it stands in the record."""

    inspection_id: int
    part_id: str
    taken_at: datetime
    outcome: Outcome
    score: float | None = None
    limits: Limits | None = None
    reason: str = ""
    """Of a fault; empty otherwise."""
    simulated: bool = False


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

    def shift_counts(self, *, simulated: bool) -> Counts:
        """Count the parts of the shift that runs now."""
        ...

    def lot_count(self, lot: str, *, simulated: bool) -> int:
        """Count the parts of a lot."""
        ...

    def waiting_count(self, *, simulated: bool) -> int:
        """Count NG and REVIEW parts on which nobody has said anything."""
        ...

    def waiting(self, n: int, *, simulated: bool) -> tuple[PastPart, ...]:
        """Give the newest `n` of them, newest first."""
        ...

    def recent(self, n: int, *, simulated: bool) -> tuple[PastPart, ...]:
        """Give the newest `n` parts, newest first."""
        ...

    def picture(self, inspection_id: int) -> Image | None:
        """Give the kept picture of a part; None where none was kept or it cannot be read."""
        ...

    def give_feedback(self, inspection_id: int, verdict: FeedbackVerdict) -> int:
        """Write down what a person said of a part; gives the id of the feedback."""
        ...

    def withdraw_feedback(self, feedback_id: int) -> None:
        """Append the withdrawal of a feedback."""
        ...

    def add_event(self, kind: EventKind, **detail: Any) -> None:
        """Write down something that happened at the station."""
        ...
