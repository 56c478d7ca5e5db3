"""Keys as a scanner or a person types them, with the time stamps of a window system."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


class Typist:
    """Types at whatever has the focus; time goes on by what is asked, not by the real clock."""

    def __init__(self, into: QWidget) -> None:
        self._into = into
        self.now_ms = 10_000

    def press(
        self, text: str, key: int = 0, *, after_ms: int, down_ms: int = 1, repeats: bool = False
    ) -> None:
        """Press and let go of one key."""
        self.now_ms += after_ms
        upper = text.isupper()
        if upper:
            self._send(QEvent.Type.KeyPress, Qt.Key.Key_Shift, "")
        key = key or ord(text.upper())
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            self._send(kind, key, text, SHIFT if upper else NONE, repeats=repeats)
            self.now_ms += down_ms if kind is QEvent.Type.KeyPress else 0
        if upper:
            self._send(QEvent.Type.KeyRelease, Qt.Key.Key_Shift, "")

    def type(self, text: str, *, gap_ms: int) -> None:
        """Type characters."""
        for character in text:
            self.press(character, after_ms=gap_ms)

    def enter(self, *, after_ms: int = 5, key: int = Qt.Key.Key_Return) -> None:
        """Press Enter, or another key that ends a code."""
        self.press("\t" if key == Qt.Key.Key_Tab else "\r", key, after_ms=after_ms)

    def scan(self, code: str, *, gap_ms: int = 5, key: int = Qt.Key.Key_Return) -> None:
        """Type a code and its end as fast as a scanner."""
        self.now_ms += 1000
        self.type(code, gap_ms=gap_ms)
        self.enter(after_ms=gap_ms, key=key)

    def _send(
        self,
        kind: QEvent.Type,
        key: int,
        text: str,
        modifiers: Qt.KeyboardModifier = NONE,
        *,
        repeats: bool = False,
    ) -> None:
        event = QKeyEvent(kind, key, modifiers, text, repeats)
        event.setTimestamp(self.now_ms)
        QCoreApplication.sendEvent(QApplication.focusWidget() or self._into, event)
