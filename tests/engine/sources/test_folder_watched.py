"""A watched folder itself: lost, replaced, and how the system tells of its changes."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from watchdog.events import FileSystemEvent

from engine.errors import SourceError
from engine.sources.bell import Bell
from engine.sources.inbox import SETTLE_S
from tests.engine.sources.conftest import Line


class TestLostFolder:
    def test_it_says_so_and_recovers_by_itself(self, line: Line) -> None:
        source = line.make()
        line.put("part 1.png")
        line.run(source)
        away = line.folder.rename(line.folder.parent / "away")
        line.clock.go_on(2)
        for _ in range(3):
            with pytest.raises(SourceError, match="line 1 cannot be read"):
                source.grab()
        assert not source.status().healthy
        assert "cannot be read" in source.status().sentence
        away.rename(line.folder)
        line.put("part 2.png")
        line.clock.go_on(2)
        assert line.names(source) == ["part 2.png"]
        assert source.status().healthy

    def test_it_may_be_missing_at_first(self, line: Line) -> None:
        line.folder.rmdir()
        source = line.make()
        with pytest.raises(SourceError):
            source.grab()
        line.folder.mkdir()
        line.put("part.png")
        line.clock.go_on(2)
        assert line.names(source) == ["part.png"]

    def test_a_file_in_its_place(self, line: Line) -> None:
        line.folder.rmdir()
        line.folder.touch()
        with pytest.raises(SourceError, match="cannot be read"):
            line.make().grab()


class TestStatus:
    def test_counts_what_waits(self, line: Line) -> None:
        source = line.make()
        for number in range(3):
            line.put(f"{number}.png")
        source.grab()
        assert source.status().waiting == 3
        assert "3 pictures waiting" in source.status().sentence
        line.clock.go_on(1)
        source.grab()
        assert source.status().waiting == 2
        assert source.status().name == "folder" and not source.status().exhausted

    def test_says_when_the_system_reports_no_changes(self, line: Line) -> None:
        source = line.make()
        source.grab()
        assert "every 2 s only" in source.status().sentence
        assert "watch limit" in source.status().sentence
        assert source.status().healthy


class LoudBell(Bell):
    """The real bell, which a test can wait for."""

    last: LoudBell

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._rang = threading.Condition()
        LoudBell.last = self

    def on_any_event(self, event: FileSystemEvent) -> None:
        with self._rang:
            super().on_any_event(event)
            self._rang.notify_all()

    def has_told(self, name: str) -> bool:
        with self._rang:
            return self._rang.wait_for(lambda: name in self._names, timeout=10)


class TestEvents:
    """The clock never reaches the next full look: only the system's events can tell."""

    def next_frame(self, line: Line, name: str) -> None:
        assert LoudBell.last.has_told(name)
        assert line.sources[-1].grab() is None
        line.clock.go_on(SETTLE_S)
        result = line.sources[-1].grab()
        assert result is not None and result.origin.part_id == name

    def test_a_new_and_a_renamed_file_come_without_a_full_look(self, line: Line) -> None:
        source = line.make(bell=LoudBell)
        assert source.grab() is None
        line.put("part 1.png")
        self.next_frame(line, "part 1.png")
        line.put("part 2.png.tmp").rename(line.folder / "part 2.png")
        self.next_frame(line, "part 2.png")
        assert line.clock() < 52

    def test_a_replaced_folder_gets_a_new_bell(self, line: Line) -> None:
        source = line.make(bell=LoudBell)
        source.grab()
        first = LoudBell.last
        shutil.move(line.folder, line.folder.parent / "old")
        line.folder.mkdir()
        line.clock.go_on(2)
        source.grab()
        assert LoudBell.last is not first
        line.put("part.png")
        self.next_frame(line, "part.png")

    def test_close_ends_every_thread(self, line: Line) -> None:
        before = set(threading.enumerate())
        source = line.make(bell=Bell)
        source.grab()
        source.close()
        assert {t for t in threading.enumerate() if t.is_alive()} <= before

    def test_a_bell_that_cannot_listen_is_a_note(self, tmp_path: Path) -> None:
        with pytest.raises(OSError):
            Bell(str(tmp_path / "nowhere")).start()
