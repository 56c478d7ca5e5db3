"""Notices from the window's side that the engine has stopped answering."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.types import Origin

SILENT_S = 4.5
"""The engine beats at least once a second; so long a silence is no busy moment.

Longer than two waits for a busy database (`records.database.BUSY_TIMEOUT_S`), and with one look
more still within the five seconds in which a hang is to be reported.
"""
START_S = 60.0
"""Silence allowed before the first beat, while libraries are loaded and devices opened, and while a
large release is kept or opened: no part is in hand then."""
LOOK_MS = 250


class Watchdog(QObject):
    """Watches beats and the part in hand. A fault is reported once, until the engine answers again.

    Signals
    -------
    hung
        A sentence for people: what happened and what to do.
    answered
        A sentence: the engine turns again.
    """

    hung = Signal(str)
    answered = Signal(str)

    def __init__(
        self,
        *,
        record_fault: Callable[[str, Origin | None], None],
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        """Make an idle watchdog.

        Parameters
        ----------
        record_fault
            Writes the fault down over a connection of its own: the sentence, and the part in hand
            (None when there was none). Called in the window's thread, once per silence, a look
            after `hung` or when the watch ends: it may have to wait for a busy database, and the
            window must have shown the hang before.
        clock
            Seconds that never go back.
        """
        super().__init__(parent)
        self._record_fault = record_fault
        self._clock = clock
        self._heard_at: float | None = None
        self._begun_at: float | None = None
        self._began_at: float | None = None
        self._origin: Origin | None = None
        self._silent = False
        self._opening = False
        self._unwritten: tuple[str, Origin | None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)

    @property
    def silent(self) -> bool:
        """True while the engine does not answer: the program may end without waiting for it."""
        return self._silent

    @Slot()
    def watch(self) -> None:
        """Begin to watch; the first beat may take its time."""
        self._begun_at, self._heard_at = self._clock(), None
        self._timer.start()

    @Slot()
    def rest(self) -> None:
        """Stop watching, such as before an orderly end."""
        self._timer.stop()
        self._write_down()

    @Slot(float)
    def beat(self, _engine_time: float) -> None:
        """Hear that the engine's event loop turns; it is the arrival that counts."""
        self._heard_at = self._clock()

    @Slot(object)
    def began(self, origin: Origin) -> None:
        """Hear that a part is taken in hand."""
        self._heard_at = self._began_at = self._clock()
        self._origin = origin

    @Slot(int, object)
    def ended(self, _inspection_id: int, _outcome: object) -> None:
        """Hear that the part in hand was inspected or is a fault."""
        self._began_at = self._origin = None
        self._heard_at = self._clock()

    @Slot(bool)
    def opening(self, opening: bool) -> None:
        """Hear that a release is opened in one step, or that this has ended."""
        self._heard_at = self._clock()
        self._opening = opening

    @Slot()
    def look(self) -> None:
        """Compare the clock with what was heard; called by the timer."""
        if self._begun_at is None:
            return
        self._write_down()
        now = self._clock()
        if self._heard_at is None:
            quiet, allowed = now - self._begun_at, START_S
        else:
            quiet = now - self._heard_at
            allowed = START_S if self._opening else SILENT_S
        in_hand = 0.0 if self._began_at is None else now - self._began_at
        silent = quiet >= allowed or in_hand >= SILENT_S
        if silent and not self._silent:
            self._silent = True
            sentence = self._sentence(max(quiet, in_hand))
            self._unwritten = (sentence, self._origin)
            self.hung.emit(sentence)
        elif self._silent and not silent:
            self._silent = False
            self.answered.emit("The engine answers again; look at the last parts once more.")

    def _write_down(self) -> None:
        """Record the hang that was shown, if there is one to record."""
        unwritten, self._unwritten = self._unwritten, None
        if unwritten is not None:
            self._record_fault(*unwritten)

    def _sentence(self, seconds: float) -> str:
        part = "" if self._origin is None else f" on part {self._origin.part_id}"
        return (
            f"The engine has not answered for {seconds:.0f} s{part}. Take out the last part by "
            "hand; if the line does not go on by itself, close the program and start it again."
        )
