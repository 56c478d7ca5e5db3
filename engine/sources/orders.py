"""What people and triggers ask of a camera: one picture each, and the code of the next part."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from engine.sources.camera.captured import Captured

DEPTH = 8
"""Triggers that may wait, with or without their picture; each one beyond is a fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """One picture that was asked for."""

    code: str | None
    """The code scanned for this part; None: none was."""
    asked_at: datetime
    """UTC."""
    asked_s: float
    """The same on the clock that never goes back, in seconds."""
    picture: Captured | None = None
    """None until the camera has delivered it."""


class Orders:
    """A short queue between the window and the camera; every method may be called in any thread.

    A trigger must not wait for the inspection in hand, so it does not go through the engine's event
    loop: the camera's own thread looks here and serves each order with the first frame after it::

        trigger --> waiting --a frame came--> served --next--> taken for inspection
            |          +-- none came in time --next_unserved--> fault
            +-- DEPTH are there already --next_beyond--> fault

    A place in the queue is free again when its picture is taken, not when the camera delivered it.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Order] = deque()
        self._served: deque[Order] = deque()
        self._beyond: deque[Order] = deque()
        self._code: str | None = None
        self._late = 0
        self._paused = False

    @property
    def late(self) -> int:
        """Triggers that had to wait for an earlier one, or were turned away."""
        return self._late

    @property
    def count(self) -> int:
        """Pictures that were asked for and not yet taken."""
        return len(self._waiting) + len(self._served)

    @property
    def owed(self) -> int:
        """Parts that will come of what was asked for, as pictures or as faults."""
        return self.count + len(self._beyond)

    @property
    def paused(self) -> bool:
        """Whether the line is stopped."""
        return self._paused

    def pause(self) -> None:
        """Take no orders for new parts: the line is stopped. What was ordered before stays."""
        self._paused = True

    def resume(self) -> None:
        """Take orders for new parts again; so it is from the beginning."""
        self._paused = False

    def scan(self, code: str) -> None:
        """Take the code of the next part; a second scan before the part replaces the first."""
        with self._lock:
            self._code = code

    def take_code(self) -> str | None:
        """Give the code scanned since the previous part, once; for a part nobody triggered."""
        with self._lock:
            return self._given_code()

    def trigger(self) -> None:
        """Ask for one picture, of the part whose code was scanned last; not while paused."""
        with self._lock:
            if not self._paused:
                self._add(self._given_code())

    def trigger_again(self, code: str) -> None:
        """Ask for one more picture of a part that is known; a code just scanned stays."""
        with self._lock:
            self._add(code)

    def add_served(self, picture: Captured) -> None:
        """Order the picture that is there already, for a part that was seen to lie still."""
        with self._lock:
            self._add(self._given_code(), picture)

    def serve(self, picture: Captured) -> bool:
        """Give a frame to the oldest order that was there before it; False when there is none.

        Called by the camera's thread for every frame.
        """
        with self._lock:
            if not self._waiting or self._waiting[0].asked_s > picture.began_s:
                return False
            self._served.append(replace(self._waiting.popleft(), picture=picture))
            return True

    def next(self) -> Order | None:
        """Take the oldest order that has its picture; None when there is none."""
        with self._lock:
            return self._served.popleft() if self._served else None

    def put_back(self, order: Order) -> None:
        """Return an order that was taken and came to nothing, before all others."""
        with self._lock:
            self._served.appendleft(order)

    def next_unserved(self, after_s: float) -> Order | None:
        """Take the oldest order for which no frame came within `after_s`: it becomes a fault."""
        with self._lock:
            late = self._waiting and self._clock() - self._waiting[0].asked_s >= after_s
            return self._waiting.popleft() if late else None

    def next_beyond(self) -> Order | None:
        """Take the oldest order that found the queue full: it becomes a fault."""
        with self._lock:
            return self._beyond.popleft() if self._beyond else None

    def drop_all(self) -> list[Order]:
        """Give up what waits, because the source it was meant for is gone: each becomes a fault."""
        with self._lock:
            left = [*self._served, *self._waiting, *self._beyond]
            self._served.clear()
            self._waiting.clear()
            self._beyond.clear()
            self._code = None
            return left

    def _given_code(self) -> str | None:
        code, self._code = self._code, None
        return code

    def _add(self, code: str | None, picture: Captured | None = None) -> None:
        order = Order(code, datetime.now(UTC), self._clock(), picture)
        self._late += self.count > 0
        if self.count >= DEPTH:
            self._beyond.append(replace(order, picture=None))  # a picture each could fill memory
        elif picture is None:
            self._waiting.append(order)
        else:
            self._served.append(order)
