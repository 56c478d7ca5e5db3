"""Which part the three keys judge: always the one whose id stands beside them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from workstation.inspection.seen_part import SeenPart
from workstation.records.words import FeedbackVerdict

GUARD_S = 0.7
"""After the pane has changed by itself, keys are refused for so long: a finger already on its way
down must not judge a part its owner has not seen."""
UNDO_S = 10.0
KEPT_IN_MEMORY = 8
"""Waiting parts held with their pictures; older ones come from the record when their turn comes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The last part a person judged."""

    part: SeenPart
    verdict: FeedbackVerdict
    feedback_id: int
    at_s: float
    """On the desk's clock."""


class JudgingDesk:
    """Holds one part and those that wait behind it. Writes nothing down itself.

    ::

        empty --NG/REVIEW arrives--> held --judged--> next waiting, or empty
                                      ^  <--undone (10 s)--
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed_at: float | None = None
        self._last: Judged | None = None
        self.held: SeenPart | None = None
        self.waiting: deque[SeenPart] = deque(maxlen=KEPT_IN_MEMORY)
        """Newest first, without the held one."""

    @property
    def guarded(self) -> bool:
        """True while the pane has only just changed by itself."""
        return self._changed_at is not None and self._clock() - self._changed_at < GUARD_S

    @property
    def undoable(self) -> Judged | None:
        """The last judgement, while it can still be undone."""
        if self._last is None or self._clock() - self._last.at_s >= UNDO_S:
            return None
        return self._last

    @property
    def undo_seconds_left(self) -> float:
        """Time left to undo; 0 when there is nothing to undo."""
        last = self.undoable
        return 0.0 if last is None else UNDO_S - (self._clock() - last.at_s)

    def arrived(self, part: SeenPart) -> None:
        """Take the newest NG or REVIEW part into the pane; the one before it waits."""
        if self.held is not None:
            self._put_back(self.held)
        self.held, self._changed_at = part, self._clock()

    def chosen(self, part: SeenPart) -> None:
        """Take the part a person chose into the pane; the one before it waits."""
        if self.held is not None and self.held.inspection_id != part.inspection_id:
            self._put_back(self.held)
        self._forget(part.inspection_id)
        self.held, self._changed_at = part, None

    def judged(self, verdict: FeedbackVerdict, *, feedback_id: int) -> None:
        """Note that the held part was judged; the newest waiting one takes its place."""
        if self.held is None:
            raise ValueError("There is no part in the pane to judge.")
        self._last = Judged(self.held, verdict, feedback_id, self._clock())
        self.held = self.waiting.popleft() if self.waiting else None
        self._changed_at = self._clock()

    def undone(self) -> None:
        """Note that the last judgement was withdrawn; its part comes back into the pane."""
        if self._last is None:
            raise ValueError("There is no judgement to undo.")
        part, self._last = self._last.part, None
        self.chosen(part)

    def refilled(self, parts: tuple[SeenPart, ...]) -> None:
        """Take over parts from the record, newest first, when none waits in memory."""
        known = set() if self.held is None else {self.held.inspection_id}
        known |= {part.inspection_id for part in self.waiting}
        self.waiting.extend(part for part in parts if part.inspection_id not in known)
        if self.held is None and self.waiting:
            self.held, self._changed_at = self.waiting.popleft(), self._clock()

    def superseded_by(self, part: SeenPart) -> None:
        """Let go of earlier attempts at a part that was inspected again: the last one counts."""
        for earlier in [p for p in self.waiting if part.comes_after(p)]:
            self.waiting.remove(earlier)
        if self.held is not None and part.comes_after(self.held):
            self.held = None

    def clear(self) -> None:
        """Forget everything, such as when the line changes from simulated to real parts."""
        self.held = self._last = self._changed_at = None
        self.waiting.clear()

    def replaced(self, part: SeenPart) -> None:
        """Take over a part's picture, read or made smaller since."""
        if self.held is not None and self.held.inspection_id == part.inspection_id:
            self.held = part
        for index, waiting in enumerate(self.waiting):
            if waiting.inspection_id == part.inspection_id:
                self.waiting[index] = part

    def _put_back(self, part: SeenPart) -> None:
        self._forget(part.inspection_id)
        self.waiting.appendleft(part)

    def _forget(self, inspection_id: int) -> None:
        for part in [p for p in self.waiting if p.inspection_id == inspection_id]:
            self.waiting.remove(part)
