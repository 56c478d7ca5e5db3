"""Where the program's messages go: a rotating file in the data folder, warnings also to stderr."""

from __future__ import annotations

import logging
import sys
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

_MAX_BYTES = 5_000_000
_KEPT_FILES = 5


def start_log(folder: Path, *, level: int = logging.INFO) -> tuple[logging.Handler, ...]:
    """Send all messages from `level` up to ``loupe.log`` in `folder`, warnings to stderr too.

    A folder that cannot be written costs the file, not the start.

    Returns
    -------
    tuple of logging.Handler
        To be given to `stop_log`.
    """
    to_stderr = _StderrHandler()
    to_stderr.setLevel(logging.WARNING)
    to_stderr.setFormatter(_SentenceFormatter("loupe: %(levelname)s: %(message)s"))
    handlers: list[logging.Handler] = [to_stderr]
    obstacle: OSError | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        to_file = _LogFile(
            folder / "loupe.log", maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
        )
        to_file.setFormatter(_UtcFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        handlers.append(to_file)
    except OSError as error:
        obstacle = error
    root = logging.getLogger()
    root.setLevel(level)
    for handler in handlers:
        root.addHandler(handler)
    if obstacle is not None:
        root.warning("No log file can be written in %s: %s", folder, obstacle)
    return tuple(handlers)


def stop_log(handlers: tuple[logging.Handler, ...]) -> None:
    """Take back what `start_log` set up and close the file."""
    for handler in handlers:
        logging.getLogger().removeHandler(handler)
        handler.close()


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that time: a table that stands there puts itself aside."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the message."""
        self.stream = sys.stderr
        super().emit(record)


class _LogFile(RotatingFileHandler):
    """A full disk costs the file's messages, and fills no screen with tracebacks either."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Let the message go: warnings stand on stderr all the same."""


class _UtcFormatter(logging.Formatter):
    """Times like the record's: UTC, ISO 8601."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


class _SentenceFormatter(logging.Formatter):
    """One line for a person; the traceback is in the file."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the message, and the error's own sentence where there is one."""
        error = record.exc_info[1] if record.exc_info else None
        said = self._style.format(_with_message(record))
        return said if error is None else f"{said}: {error}"


def _with_message(record: logging.LogRecord) -> logging.LogRecord:
    record.message = record.getMessage()
    return record
