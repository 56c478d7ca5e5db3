from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.sources.base import FolderConfig
from engine.sources.bell import Bell
from engine.sources.folder import FolderSource
from engine.types import Fault, FileKey, Frame
from tests.engine.picture_files import saved, scene

PNG = saved(scene(), "PNG")


class Clock:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds


class Record:
    """Remembers which files were taken, and how often it was asked about each."""

    def __init__(self) -> None:
        self.taken: set[FileKey] = set()
        self.asked: list[FileKey] = []

    def __call__(self, key: FileKey) -> bool:
        self.asked.append(key)
        return key in self.taken


class SilentBell(Bell):
    """A bell on a system that reports no changes, so that only the full looks find files."""

    def start(self) -> SilentBell:
        raise OSError(28, "inotify watch limit reached")


class Line:
    """A watched folder with a clock and a record; `make` a source as often as the line starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.record = Record()
        self.sources: list[FolderSource] = []
        folder.mkdir(exist_ok=True)

    def make(
        self, *, bell: Callable[[str], Bell] = SilentBell, part_pattern: str | None = None
    ) -> FolderSource:
        config = FolderConfig(path=self.folder, part_pattern=part_pattern)
        source = FolderSource(config, self.record, clock=self.clock, make_bell=bell)
        self.sources.append(source)
        return source

    def put(self, name: str, data: bytes = PNG, *, age_s: int = 0) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        changed = 1_700_000_000 - age_s
        os.utime(path, (changed, changed))
        return path

    def run(self, source: FolderSource, seconds: float = 6.0) -> list[Frame | Fault]:
        """Grab ten times a second for so long, recording what comes."""
        results = []
        for _ in range(int(seconds * 10)):
            self.clock.go_on(0.1)
            while (result := source.grab()) is not None:
                results.append(result)
                assert result.origin.file is not None
                self.record.taken.add(result.origin.file)
        return results

    def names(self, source: FolderSource, seconds: float = 6.0) -> list[str]:
        return [result.origin.part_id for result in self.run(source, seconds)]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path / "line 1")
    yield line
    for source in line.sources:
        source.close()
        source.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()
