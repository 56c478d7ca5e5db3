"""The files of a watched folder: which are taken, when, once, and which are faults."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources.folder import UNREADABLE_S, FolderSource
from engine.sources.inbox import MOST_BYTES, SETTLE_S
from engine.types import Fault, FaultKind, Frame
from tests.engine.picture_files import saved, scene
from tests.engine.sources.conftest import PNG, Line


class TestTaking:
    def test_a_picture_comes_as_it_is(self, line: Line) -> None:
        path = line.put("part 1.png")
        (frame,) = line.run(line.make())
        assert isinstance(frame, Frame)
        assert np.array_equal(frame.image, scene())
        assert frame.original == PNG
        origin = frame.origin
        assert (origin.source, origin.part_id, origin.number) == ("folder", "part 1.png", 1)
        assert origin.sha256 == hashlib.sha256(PNG).hexdigest()
        assert not origin.simulated and origin.attempt == 1
        assert abs((datetime.now(UTC) - origin.taken_at).total_seconds()) < 60
        assert origin.file is not None
        assert origin.file.path == str(path.resolve())
        assert (origin.file.size, origin.file.mtime_ns) == (len(PNG), 1_700_000_000 * 10**9)

    def test_oldest_first_then_by_name(self, line: Line) -> None:
        line.put("c.png", age_s=5)
        line.put("b.png", age_s=9)
        line.put("a.png", age_s=5)
        source = line.make()
        assert line.names(source) == ["b.png", "a.png", "c.png"]
        line.put("late but old.png", age_s=100)
        assert [result.origin.number for result in line.run(source)] == [4]

    def test_a_part_id_from_the_name(self, line: Line) -> None:
        line.put("2024_p17_top.png")
        assert line.names(line.make(part_pattern=r"_(p\d+)_")) == ["p17"]

    def test_other_files_and_folders_are_left_alone(self, line: Line) -> None:
        for name in (".part.png", "~part.png", "part.png.tmp", "part.part", "notes.txt"):
            line.put(name)
        (line.folder / "deeper").mkdir()
        line.put("deeper/part.png")
        assert line.names(line.make()) == []

    def test_it_says_that_it_is_empty_only_after_it_has_looked(self, line: Line) -> None:
        line.put("a.png")
        source = line.make()
        assert not source.status().empty
        assert source.grab() is None and not source.status().empty, "seen, but not yet taken"
        assert line.names(source) == ["a.png"]
        assert source.status().empty
        line.put("b.png")
        line.clock.go_on(2.0)
        source.grab()
        assert not source.status().empty
        assert line.names(source) == ["b.png"]
        shutil.rmtree(line.folder)
        line.clock.go_on(2.0)
        with pytest.raises(SourceError):
            source.grab()
        assert not source.status().empty, "nobody knows"

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
    def test_pipes_and_loops_block_nothing(self, line: Line) -> None:
        os.mkfifo(line.folder / "pipe.png")
        (line.folder / "loop.png").symlink_to(line.folder / "loop.png")
        (line.folder / "nowhere.png").symlink_to(line.folder / "nothing")
        (line.folder / "folder.png").mkdir()
        line.put("part.png")
        assert line.names(line.make())[-1] == "part.png"

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
    def test_what_is_no_file_is_one_fault_however_it_changes(self, line: Line) -> None:
        os.mkfifo(line.folder / "pipe.png")
        (line.folder / "loop.png").symlink_to(line.folder / "loop.png")
        (line.folder / "nowhere.png").symlink_to(line.folder / "nothing")
        (line.folder / "folder.png").mkdir()
        source = line.make()
        faults = line.run(source, UNREADABLE_S + 3)
        reasons = sorted(fault.reason for fault in faults if isinstance(fault, Fault))
        for reason, what in zip(
            reasons,
            ("a folder", "a link to itself", "a link that leads nowhere", "a pipe or a device"),
            strict=True,
        ):
            assert f"is {what}, not a picture" in reason
        (line.folder / "folder.png" / "inside.txt").write_text("more")
        assert line.run(source, UNREADABLE_S + 3) == []
        assert line.run(line.make(), UNREADABLE_S + 3) == []  # nor after a restart

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
    def test_a_file_that_turned_into_a_pipe_blocks_nothing(self, line: Line) -> None:
        source = line.make()
        path = line.put("part.png")
        source.grab()
        line.clock.go_on(SETTLE_S)
        source._inbox.look_at(["part.png"])  # settled; the pipe comes just before it is opened
        path.unlink()
        os.mkfifo(path)
        assert source._take(source._inbox.oldest()) is None

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
    def test_a_pipe_is_not_looked_into_either(self, line: Line) -> None:
        os.mkfifo(line.folder / "pipe.png")
        source = line.make()
        assert source.preview() is None

    def test_a_file_that_would_fill_the_memory_is_a_fault(self, line: Line) -> None:
        with (line.folder / "dump.png").open("wb") as file:
            file.truncate(MOST_BYTES + 1)  # takes no room on most disks
        (fault,) = line.run(line.make())
        assert isinstance(fault, Fault) and "is a file of 2 GiB, not a picture" in fault.reason

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
    def test_one_file_has_one_key_by_whichever_way_the_folder_is_reached(self, line: Line) -> None:
        line.put("part.png")
        line.run(line.make())
        link = line.folder.parent / "link"
        link.symlink_to(line.folder)
        line.folder = link
        assert line.names(line.make()) == []


class TestSettling:
    def test_two_looks_with_time_between(self, line: Line) -> None:
        source = line.make()
        line.put("part.png")
        for _ in range(20):
            assert source.grab() is None  # however often it is asked within one moment
        line.clock.go_on(SETTLE_S - 0.01)
        assert source.grab() is None
        line.clock.go_on(0.01)
        assert isinstance(source.grab(), Frame)

    def test_a_growing_file_is_taken_once_it_rests(self, line: Line) -> None:
        source = line.make()
        steps = [len(PNG) * step // 10 for step in range(1, 11)]
        for size in steps:
            (line.folder / "part.png").write_bytes(PNG[:size])
            assert line.run(source, 0.4) == []
        (frame,) = line.run(source)
        assert isinstance(frame, Frame)

    def test_a_copy_that_pauses_is_no_fault(self, line: Line) -> None:
        source = line.make()
        (line.folder / "part.png").write_bytes(PNG[:-50])
        assert line.run(source, 1.2) == []
        (line.folder / "part.png").write_bytes(PNG)
        (frame,) = line.run(source)
        assert isinstance(frame, Frame)

    def test_a_file_renamed_in_counts(self, line: Line) -> None:
        source = line.make()
        line.put("part.png.tmp")
        assert line.run(source) == []
        (line.folder / "part.png.tmp").rename(line.folder / "part.png")
        assert line.names(source) == ["part.png"]

    def test_a_file_deleted_before_it_was_whole_is_no_part(self, line: Line) -> None:
        source = line.make()
        path = line.put("part.png")
        assert source.grab() is None
        path.unlink()
        assert line.run(source) == []
        assert source.status().waiting == 0

    def test_a_whole_file_deleted_before_its_turn_is_a_fault(self, line: Line) -> None:
        source = line.make()
        path = self._settled(line, source)
        path.unlink()
        (fault,) = line.run(source)
        assert isinstance(fault, Fault) and fault.kind is FaultKind.PICTURE
        assert fault.origin.part_id == "part.png" and "before it was inspected" in fault.reason
        assert line.run(source) == [] and source.status().waiting == 0

    def test_a_whole_file_renamed_before_its_turn_is_taken_once(self, line: Line) -> None:
        source = line.make()
        path = self._settled(line, source)
        path.rename(path.with_name("renamed.png"))
        assert line.names(source) == ["renamed.png"]

    def test_an_old_file_taken_away_is_no_fault(self, line: Line) -> None:
        line.put("part.png")
        line.run(line.make())
        source = line.make()
        self._settled(line, source).unlink()
        assert line.run(source) == []

    def _settled(self, line: Line, source: FolderSource) -> Path:
        """Let the source see that a file is whole, without taking it."""
        path = line.folder / "part.png"
        if not path.exists():
            line.put("part.png")
        source._look()
        line.clock.go_on(SETTLE_S)
        source._look()
        return path


class TestOnce:
    def test_never_twice_within_a_run(self, line: Line) -> None:
        line.put("part.png")
        source = line.make()
        assert line.names(source, 20) == ["part.png"]
        assert len(line.record.asked) == 1

    def test_never_twice_after_a_restart(self, line: Line) -> None:
        for number in range(5):
            line.put(f"part {number}.png")
        line.run(line.make())
        line.put("part 5.png")
        line.record.asked.clear()
        assert line.names(line.make()) == ["part 5.png"]
        assert len(line.record.asked) == len(set(line.record.asked)) == 6

    def test_a_changed_file_is_a_new_part(self, line: Line) -> None:
        source = line.make()
        line.put("part.png")
        line.run(source)
        line.put("part.png", saved(scene(seed=3), "PNG"), age_s=-60)
        (frame,) = line.run(source)
        assert isinstance(frame, Frame) and np.array_equal(frame.image, scene(seed=3))

    def test_a_file_taken_away_and_brought_back_is_not_new(self, line: Line) -> None:
        source = line.make()
        path = line.put("part.png")
        assert len(line.run(source)) == 1
        away = path.rename(line.folder.parent / "part.png")
        assert line.run(source) == []
        away.rename(path)
        line.record.taken.clear()  # not even when the record has lost it
        assert line.run(source) == []


class TestFaults:
    @pytest.mark.parametrize("data", [b"", b"no picture", PNG[:-50]])
    def test_an_undecodable_file_is_one_fault_and_stays(self, line: Line, data: bytes) -> None:
        path = line.put("bad.png", data)
        line.put("good.png")
        source = line.make()
        results = line.run(source, 20)
        assert [result.origin.part_id for result in results] == ["good.png", "bad.png"]
        fault = results[1]
        assert isinstance(fault, Fault) and fault.kind is FaultKind.PICTURE
        assert "bad.png" in fault.reason
        assert fault.original == data == path.read_bytes()
        assert fault.origin.sha256 == hashlib.sha256(data).hexdigest()
        assert line.run(line.make()) == []

    @pytest.mark.skipif(
        sys.platform == "win32" or os.geteuid() == 0, reason="needs an account without all rights"
    )
    def test_a_file_without_rights(self, line: Line) -> None:
        line.put("locked.png").chmod(0)
        self.check_unreadable(line)

    def test_a_file_its_writer_holds(self, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(path: str, flags: int) -> int:
            raise PermissionError(13, "Permission denied", path)

        line.put("locked.png")
        monkeypatch.setattr("engine.sources.taking.os.open", refuse)
        self.check_unreadable(line)

    def check_unreadable(self, line: Line) -> None:
        source = line.make()
        assert line.run(source, UNREADABLE_S - 1) == []
        (fault,) = line.run(source, 4)
        assert isinstance(fault, Fault)
        assert "locked.png could not be read" in fault.reason
        assert fault.origin.sha256 is None and fault.original is None
        assert len(line.record.asked) == 1


def test_files_that_are_asked_for_again_at_once_are_attempts_of_their_own(line: Line) -> None:
    line.put("part.png")
    source = line.make()
    (first,) = line.run(source)
    for _ in range(2):
        source.take_again(first.origin, 2)
    assert [taken.origin.attempt for taken in line.run(source)] == [2, 3]


def test_a_folder_of_thousands_is_looked_at_in_short_steps(line: Line) -> None:
    for number in range(1500):
        (line.folder / f"{number}.png").touch()
    ticks = iter(range(10**9))
    source = line.make()
    source._clock = lambda: 50 + next(ticks) * 0.003  # each question takes 3 ms
    assert source.grab() is None
    assert 0 < source.status().waiting <= 500
    for _ in range(20):
        source.grab()
    assert source.status().waiting > 1000
