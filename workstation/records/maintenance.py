"""Looking after the record beside the line: the log's size and the hourly anchor."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from workstation.records.anchors import write_anchor
from workstation.records.database import Database
from workstation.records.errors import RecordsError

_log = logging.getLogger(__name__)

ANCHOR_EVERY_S = 3600.0
LOOK_EVERY_S = 5.0
CHECKPOINT_FROM_BYTES = 4 * 2**20
SHRINK_FROM_BYTES = 48 * 2**20
"""Only reached when a long read keeps the log from being reused."""


class Maintenance:
    """A thread that keeps checkpoints away from the line and notes the anchors."""

    def __init__(self, database: Database, station: str, anchors: Path) -> None:
        self._database = database
        self._station = station
        self._anchors = anchors
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float = 10.0) -> None:
        """Note a last anchor, move the log into the database, and end the thread."""
        self._end.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        anchored = time.monotonic()
        self._anchor()
        while not self._end.wait(LOOK_EVERY_S):
            self._checkpoint()
            if time.monotonic() - anchored >= ANCHOR_EVERY_S:
                anchored = time.monotonic()
                self._anchor()
        self._anchor()
        self._checkpoint(from_bytes=1)

    def _checkpoint(self, *, from_bytes: int = CHECKPOINT_FROM_BYTES) -> None:
        """Move the log; an error is told and tried again at the next look."""
        size = self._database.wal_bytes
        if size < from_bytes:
            return
        try:
            self._database.checkpoint(shrink=size >= SHRINK_FROM_BYTES)
        except RecordsError as error:
            _log.warning("No checkpoint: %s", error)

    def _anchor(self) -> None:
        try:
            write_anchor(self._database, self._anchors, station=self._station)
        except (OSError, RecordsError) as error:
            _log.error("No anchor in %s: %s", self._anchors, error)
