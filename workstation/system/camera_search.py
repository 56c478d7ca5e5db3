"""Looks for cameras without making anybody wait: some drivers take seconds to answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal, Slot

from engine.sources.camera.devices import CameraFound, list_cameras


class CameraSearch(QObject):
    """Searches in a thread of its own, one search at a time.

    Signals
    -------
    found
        Sequence of `engine.sources.camera.devices.CameraFound`.
    """

    found = Signal(object)

    def __init__(
        self,
        find: Callable[[], Sequence[CameraFound]] = list_cameras,
        parent: QObject | None = None,
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
