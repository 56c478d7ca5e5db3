"""A line to type in on a page full of keys."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit


class TypedLine(QLineEdit):
    """A line that keeps every key to itself, so that typing or a scan never presses a key.

    Signals
    -------
    left
        The person pressed Esc.
    """

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Type; Esc leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
        event.accept()
