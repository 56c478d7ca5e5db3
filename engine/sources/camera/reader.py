"""The thread that empties a camera: opens it, reads every frame, and tries again when it is lost.

A camera that is not read at its own pace delivers frames that are seconds old, so each open source
has a thread that does nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from engine.errors import SourceError
from engine.sources.camera.capture import Capture, OpenCapture
from engine.sources.camera.captured import Captured
from engine.sources.camera.freeze import Freeze
from engine.sources.camera.retry import DELAYS_S, Retry
from engine.sources.camera.settings import CameraSettings

MISSED_S = 0.5
"""Reads may fail for so long; one damaged picture does not make a camera lost."""
_MISSED_PAUSE_S = 0.02
_FAILED = "its driver failed in a way that nobody expected; the log says how"
JOIN_S = 2.0
"""A read that is under way is waited for; a station that is closed must not wait for longer."""


class Reader:
    """Delivers frames by calling `see` in a thread of its own.

    ::

               cannot be opened: wait 1, 2, 5, 10, 10 … s
                   +----+
                   v    |
        start --> CLOSED --opened--> OPEN --a frame: see(frame)--+
                   ^                 ^ |                         |
                   |                 +-|-------------------------+
                   +-------------------+--end of a video file--> ENDED
                     no frame for MISSED_S: wait 1 s;
                     end of a video file that is repeated

    Attributes
    ----------
    failure
        Why there is no picture, to follow "gives no picture:"; empty while there is one.
    retry_s
        Seconds from the last failure to the next try.
    settings
        How the camera works since it was opened last; None before.
    ended
        A video file was played to its end.
    busy_since_s
        Since when the driver is asked for something; None while nothing is asked.
    failed
        The thread ended by an error that nobody expected; it was reported like any other.
    """

    def __init__(
        self,
        open_capture: OpenCapture,
        see: Callable[[Captured], None],
        *,
        clock: Callable[[], float],
        repeat: bool = False,
    ) -> None:
        self._open_capture = open_capture
        self._see = see
        self._clock = clock
        self._repeat = repeat
        self._retry = Retry()
        self._capture: Capture | None = None
        self._freeze = Freeze()
        self._read_s = self._due_s = clock()
        self._frames = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self.failure = ""
        self.retry_s = 0.0
        self.settings: CameraSettings | None = None
        self.ended = False
        self.busy_since_s: float | None = None
        self.failed = False

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def abandon(self) -> None:
        """Deliver nothing more, without waiting for a driver that hangs.

        The thread ends, and closes the camera, when the driver answers.
        """
        self._stopped.set()

    def stop(self) -> bool:
        """End the thread and give the camera back; False: the driver hangs, see `abandon`."""
        self.abandon()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)
        if self._thread.is_alive():
            return False
        self._close()  # where `turn` was called without the thread
        return True

    def turn(self) -> float | None:
        """Open the camera, or read one frame; give the seconds to wait, None: for ever.

        Called by the reader's thread over and over; tests call it instead of `start`.
        """
        if self.ended:
            return None
        if self._capture is None:
            return self._try_open()
        began_s = self._clock()
        try:
            picture = self._capture.read()
        except SourceError as error:
            return self._lose(str(error))
        if self._stopped.is_set():
            return None
        now_s = self._clock()
        if picture is None:
            return self._miss(self._capture, now_s)
        live = self._capture.interval_s is None
        frozen_s = self._freeze.see(picture, now_s) if live else 0.0
        self._see(Captured(picture, began_s, now_s, datetime.now(UTC), frozen_s))
        self._read_s = now_s
        self._frames += 1
        self.failure = ""
        self._retry.start_again()
        return self._pace(self._capture, now_s)

    def _run(self) -> None:
        ended = False
        try:
            while not self._stopped.is_set():
                self.busy_since_s = self._clock()
                wait_s = self.turn()
                self.busy_since_s = None
                self._stopped.wait(wait_s)
            ended = True
        finally:
            self.busy_since_s = None
            if not ended:
                self.failure, self.retry_s = _FAILED, DELAYS_S[-1]
                self.failed = True
            self._close()

    def _try_open(self) -> float:
        try:
            self._capture = self._open_capture()
        except SourceError as error:
            return self._lose(str(error))
        self.settings = self._capture.settings
        self._freeze = Freeze()
        self._read_s = self._due_s = self._clock()
        self._frames = 0
        return 0.0

    def _miss(self, capture: Capture, now_s: float) -> float | None:
        """Go on after a read that failed; a video file is at its end then."""
        if capture.interval_s is not None and self._frames > 0:
            self._close()
            self.ended = not self._repeat
            return None if self.ended else 0.0
        if now_s - self._read_s < MISSED_S:
            return _MISSED_PAUSE_S
        return self._lose("it stopped; check that it has power and its cable or network")

    def _lose(self, reason: str) -> float:
        self._close()
        self.failure = reason
        self.retry_s = self._retry.next_s()
        return self.retry_s

    def _close(self) -> None:
        if self._capture is not None:
            self._capture.close()
            self._capture = None

    def _pace(self, capture: Capture, now_s: float) -> float:
        """Give the wait until the next frame of a video file is due; a camera sets its own pace."""
        if capture.interval_s is None:
            return 0.0
        self._due_s = max(self._due_s + capture.interval_s, now_s)
        return self._due_s - now_s
