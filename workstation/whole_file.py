"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(path: Path, *, part_folder: Path | None = None) -> Iterator[BinaryIO]:
    """Open a file that is at `path` when the block has ended well, and is not there otherwise.

    Until then it is written under another name beside `path`, or in `part_folder` on the same
    disk; a file that was at `path` before stays until it is replaced in one step.

    Raises
    ------
    OSError
        It cannot be written; nothing is left behind.
    """
    # Not tempfile: its files can be read by their owner only, and the station has many accounts.
    part = (part_folder or path.parent) / f".{uuid.uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    _fsync_folder(path.parent)


def remove_parts(folder: Path) -> int:
    """Remove what a program that was cut off left half written in `folder`; give the count.

    Only for a folder in which nobody else is writing.

    Raises
    ------
    OSError
        The folder cannot be read or a file cannot be removed.
    """
    left = list(folder.glob(".*.part"))
    for file in left:
        file.unlink(missing_ok=True)
    return len(left)


def _fsync_folder(folder: Path) -> None:
    """Make the file's name as durable as its bytes; Windows does so by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
