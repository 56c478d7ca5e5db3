"""What may come at any moment: a signal to end, and an error that nobody expected."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ending_on_signals(end: Callable[[str], None]) -> Iterator[None]:
    """Let Ctrl-C and a polite kill call `end` with the signal's name, instead of breaking off.

    Python calls its handlers between two of its own instructions in the main thread: under Qt's
    event loop with the next slot, so within half a second while the engine beats.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        end(signal.Signals(number).name)

    former = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def telling_unexpected(tell: Callable[[str], None]) -> Iterator[None]:
    """Log errors that end a slot, and call `tell` with a sentence, in the thread that failed."""

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        log.critical("an error nobody expected", exc_info=(kind, error, traceback))
        tell(f"Something went wrong that should not ({kind.__name__}: {error}). It is in the log.")

    former, sys.excepthook = sys.excepthook, hook
    try:
        yield
    finally:
        sys.excepthook = former
