"""The newest frame of a camera, and how many were never taken."""

from __future__ import annotations

import threading
from collections import deque

from engine.sources.camera.captured import Captured

RATE_S = 3.0
"""The frame rate is measured over so many seconds."""


class NewestFrame:
    """A place for one frame between the camera's thread and the engine's; it never queues."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: Captured | None = None
        self._offered: Captured | None = None
        self._skipped = 0
        self._times: deque[float] = deque()

    @property
    def skipped(self) -> int:
        """Frames on offer that were overwritten before they were taken."""
        return self._skipped

    @property
    def newest(self) -> Captured | None:
        """The newest frame, taken or not; None before the first."""
        return self._newest

    @property
    def on_offer(self) -> bool:
        """Whether `take` would give a frame."""
        return self._offered is not None

    def show(self, captured: Captured) -> None:
        """Keep a frame for people to look at, and count it for the frame rate."""
        with self._lock:
            self._newest = captured
            self._times.append(captured.captured_s)
            while self._times[0] < captured.captured_s - RATE_S:
                self._times.popleft()

    def offer(self, captured: Captured, *, count: bool) -> None:
        """Put a frame up for inspection; one still there is overwritten, and skipped if `count`."""
        with self._lock:
            self._skipped += count and self._offered is not None
            self._offered = captured

    def take(self) -> Captured | None:
        """Give the frame on offer, once."""
        with self._lock:
            captured, self._offered = self._offered, None
            return captured

    def frames_per_s(self, now_s: float) -> float:
        """Measure the frame rate over the last seconds; 0 when no frame came in them."""
        with self._lock:
            recent = [time for time in self._times if time >= now_s - RATE_S]
        if len(recent) < 2:
            return 0.0
        # Divided up to now, not up to the last frame: a camera that stops is seen to slow down.
        return (len(recent) - 1) / max(now_s - recent[0], 1e-3)
