"""A stream that never makes its writer wait, whatever its reader does."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable
from typing import TextIO

MOST_CHARACTERS = 4_000_000
"""Text that may wait for its reader: about 10 000 parts as JSON."""
PATIENCE_S = 2.0
"""How long the end waits for a reader to take what is left."""


class PatientOutput(io.TextIOBase):
    """Writes text to another stream from a thread of its own.

    A terminal that is scrolled back or paused, and a program that reads no further, hold up whoever
    writes to them. That must not be the thread that hears the engine, or frames pile up in it.
    """

    def __init__(self, stream: TextIO, *, lost: Callable[[str], None]) -> None:
        """Start the thread.

        Parameters
        ----------
        stream
            Where the text goes, such as `sys.stdout`.
        lost
            Called once, in any thread, with a sentence when nothing more can be written.
        """
        super().__init__()
        self._stream = stream
        self._lost = lost
        self._descriptor = _descriptor(stream)
        self._waiting: list[str] = []
        self._size = 0
        self._writing = False
        self._over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The other stream's."""
        return self._stream.encoding

    @property
    def behind(self) -> bool:
        """True while there is text that was not written yet."""
        with self._changed:
            return bool(self._waiting) or self._writing

    def isatty(self) -> bool:
        """Tell whether the other stream is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Tell that text can be written."""
        return True

    def write(self, text: str) -> int:
        """Take text to be written; at once."""
        with self._changed:
            if not self._over:
                self._waiting.append(text)
                self._size += len(text)
                self._changed.notify_all()
            overfull = self._size > MOST_CHARACTERS
        if overfull:
            self._give_up("nobody reads it")
        return len(text)

    def finish(self) -> None:
        """Wait for what is left to be written, though not for ever."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._over or not (self._waiting or self._writing), PATIENCE_S
            )
            self._over = True
            self._changed.notify_all()

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._pass_on(text)
            except (OSError, ValueError) as error:
                self._give_up(getattr(error, "strerror", None) or str(error))
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._over or self._waiting)
            if self._over:
                return None
            text = "".join(self._waiting)
            self._waiting.clear()
            self._size, self._writing = 0, True
            return text

    def _pass_on(self, text: str) -> None:
        if self._descriptor is None:
            self._stream.write(text)
            self._stream.flush()
            return
        # Past the stream's own buffer, which a thread that waits for ever would keep locked.
        left = memoryview(text.encode(self.encoding, "replace"))
        while left:
            left = left[os.write(self._descriptor, left) :]

    def _give_up(self, why: str) -> None:
        with self._changed:
            if self._over:
                return
            self._over = True
            self._waiting.clear()
            self._size = 0
            self._changed.notify_all()
        self._lost(
            f"The output cannot be written ({why}). The parts are in the record all the same."
        )


def _descriptor(stream: TextIO) -> int | None:
    """Give the file below; None where there is none, and where Windows wants its console asked."""
    if os.name == "nt":
        return None
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None
