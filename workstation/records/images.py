"""Writing pictures beside the line: one thread, a bounded queue, every loss counted."""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath

import cv2

from engine.types import Image
from workstation.records.archive import clean_up, picture_path, write_whole
from workstation.records.database import Database
from workstation.records.errors import RecordsError
from workstation.records.picture_rows import append_lost_picture, append_safe_picture
from workstation.records.tables import InspectionRow
from workstation.records.times import from_us

_log = logging.getLogger(__name__)

_END = None


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class _Job:
    inspection_id: int
    taken_at: datetime
    part_id: str
    outcome: str
    suffix: str
    original: bytes | None
    image: Image | None

    @property
    def size(self) -> int:
        """Bytes held while it waits."""
        if self.original is not None:
            return len(self.original)
        return self.image.nbytes if self.image is not None else 0


class PictureWriter:
    """Writes the pictures handed to it and notes in the record what became of each.

    A file that came is kept byte for byte, any other picture as PNG. Pictures that cannot be kept
    (queue full, disk full, folder not writable) are lost: counted, recorded, and the line goes on.
    """

    def __init__(
        self,
        pictures: Path,
        database: Database,
        station: str,
        *,
        capacity: int = 200,
        capacity_bytes: int = 512 * 2**20,
    ) -> None:
        self._pictures = pictures
        self._database = database
        self._station = station
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards the five numbers below
        self._waiting = 0
        self._waiting_bytes = 0
        self._safe = 0
        self._lost = 0
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._thread.start()

    @property
    def safe(self) -> int:
        """Pictures written since this program started."""
        return self._safe

    @property
    def lost(self) -> int:
        """Pictures lost since this program started."""
        return self._lost

    @property
    def waiting(self) -> int:
        """Pictures in the queue and in hand."""
        return self._waiting

    def submit(self, row: InspectionRow, *, image: Image | None, original: bytes | None) -> bool:
        """Queue the picture of an inspection without waiting; where there is no room, it is lost.

        Returns
        -------
        bool
            True when it is queued.
        """
        job = _Job(
            inspection_id=row.id,
            taken_at=from_us(row.taken_at),
            part_id=row.part_id,
            outcome=row.outcome,
            suffix=".png" if original is None else PurePath(row.file_path or "").suffix,
            original=original,
            image=image,
        )
        with self._lock:
            obstacle = self._no_room(job)
            self._waiting += 1
            self._waiting_bytes += job.size
            if obstacle is None:
                self._jobs.put(job)
        if obstacle is not None:
            self._lose(job, obstacle)
        return obstacle is None

    def close(self, timeout_s: float = 10.0) -> bool:
        """Write what waits and end the thread; what is left after `timeout_s` is recorded as lost.

        Returns
        -------
        bool
            True when nothing was left.
        """
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(_END)
        self._thread.join(timeout_s)
        ended = not self._thread.is_alive()
        while not ended:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is not _END:
                self._lose(job, "The program ended before the picture was written.")
        if not ended:
            self._jobs.put(_END)  # the thread may still come back from a slow disk
        return ended

    def _no_room(self, job: _Job) -> str | None:
        if self._closed:
            return "The program was ending."
        if self._waiting >= self._capacity:
            return f"{self._waiting} pictures were waiting: the disk is slower than the line."
        if self._waiting and self._waiting_bytes + job.size > self._capacity_bytes:
            return f"{self._waiting_bytes / 2**20:.0f} MiB were waiting: the disk is too slow."
        return None

    def _run(self) -> None:
        """Work off the queue; the boundary of this thread, where errors are counted, not raised."""
        try:
            if left := clean_up(self._pictures):
                _log.info("%d half-written pictures of an earlier run removed", left)
        except OSError as error:
            _log.warning("The archive %s could not be cleaned up: %s", self._pictures, error)
        while (job := self._jobs.get()) is not _END:
            try:
                self._keep(job)
            except OSError as error:
                self._lose(job, f"It could not be written: {error}.")
            except RecordsError as error:
                # The file is safe, only the record does not know: found again by its name.
                _log.error("Picture of inspection %d not noted: %s", job.inspection_id, error)
                self._settle(job, safe=False)

    def _keep(self, job: _Job) -> None:
        data = job.original if job.original is not None else _png(job.image)
        sha256 = hashlib.sha256(data).hexdigest()
        path = picture_path(
            taken_at=job.taken_at,
            station=self._station,
            part_id=job.part_id,
            outcome=job.outcome,
            sha256=sha256,
            suffix=job.suffix,
        )
        write_whole(self._pictures, path, data)
        append_safe_picture(
            self._database,
            self._station,
            job.inspection_id,
            path=path,
            sha256=sha256,
            size_bytes=len(data),
        )
        self._settle(job, safe=True)

    def _lose(self, job: _Job, reason: str) -> None:
        _log.error("Picture of inspection %d lost: %s", job.inspection_id, reason)
        try:
            append_lost_picture(self._database, self._station, job.inspection_id, reason=reason)
        except RecordsError as error:
            _log.error("That loss could not be recorded: %s", error)
        self._settle(job, safe=False)

    def _settle(self, job: _Job, *, safe: bool) -> None:
        with self._lock:
            self._waiting -= 1
            self._waiting_bytes -= job.size
            self._safe += safe
            self._lost += not safe


def _png(image: Image | None) -> bytes:
    """Encode (H, W, 3) uint8 RGB without loss.

    Raises
    ------
    OSError
        It cannot be encoded.
    """
    if image is None:
        raise OSError("there is neither a file nor a picture")
    try:
        done, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    except cv2.error as error:
        raise OSError(f"the picture cannot be encoded: {error}") from error
    if not done:
        raise OSError("the picture cannot be encoded")
    return data.tobytes()
