from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources.base import ReplayConfig
from engine.sources.replay import ReplaySource
from engine.types import Fault, Frame
from tests.engine.picture_files import saved, scene
from tests.engine.sources.conftest import Clock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2, 10):
        (tmp_path / f"part {number}.png").write_bytes(saved(scene(seed=number), "PNG"))
    return tmp_path


def test_pictures_come_in_order_and_end(folder: Path, clock: Clock) -> None:
    source = ReplaySource(ReplayConfig(path=folder), clock=clock)
    frames = [source.grab() for _ in range(3)]
    assert [frame.origin.part_id for frame in frames if frame] == [
        "part 1.png",
        "part 2.png",
        "part 10.png",
    ]
    last = frames[2]
    assert isinstance(last, Frame) and np.array_equal(last.image, scene(seed=10))
    assert last.origin.file is None and last.origin.number == 3 and not last.origin.simulated
    assert last.original == (folder / "part 10.png").read_bytes()
    assert source.grab() is None
    assert source.status().exhausted and source.status().waiting == 0


def test_it_begins_again_when_asked_to(folder: Path, clock: Clock) -> None:
    source = ReplaySource(ReplayConfig(path=folder, repeat=True), clock=clock)
    ids = [frame.origin.part_id for frame in (source.grab() for _ in range(7)) if frame]
    assert ids[3:6] == ids[:3] and ids[6] == ids[0]
    assert not source.status().exhausted


def test_it_keeps_its_pace_and_makes_up_for_no_pause(folder: Path, clock: Clock) -> None:
    source = ReplaySource(ReplayConfig(path=folder, interval_s=2, repeat=True), clock=clock)
    came = []
    for tenth in range(100):
        if source.grab() is not None:
            came.append(tenth / 10)
        clock.go_on(0.1)
    assert came == pytest.approx([0, 2, 4, 6, 8], abs=0.11)
    clock.go_on(60)
    assert source.grab() is not None
    assert source.grab() is None


def test_an_undecodable_picture_is_a_fault(folder: Path, clock: Clock) -> None:
    (folder / "part 0.png").write_bytes(b"no picture")
    source = ReplaySource(ReplayConfig(path=folder, part_pattern=r"part (\d+)"), clock=clock)
    fault = source.grab()
    assert isinstance(fault, Fault) and "part 0.png" in fault.reason
    assert fault.origin.part_id == "0" and fault.original == b"no picture"
    assert isinstance(source.grab(), Frame)


def test_a_picture_that_is_gone_is_a_fault(folder: Path, clock: Clock) -> None:
    source = ReplaySource(ReplayConfig(path=folder), clock=clock)
    (folder / "part 1.png").unlink()
    fault = source.grab()
    assert isinstance(fault, Fault) and fault.origin.sha256 is None


def test_a_folder_without_pictures_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(SourceError, match=path.name):
            ReplaySource(ReplayConfig(path=path))
