"""What people and triggers ask of a camera: one picture each, and the code of the next part."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

DEPTH = 8
"""Triggers that may wait; each one beyond is a fault."""


@dataclass(frozen=True, slots=True)
class Order:
    """One picture that was asked for."""

    code: str | None
    """The code scanned for this part; None: none was."""
    asked_at: datetime
    """UTC."""
    asked_s: float = field(compare=False)
    """The same on the clock that never goes back, in seconds."""


class Orders:
    """A short queue between the window and the camera; every method may be called in any thread.

    A trigger must not wait for the inspection in hand, so it does not go through the engine's event
    loop: the camera's own thread looks here and keeps the first frame taken after the trigger.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Order] = deque()
        self._beyond: deque[Order] = deque()
        self._code: str | None = None
        self._late = 0

    @property
    def late(self) -> int:
        """Triggers that had to wait for an earlier one, or were turned away."""
        return self._late

    def scan(self, code: str) -> None:
        """Take the code of the next part; a second scan before the part replaces the first."""
        with self._lock:
            self._code = code

    def take_code(self) -> str | None:
        """Give the code scanned since the previous part, once; for a part nobody triggered."""
        with self._lock:
            code, self._code = self._code, None
            return code

    def trigger(self) -> None:
        """Ask for one picture, of the part whose code was scanned last."""
        with self._lock:
            code, self._code = self._code, None
            self._add(code)

    def trigger_again(self, code: str) -> None:
        """Ask for one more picture of a part that is known; a code just scanned stays."""
        with self._lock:
            self._add(code)

    def next(self) -> Order | None:
        """Take the oldest order; None when none waits."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def next_beyond(self) -> Order | None:
        """Take the oldest order that found the queue full: it becomes a fault."""
        with self._lock:
            return self._beyond.popleft() if self._beyond else None

    def drop_all(self) -> None:
        """Forget what waits: the source it was meant for is gone."""
        with self._lock:
            self._waiting.clear()
            self._beyond.clear()
            self._code = None

    def _add(self, code: str | None) -> None:
        order = Order(code=code, asked_at=datetime.now(UTC), asked_s=self._clock())
        self._late += bool(self._waiting)
        (self._waiting if len(self._waiting) < DEPTH else self._beyond).append(order)
