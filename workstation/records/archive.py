"""The archive of pictures on disk: how a file is named, and how it gets there whole."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path, PurePosixPath

from workstation.whole_file import remove_parts, whole_file

_UNSAFE = re.compile(r"[^\w.-]+")
_LONGEST_PIECE = 48
_INCOMING = "archive/.incoming"


def picture_path(
    *, taken_at: datetime, station: str, part_id: str, outcome: str, sha256: str, suffix: str
) -> PurePosixPath:
    """Name a picture, relative to the folder of pictures; safe on Linux and Windows.

    The time leads, so that a folder sorts by it and no name is one that Windows reserves.
    """
    pieces = (
        taken_at.strftime("%H%M%S_%fZ"),
        _safe(station),
        _safe(part_id),
        _safe(outcome),
        sha256[:12],
    )
    day = taken_at.strftime("%Y/%m/%d")
    return PurePosixPath("archive", day, "_".join(pieces) + _safe_suffix(suffix))


def write_whole(pictures: Path, path: PurePosixPath, data: bytes) -> None:
    """Write a file under the folder of pictures, whole or not at all.

    Raises
    ------
    OSError
        It cannot be written; nothing but perhaps an empty folder is left behind.
    """
    target = pictures / path
    incoming = pictures / _INCOMING  # on the same disk, and the one place to clean up
    incoming.mkdir(parents=True, exist_ok=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target, part_folder=incoming) as file:
        file.write(data)


def clean_up(pictures: Path) -> int:
    """Remove what a killed program left half written; give the number of files removed.

    Raises
    ------
    OSError
        The folder cannot be read or a file cannot be removed.
    """
    incoming = pictures / _INCOMING
    if not incoming.is_dir():
        return 0
    return remove_parts(incoming)  # one station runs per data folder: nobody is writing there


def _safe(piece: str) -> str:
    return _UNSAFE.sub("-", piece).strip(".-")[:_LONGEST_PIECE] or "-"


def _safe_suffix(suffix: str) -> str:
    return suffix.lower() if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ".bin"
