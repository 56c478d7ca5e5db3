"""A file's bytes to what is inspected: a frame, or a fault where they cannot be decoded."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from engine.decoding import decode
from engine.errors import PictureError
from engine.types import Fault, FaultKind, FileKey, Frame, Image, Origin


def frame_or_fault(data: bytes, origin: Origin, name: str) -> Frame | Fault:
    """Decode `data`; a picture that cannot be decoded was taken all the same, so it is a fault."""
    try:
        return Frame(decode(data, name), origin, original=data)
    except PictureError as error:
        return Fault(origin, FaultKind.PICTURE, str(error), original=data)


def picture_of(path: str) -> Image | None:
    """Decode a file to look at, without taking it; None where that is not possible now."""
    try:
        return decode(Path(path).read_bytes(), Path(path).name)
    except (OSError, PictureError):
        return None


def file_key(path: str, found: os.stat_result) -> FileKey | None:
    """Give the key of the file that `found` describes; None for anything but a regular file."""
    if not stat.S_ISREG(found.st_mode):
        return None
    return FileKey(path=path, size=found.st_size, mtime_ns=found.st_mtime_ns)


def read_unchanged(key: FileKey) -> bytes | None:
    """Read the file that `key` names, or give None when it is another one by now.

    Raises
    ------
    OSError
        The file cannot be opened or read: it is gone, locked by its writer, or not ours to read.
    """
    # A pipe put in the file's place since the last look would block a plain open for ever.
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(key.path, flags)
    try:
        if file_key(key.path, os.fstat(descriptor)) != key:
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read()
        whole = len(data) == key.size
        return data if whole and file_key(key.path, os.fstat(descriptor)) == key else None
    finally:
        os.close(descriptor)
