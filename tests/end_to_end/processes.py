"""Stations as processes of their own, followed line by line."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

PATIENCE_S = 90
"""A process that starts while seven others do may take its time."""


class StationProcess:
    """A station that runs; its lines are read as they come."""

    def __init__(self, *arguments: object, module: str = "workstation") -> None:
        variables = {"QT_QPA_PLATFORM": "offscreen", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | variables,
        )
        self.said: list[str] = []
        self.complaints: list[str] = []
        self._new: queue.Queue[tuple[list[str], str | None]] = queue.Queue()
        self._readers = [
            self._follow(self.process.stdout, self.said),
            self._follow(self.process.stderr, self.complaints),
        ]

    @property
    def told(self) -> list[dict[str, Any]]:
        """The JSON lines so far."""
        return [json.loads(line) for line in list(self.said)]

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The ``part`` lines so far."""
        return [line for line in self.told if line["event"] == "part"]

    def until(self, condition: Callable[[], object]) -> None:
        """Read on until the condition holds."""
        while not condition():
            try:
                lines, line = self._new.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"nothing came; said: {self.said} {self.complaints}") from None
            if line is not None:
                lines.append(line)
            elif self.process.poll() is not None and self._new.empty():
                assert condition(), f"it ended; said: {self.said} {self.complaints}"

    def until_parts(self, count: int) -> None:
        """Read on until so many parts were told."""
        self.until(lambda: len(self.parts) >= count)

    def type(self, line: str) -> None:
        """Type a line on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        """Wait for its end; give the exit code."""
        code = self.process.wait(PATIENCE_S)
        for reader in self._readers:
            reader.join(PATIENCE_S)
        while not self._new.empty():
            lines, line = self._new.get()
            if line is not None:
                lines.append(line)
        return code

    def complained(self, words: str) -> bool:
        """Tell whether it said so on the error stream."""
        return any(words in line for line in self.complaints)

    def close(self) -> None:
        """End it whatever it does."""
        self.process.kill()
        self.ended()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(BrokenPipeError):  # what was typed and never read
                if stream is not None:
                    stream.close()

    def _follow(self, stream: IO[str] | None, lines: list[str]) -> threading.Thread:
        assert stream is not None

        def read() -> None:
            for line in stream:
                self._new.put((lines, line.rstrip("\n")))
            self._new.put((lines, None))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread
