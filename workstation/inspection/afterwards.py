"""What may wait until the page is painted: each task takes a turn of the event loop of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

BETWEEN_TASKS_MS = 5
"""A timer of no delay would come before the window is painted."""


class Afterwards(QObject):
    """Does tasks one by one, in their order, with room for a repaint between any two.

    A task asks the record, which takes milliseconds. Done in the turn in which a part arrives, and
    its message is painted, they would add up to a window that visibly stands still.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(BETWEEN_TASKS_MS)
        self._timer.timeout.connect(self._do_one)

    def do(self, task: Callable[[], object]) -> None:
        """Put a task at the end."""
        self._tasks.append(task)
        self._timer.start()

    def finish(self) -> None:
        """Do at once all that waits, and what that asks for in its turn."""
        while self._tasks:
            self._do_one()

    @Slot()
    def _do_one(self) -> None:
        self._tasks.popleft()()
        if not self._tasks:
            self._timer.stop()
