"""The station's record, as the operator's page asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from engine.decoding import decode
from engine.errors import PictureError
from engine.types import Image
from workstation.records.changes import Change
from workstation.records.parts import RecordedPart
from workstation.records.shifts import Shift, shift_at
from workstation.records.statistics import ShiftCounts, Statistics, Waiting
from workstation.records.store import Store
from workstation.records.words import EventKind, FeedbackVerdict
from workstation.settings import ShiftSpan


def utc_now() -> datetime:
    """Give the present time."""
    return datetime.now(UTC)


class StationRecord:
    """A `Record` made of the store that writes and the statistics that read."""

    def __init__(
        self,
        store: Store,
        statistics: Statistics,
        *,
        shifts: Sequence[ShiftSpan],
        remember_lot: Callable[[str], None] = lambda lot: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._statistics = statistics
        self._shifts = shifts
        self._remember_lot = remember_lot
        self._now = now

    @property
    def lot(self) -> str:
        """The lot written on every row."""
        return self._store.lot

    @lot.setter
    def lot(self, lot: str) -> None:
        self._store.lot = lot
        self._remember_lot(lot)

    def shift(self) -> Shift:
        """Say which shift runs now."""
        return shift_at(self._now(), self._shifts)

    def shift_counts(self, shift: Shift, *, simulated: bool) -> ShiftCounts:
        """Count the parts of a shift."""
        return self._statistics.shift_counts(shift, simulated=simulated)

    def lot_count(self, lot: str, *, simulated: bool) -> int:
        """Count the parts of a lot."""
        return self._statistics.lot_count(lot, simulated=simulated)

    def waiting(self, shift: Shift, *, simulated: bool, limit: int) -> Waiting:
        """Give the NG and REVIEW parts of a shift on which nobody has said anything."""
        return self._statistics.waiting(shift, simulated=simulated, limit=limit)

    def recent(self, n: int, *, simulated: bool) -> list[RecordedPart]:
        """Give the newest `n` parts, newest first."""
        return self._statistics.recent(n, simulated=simulated)

    def picture(self, inspection_id: int) -> Image | None:
        """Read the archived picture; None where none was kept or it cannot be read."""
        path = self._statistics.inspection(inspection_id).picture
        if path is None:
            return None
        try:
            return decode(path.read_bytes(), path.name)
        except (OSError, PictureError):
            # The part can be judged without it; `loupe records verify` reports the loss.
            return None

    def give_feedback(self, inspection_id: int, verdict: FeedbackVerdict) -> int:
        """Write down what a person said of a part."""
        return self._store.give_feedback(inspection_id, verdict)

    def withdraw_feedback(self, feedback_id: int) -> int:
        """Append the withdrawal of a feedback."""
        return self._store.withdraw_feedback(feedback_id)

    def add_event(self, kind: EventKind, **detail: Any) -> int:
        """Write down something that happened at the station."""
        return self._store.add_event(kind, **detail)

    def recent_changes(self, n: int) -> list[Change]:
        """Give the last `n` changes of limit, lot, release, source or device, newest first."""
        return self._statistics.recent_changes(n)
