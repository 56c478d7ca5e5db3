"""The rows that say what became of a picture."""

from __future__ import annotations

from pathlib import PurePosixPath

from workstation.records.chain import append
from workstation.records.database import Database
from workstation.records.tables import PictureRow
from workstation.records.times import now_us
from workstation.records.words import PictureState


def append_safe_picture(
    database: Database,
    station: str,
    inspection_id: int,
    *,
    path: PurePosixPath,
    sha256: str,
    size_bytes: int,
) -> int:
    """Write down that a picture is safe in the file at `path`, relative to the pictures' folder.

    Raises
    ------
    RecordsError
        It could not be written.
    """
    row = PictureRow(
        state=PictureState.SAFE,
        path=str(path),
        sha256=sha256,
        size_bytes=size_bytes,
        reason="",
    )
    return _append(database, station, inspection_id, row)


def append_lost_picture(
    database: Database, station: str, inspection_id: int, *, reason: str
) -> int:
    """Write down that a picture is lost, and why.

    Raises
    ------
    RecordsError
        It could not be written.
    """
    row = PictureRow(
        state=PictureState.LOST, path=None, sha256=None, size_bytes=None, reason=reason
    )
    return _append(database, station, inspection_id, row)


def _append(database: Database, station: str, inspection_id: int, row: PictureRow) -> int:
    """Write down what became of the picture of an inspection, now."""
    row.station, row.inspection_id, row.settled_at = station, inspection_id, now_us()
    with database.writing(station) as session:
        return append(database, session, row)
