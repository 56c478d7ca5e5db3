"""One station per data folder, tried with real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from workstation.lock import Owner, StationInUseError, StationLock
from workstation.paths import DataFolderError
from workstation.station import Station

HOLD = """
import sys
from pathlib import Path
from workstation.lock import StationLock
lock = StationLock.take(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
lock.release()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "station.lock"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def left_behind(path: Path, owner: Owner) -> None:
    path.write_text(json.dumps(asdict(owner)))


ELSEWHERE = Owner(
    pid=77, host="PRESS-4", machine="m4", boot="b4", since="2026-03-02T12:00:00+00:00"
)


def test_a_second_station_is_told_who_holds_the_folder(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(StationInUseError) as refused:
        StationLock.take(path)
    owner = refused.value.owner
    assert owner is not None and owner.pid == holder.pid
    assert refused.value.folder == path.parent
    for word in (f"process {holder.pid} on {Owner().host}, since 20", "--data-dir"):
        assert word in str(refused.value)


def test_a_station_of_this_process_is_respected_too(path: Path) -> None:
    lock = StationLock.take(path)
    for _ in range(2):
        with pytest.raises(StationInUseError):
            StationLock.take(path)
    lock.release()
    StationLock.take(path).release()


def test_after_an_orderly_end_nothing_is_left(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.communicate()
    assert path.read_bytes() == b""
    lock = StationLock.take(path)
    assert lock.left_behind is None
    lock.release()
    lock.release()


def test_a_killed_station_is_taken_over(path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    lock = StationLock.take(path)
    assert lock.left_behind is not None and lock.left_behind.pid == holder.pid
    lock.release()


def test_a_process_id_in_use_again_keeps_no_folder(path: Path) -> None:
    left_behind(path, Owner())  # this very process lives, and does not hold it
    lock = StationLock.take(path)
    assert lock.left_behind is not None
    lock.release()


def test_a_computer_that_was_renamed_knows_its_own_lock(path: Path) -> None:
    left_behind(path, replace(Owner(), host="former name"))
    StationLock.take(path).release()


@pytest.mark.parametrize(
    ("change", "here"),
    [
        ({}, True),
        ({"boot": "started again"}, True),
        ({"boot": "started again", "host": "renamed"}, True),
        ({"machine": "", "host": "another container"}, True),
        ({"boot": "", "machine": ""}, True),
        ({"boot": "", "machine": "", "host": "PRESS-5"}, False),
        ({"boot": "b5", "machine": "m5"}, False),
        ({"boot": "", "machine": "m5"}, False),
    ],
)
def test_which_computer_it_was(change: dict[str, str], here: bool) -> None:
    assert replace(ELSEWHERE, **change).on_this_computer(ELSEWHERE) is here


def test_another_computer_is_respected_though_its_lock_does_not_reach_here(path: Path) -> None:
    left_behind(path, ELSEWHERE)
    with pytest.raises(StationInUseError, match="process 77 on PRESS-4") as refused:
        StationLock.take(path)
    assert f"delete {path}" in str(refused.value)
    assert json.loads(path.read_text()) == asdict(ELSEWHERE), "untouched"
    path.unlink()
    StationLock.take(path).release()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1, "colour": 2}', '{"since": "noon"}'])
def test_a_text_nobody_understands_keeps_no_folder(path: Path, text: str) -> None:
    path.write_text(text)
    lock = StationLock.take(path)
    assert lock.left_behind is None
    lock.release()


def test_a_file_that_cannot_be_opened_is_a_sentence(path: Path) -> None:
    path.mkdir()
    with pytest.raises(DataFolderError, match="cannot be locked"):
        StationLock.take(path)


def test_the_station_holds_its_folder_and_logs_a_takeover(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Station.open(tmp_path) as station, pytest.raises(StationInUseError):
        assert station.folder.lock.exists()
        Station.open(tmp_path)
    left_behind(tmp_path / "station.lock", Owner())
    assert "Taken over" not in caplog.text
    Station.open(tmp_path).close()
    assert f"Taken over from a station that was cut off (process {Owner().pid}" in caplog.text


def test_a_station_that_cannot_be_opened_gives_its_folder_back(tmp_path: Path) -> None:
    (tmp_path / "loupe.db").write_bytes(b"no database" * 1000)
    for _ in range(2):
        with pytest.raises(Exception, match=r"loupe\.db") as error:
            Station.open(tmp_path)
        assert not isinstance(error.value, StationInUseError)
