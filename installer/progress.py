"""The line that tells how far pip is, while pip itself says nothing for minutes."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from installer.environment import Environment

GB = 1e9
REDRAW_S = 3.0
REPORT_S = 15.0
"""Between two lines where a line cannot be redrawn in place, as in a log file."""

STAGES = ("Collecting", "Downloading", "Using cached", "Processing", "Building", "Installing")


class Progress:
    """Reports time, bytes on disk and pip's present stage until the ``with`` block is left."""

    def __init__(self, environment: Environment, *, expected_gb: float) -> None:
        self._environment = environment
        self._expected_gb = expected_gb
        self._stage = "starting pip"
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._in_place = sys.stdout.isatty()
        self._drawn = False
        self._thread = threading.Thread(target=self._report_until_the_end, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        if self._drawn:
            print(flush=True)

    def heard(self, line: str) -> None:
        """Take note of a line that pip said."""
        if line.strip().startswith(STAGES):
            self._stage = line.strip()

    def _report_until_the_end(self) -> None:
        while not self._ended.wait(REDRAW_S if self._in_place else REPORT_S):
            line = self._line()
            if self._in_place:
                columns = shutil.get_terminal_size().columns - 1
                print(f"\r{line[:columns]:<{columns}}", end="", flush=True)
                self._drawn = True
            else:
                print(line[:160], flush=True)

    def _line(self) -> str:
        minutes, seconds = divmod(round(time.monotonic() - self._began), 60)
        fetched = size_gb(self._environment.downloads)
        installed = size_gb(self._environment.folder) - fetched
        return (
            f"{minutes}:{seconds:02}  installed {installed:.1f} of about {self._expected_gb:.1f} GB"
            f", fetched {fetched:.1f} GB  {self._stage}"
        )


def size_gb(folder: Path) -> float:
    """Give the size of all files below `folder`; 0 where there is none."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118 - 4x faster
            except FileNotFoundError:  # pip moves and removes files meanwhile
                continue
    return total / GB
