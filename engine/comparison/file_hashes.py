"""What files hold, by hash: two files of the same bytes are the same picture."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterable
from pathlib import Path

from engine.errors import PictureError
from engine.types import FitStep


def file_sha256(path: Path) -> str:
    """Give the hex SHA-256 of a file's bytes.

    Raises
    ------
    PictureError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PictureError(
            f"{path} could not be read: {error.strerror}. Check the path and the rights."
        ) from error


def hashed(paths: Iterable[Path]) -> Generator[FitStep, None, dict[Path, str]]:
    """Hash files, one per step.

    Raises
    ------
    PictureError
        One of them cannot be read.
    """
    every = list(dict.fromkeys(paths))
    found: dict[Path, str] = {}
    began = time.monotonic()
    for done, path in enumerate(every, start=1):
        found[path] = file_sha256(path)
        left = (time.monotonic() - began) / done * (len(every) - done)
        yield FitStep("Reading the pictures", done, len(every), left)
    return found
