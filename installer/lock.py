"""One set-up at a time: two pips in one environment would break it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int, *, wait: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(descriptor: int, *, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def only_one(file: Path) -> Iterator[int]:
    """Hold the lock on `file`, after waiting for whoever holds it; yields its descriptor.

    The system lets go of the lock when the last process that has the descriptor open ends, however
    it ends. A child that inherits the descriptor keeps the lock when its parent is killed, so a
    pip that lives on is waited for.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    try:
        try:
            _take(descriptor, wait=False)
        except OSError:
            print("Another set-up is at work in this folder; waiting for it to end.", flush=True)
            _wait(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _wait(descriptor: int) -> None:
    while True:
        try:
            return _take(descriptor, wait=True)
        except OSError:  # Windows gives up after ten seconds
            continue
