"""Where a comparison may write: not among the pictures, and not where another one is writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import RecipeError
from workstation.lock import StationInUseError, StationLock
from workstation.paths import DataFolderError

LOCK = ".lock"
"""In the folder; it stays there, and counts only while a process holds it."""


def check_outside(out: Path, data: Path) -> None:
    """Refuse to write among the pictures, where it would be read as some of them.

    Raises
    ------
    RecipeError
        `out` lies in `data`.
    """
    if data.resolve() in (out.resolve(), *out.resolve().parents):
        raise RecipeError(
            f"{out} lies among the pictures of {data}. Name a folder elsewhere with --out."
        )


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Hold a folder, made where there is none: two comparisons would remove each other's work.

    Raises
    ------
    RecipeError
        Another comparison holds it, or it cannot be written or locked.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = StationLock.take(out / LOCK)
    except StationInUseError as error:
        who = "another program" if error.owner is None else str(error.owner)
        raise RecipeError(
            f"Another comparison is writing to {out} ({who}). Wait for it, or name another folder "
            "with --out."
        ) from error
    except (DataFolderError, OSError) as error:
        raise RecipeError(
            f"A comparison cannot be kept in {out}: the folder cannot be made, written or locked. "
            "Name a folder on a disk of this computer with --out."
        ) from error
    try:
        yield
    finally:
        lock.release()
