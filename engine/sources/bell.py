"""A bell that the operating system rings when a folder changes; it only ever shortens the wait."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Self

from watchdog.events import (
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from engine.pictures import is_picture_name

# Reading a picture is an event too: without this choice the folder would ring at our own looks.
_TELLING = [FileClosedEvent, FileCreatedEvent, FileModifiedEvent, FileMovedEvent]
_JOIN_S = 2.0


class Bell(FileSystemEventHandler):
    """Collects, in the observer's thread, the names of picture files that changed."""

    def __init__(self, folder: str) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()
        self._observer = Observer()
        self._observer.schedule(self, folder, recursive=False, event_filter=_TELLING)

    def start(self) -> Self:
        """Begin to listen.

        Raises
        ------
        OSError
            The system watches no more folders, or cannot watch this one (some network shares).
        """
        self._observer.start()
        return self

    def drain(self) -> set[str]:
        """Give the names since the last call."""
        with self._lock:
            names, self._names = self._names, set()
        return names

    def stop(self) -> None:
        """End the observer's threads."""
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join(_JOIN_S)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note the names; called by watchdog in its own thread."""
        paths = (os.fsdecode(path) for path in (event.src_path, event.dest_path) if path)
        names = [Path(path).name for path in paths]
        with self._lock:
            self._names.update(name for name in names if is_picture_name(name))
