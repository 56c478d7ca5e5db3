"""Tells a scanner from a person, before any key or field hears it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

GAP_MS = 45
"""Characters that follow each other within so long come from a scanner, not from fingers."""
SECOND_LOOK_MS = 5
"""What was typed while the window was busy may lie behind the timer in the queue: one more turn."""
SHORTEST = 3
"""Fewer characters before Enter may be fingers that roll over the keys."""
SURE = 6
"""So many characters are a scan even where the scanner sends no Enter."""

_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_EDITS = (Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_Escape)
_MODIFIERS = (
    *(Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Meta, Qt.Key.Key_Alt, Qt.Key.Key_AltGr),
    *(Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock),
)
"""A scanner presses them between two characters."""
_KEY_EVENTS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)


@dataclass(frozen=True, slots=True)
class _Held:
    """A key event that waits until it is known who typed it."""

    receiver: QWidget
    had_focus: bool
    event: QKeyEvent


class Scanner(QObject):
    """An event filter of the application for scanners that type like a keyboard.

    A character is held back for 45 ms. If others follow as fast and Enter or Tab ends them, a
    scanner typed: nothing of it reaches a widget, and the code is told. If not, a person did: the
    keys are replayed in their order. Gaps are measured by the time stamps of the window system, so
    a busy window takes nobody for a scanner.

    Signals
    -------
    scanned
        The code: what can be printed of it, without its end.
    """

    scanned = Signal(str)

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, parent: QObject | None = None
    ) -> None:
        """`clock` gives seconds, for key events without a time stamp."""
        super().__init__(parent)
        self._clock = clock
        self._held: list[_Held] = []
        self._typed = ""
        self._last_ms = -1_000.0
        self._ended_ms = -1_000.0
        self._swallowed: set[int] = set()
        self._replaying = False
        self._looked = False
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.timeout.connect(self._fell_quiet)

    def listen(self) -> None:
        """Begin to hear the application's keys before its widgets do."""
        application = QCoreApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def rest(self) -> None:
        """Stop hearing them; what is held back is forgotten."""
        application = QCoreApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self._forget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold keys back, swallow a scan, let everything else pass."""
        if event.type() not in _KEY_EVENTS or self._replaying:
            return False
        if not (isinstance(event, QKeyEvent) and isinstance(watched, QWidget)):
            return False
        press = event.type() is QEvent.Type.KeyPress
        taken = self._pressed(watched, event) if press else self._released(watched, event)
        if taken:
            event.accept()  # or Qt would offer it to the parent next
        return taken

    def _pressed(self, receiver: QWidget, event: QKeyEvent) -> bool:
        if not event.text() and event.key() not in _ENDS:
            if event.key() not in _MODIFIERS:
                self._replay()
            return False
        now_ms = event.timestamp() or self._clock() * 1e3
        follows = now_ms - self._last_ms <= GAP_MS
        if event.key() in _ENDS:
            return self._ended(event, now_ms, follows=follows)
        if event.isAutoRepeat() or event.key() in _EDITS:
            self._replay()
            return False
        if not follows:
            self._settle()
        self._last_ms = now_ms
        self._typed += event.text()
        self._hold(receiver, event)
        return True

    def _released(self, receiver: QWidget, event: QKeyEvent) -> bool:
        if event.key() in self._swallowed:
            self._swallowed.discard(event.key())
            return True
        if any(held.event.key() == event.key() for held in self._held):
            self._hold(receiver, event)
            return True
        return False

    def _ended(self, event: QKeyEvent, now_ms: float, *, follows: bool) -> bool:
        """Take Enter or Tab; some scanners send two of them."""
        if follows and len(self._typed) >= SHORTEST:
            self._swallowed.add(event.key())
            self._ended_ms = now_ms
            self._tell()
            return True
        if not self._held and now_ms - self._ended_ms <= GAP_MS:
            self._swallowed.add(event.key())
            return True
        self._replay()
        return False

    def _hold(self, receiver: QWidget, event: QKeyEvent) -> None:
        had_focus = receiver is QApplication.focusWidget()
        self._held.append(_Held(receiver, had_focus, _copied(event)))
        self._looked = False
        self._quiet.start(GAP_MS)

    @Slot()
    def _fell_quiet(self) -> None:
        if not self._looked:
            self._looked = True
            self._quiet.start(SECOND_LOOK_MS)
        else:
            self._settle()

    def _settle(self) -> None:
        """Decide on what was typed without an end."""
        if len(self._typed) >= SURE:
            self._tell()
        else:
            self._replay()

    def _tell(self) -> None:
        released = {h.event.key() for h in self._held if h.event.type() is QEvent.Type.KeyRelease}
        pressed = {held.event.key() for held in self._held}
        # Their releases are still to come, and mean nothing to anybody.
        self._swallowed |= pressed - released
        code = "".join(sign for sign in self._typed if sign.isprintable()).strip()
        self._forget()
        if code:
            self.scanned.emit(code)

    def _replay(self) -> None:
        """Give the keys to whom they were meant for; each may move the focus for the next."""
        held = self._held
        self._forget()
        self._replaying = True
        try:
            for one in held:
                focus = QApplication.focusWidget()
                target = focus if one.had_focus and focus is not None else one.receiver
                if shiboken6.isValid(target):
                    QCoreApplication.sendEvent(target, one.event)
        finally:
            self._replaying = False

    def _forget(self) -> None:
        self._held, self._typed = [], ""
        self._quiet.stop()


def _copied(event: QKeyEvent) -> QKeyEvent:
    copy = QKeyEvent(
        event.type(),
        event.key(),
        event.modifiers(),
        event.nativeScanCode(),
        event.nativeVirtualKey(),
        event.nativeModifiers(),
        event.text(),
        event.isAutoRepeat(),
        event.count(),
    )
    copy.setTimestamp(event.timestamp())
    return copy
