"""Python's cyclic garbage collected in the window's thread only."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

EVERY_MS = 1_000


@contextmanager
def collecting_in_this_thread() -> Iterator[None]:
    """Keep the automatic collector out of the engine's thread while Qt runs.

    It runs in whichever thread happens to allocate; there it would destroy widgets that lie in a
    cycle (Qt allows that in their own thread only), and hold up an inspection.
    """
    was_on = gc.isenabled()
    gc.disable()
    _set_aside()
    timer = QTimer()
    timer.setInterval(EVERY_MS)
    timer.timeout.connect(gc.collect)  # of some 17 000 objects in a long run: a few milliseconds
    timer.start()
    try:
        yield
    finally:
        timer.stop()
        gc.unfreeze()
        if was_on:
            gc.enable()


def _set_aside() -> None:
    """Take what lives as long as the program out of every later collection.

    The libraries alone are half a million objects, and to look through them holds up the window
    for a third of a second.
    """
    gc.collect()
    gc.freeze()
