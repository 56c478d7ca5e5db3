"""What may come at any moment: a signal to end, an error nobody expected, a word from Qt."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

log = logging.getLogger(__name__)

_SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
]
"""Ctrl-C, a polite kill, a terminal that is closed, and Ctrl-Break on Windows."""

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


@contextmanager
def ending_on_signals(end: Callable[[str], None]) -> Iterator[None]:
    """Let Ctrl-C and a polite kill call `end` with the signal's name, instead of breaking off.

    Python calls its handlers between two of its own instructions in the main thread: under Qt's
    event loop with the next slot, so within half a second while the engine beats. A signal that is
    ignored, as under `nohup`, stays so.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        end(signal.Signals(number).name)

    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    former = {number: signal.signal(number, handle) for number in heeded}
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


@contextmanager
def logging_qt(tell: Callable[[str], None]) -> Iterator[None]:
    """Put Qt's own messages into the log, and call `tell` where one says that something failed.

    They come in the thread they are about. After a fatal one Qt ends the process by itself.
    """

    def take(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
        log.log(_LEVELS[kind], "Qt (%s): %s", context.category, message)
        if kind is QtMsgType.QtCriticalMsg:
            tell(f"Something went wrong that should not (Qt: {message}). It is in the log.")

    former = qInstallMessageHandler(take)
    try:
        yield
    finally:
        qInstallMessageHandler(former)
