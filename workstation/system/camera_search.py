"""Looks for cameras without making anybody wait: some drivers take seconds to answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera of this computer."""

    device: str
    """Stable name, as `engine.sources.base.CameraConfig.device` takes it."""
    words: str
    """What its driver calls it."""


class CameraSearch(QObject):
    """Searches in a thread of its own, one search at a time.

    Signals
    -------
    found
        Sequence of `FoundCamera`.
    """

    found = Signal(object)

    def __init__(
        self, find: Callable[[], Sequence[FoundCamera]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._find = find
        self._thread: threading.Thread | None = None

    @property
    def searching(self) -> bool:
        """True while an answer is awaited."""
        return self._thread is not None and self._thread.is_alive()

    @Slot()
    def search(self) -> None:
        """Begin to look, unless that is happening already; `found` follows."""
        if not self.searching:
            # Daemon: a driver that hangs must not keep the program from ending.
            self._thread = threading.Thread(target=self._look, name="cameras", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        self.found.emit(self._find())
