"""The time from one picture to the next, for sources that could always deliver."""

from __future__ import annotations

from collections.abc import Callable


class Pace:
    """Says when the next picture is due; the first one is due at once.

    A late turn is not made up for: after a pause one picture comes at once, then the pace is kept.
    """

    def __init__(self, interval_s: float, clock: Callable[[], float]) -> None:
        self._interval_s = interval_s
        self._clock = clock
        self._due = clock()

    def take_turn(self) -> bool:
        """Tell whether a picture is due now; if so, the next one is due an interval later."""
        now = self._clock()
        if now < self._due:
            return False
        late = now - self._due >= self._interval_s
        self._due = (now if late else self._due) + self._interval_s
        return True
