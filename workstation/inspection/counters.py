"""Counters of this shift: read from the record, carried on in memory until they are read again."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from workstation.records.statistics import ShiftCounts
from workstation.records.words import Outcome

RATE_OVER_S = 60.0
_MOST_TIMES = 6000


class ShiftCounters:
    """Counts parts as they are announced; what people say of them only the record can count."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: deque[float] = deque(maxlen=_MOST_TIMES)
        self.counts = ShiftCounts()
        self.lot_parts = 0

    def load(self, counts: ShiftCounts, *, lot_parts: int) -> None:
        """Take over what the record holds."""
        self.counts, self.lot_parts = counts, lot_parts

    def add(self, outcome: Outcome) -> None:
        """Count one more part."""
        c = self.counts
        match outcome:
            case Outcome.OK:
                self.counts = replace(c, ok=c.ok + 1, final_ok=c.final_ok + 1)
            case Outcome.REVIEW:
                self.counts = replace(c, review=c.review + 1)
            case Outcome.NG:
                self.counts = replace(c, ng=c.ng + 1)
            case Outcome.FAULT:
                self.counts = replace(c, faults=c.faults + 1)
        self.lot_parts += 1
        self._times.append(self._clock())

    def line_started(self) -> None:
        """Forget the pace of before a stop."""
        self._times.clear()

    def parts_per_min(self) -> float | None:
        """Give the pace over the last minute; None until two parts have come in it."""
        now = self._clock()
        while self._times and now - self._times[0] > RATE_OVER_S:
            self._times.popleft()
        if len(self._times) < 2:
            return None
        # From the first to the last there are n - 1 takts; a line that has gone quiet slows down.
        takt = (self._times[-1] - self._times[0]) / (len(self._times) - 1)
        quiet = now - self._times[-1]
        span = (len(self._times) - 1) * takt + max(quiet - takt, 0.0)
        return 60.0 * (len(self._times) - 1) / span if span > 0 else None
