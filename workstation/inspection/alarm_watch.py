"""Notices when too many of the last parts were no OK: the line, not the parts, may have changed."""

from __future__ import annotations

from collections import deque

from workstation.records.words import Outcome


class AlarmWatch:
    """Counts NG, REVIEW and fault among the last parts, and speaks once.

    ::

        quiet --limit reached--> raised --half of it or less--> quiet

    It stays raised until the count has fallen to half the limit, or a count that moves about the
    limit would speak again and again.
    """

    def __init__(self, *, limit: int = 5, of: int = 10) -> None:
        """Speak when `limit` of the last `of` parts were no OK; ``1 <= limit <= of``."""
        self.limit = limit
        self.of = of
        self.raised = False
        self._last: deque[bool] = deque(maxlen=of)

    @property
    def alarms(self) -> int:
        """How many of the last parts were no OK."""
        return sum(self._last)

    @property
    def parts(self) -> int:
        """How many parts are looked at; fewer than `of` only after a start."""
        return len(self._last)

    def took(self, outcome: Outcome) -> bool:
        """Take in the next part; True when it makes the alarms too many."""
        self._last.append(outcome is not Outcome.OK)
        if self.raised:
            self.raised = self.alarms > self.limit // 2
            return False
        self.raised = self.alarms >= self.limit
        return self.raised

    def forget(self) -> None:
        """Begin anew, such as when the line is started: what was wrong may have been mended."""
        self._last.clear()
        self.raised = False
