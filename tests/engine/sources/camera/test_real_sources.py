"""Video files as OpenCV writes them, and a network camera that is really killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources import open_source
from engine.sources.base import (
    CameraConfig,
    OnDemand,
    PartName,
    Source,
    SourceConfig,
    StreamConfig,
    VideoConfig,
)
from engine.sources.camera.source import LOST_S
from engine.sources.orders import Orders
from engine.types import Fault, Frame
from tests.engine.sources.camera.conftest import until
from tests.mjpeg_server import SIZE, MjpegServer

pytestmark = pytest.mark.slow

GREYS = range(20, 240, 20)
"""One frame of the video per grey level."""


def opened(config: SourceConfig, orders: Orders | None = None) -> Source:
    return open_source(config, lambda key: False, name_part=_name, orders=orders or Orders())


def _name(code: str | None, taken_at: datetime) -> PartName:
    return PartName(code or "part", 1)


def video(folder: Path, *, code: str = "mp4v", suffix: str = ".mp4", rate: float = 50.0) -> Path:
    path = folder / f"line{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), rate, (64, 48))
    for grey in GREYS:
        writer.write(np.full((48, 64, 3), (grey, grey // 2, 0), np.uint8))
    writer.release()
    return path


def take(source: Source, count: int) -> list[Frame]:
    """Grab as the engine does until there are so many frames, or there can be no more."""
    frames: list[Frame] = []

    def enough() -> bool:
        try:
            taken = source.grab()
        except SourceError:
            return False
        assert not isinstance(taken, Fault)
        frames.extend([taken] if taken else [])
        return len(frames) >= count or source.status().exhausted

    until(enough)
    return frames


def lost(source: Source) -> str:
    """Grab until the source says why it is lost."""
    said: list[str] = []

    def raised() -> bool:
        try:
            source.grab()
        except SourceError as error:
            said.append(str(error))
        return bool(said)

    until(raised)
    return said[0]


@pytest.mark.parametrize(("code", "suffix"), [("mp4v", ".mp4"), ("MJPG", ".avi")])
def test_a_video_is_played_to_its_end_at_its_own_speed(
    code: str, suffix: str, tmp_path: Path
) -> None:
    source = opened(VideoConfig(path=video(tmp_path, code=code, suffix=suffix)))
    began = time.monotonic()
    frames = take(source, 100)
    assert time.monotonic() - began >= (len(GREYS) - 1) / 50
    status = source.status()
    assert len(frames) + status.skipped == len(GREYS)
    assert (status.exhausted, status.healthy) == (True, True)
    assert status.sentence.endswith("has ended.")
    last = frames[-1].image.reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(last, (0, GREYS[-1] // 2, GREYS[-1]), atol=6)  # RGB
    with pytest.raises(SourceError, match="has ended"):
        source.take_again(frames[0].origin, 2)
    source.close()
    source.close()


def test_a_video_can_be_played_again_and_again(tmp_path: Path) -> None:
    source = opened(VideoConfig(path=video(tmp_path, rate=200), repeat=True))
    numbers = [frame.origin.number for frame in take(source, 2 * len(GREYS))]
    assert numbers == list(range(1, len(numbers) + 1))
    assert not source.status().exhausted
    source.close()


def test_a_video_waits_for_a_trigger(tmp_path: Path) -> None:
    orders = Orders()
    config = VideoConfig(path=video(tmp_path), repeat=True, trigger=OnDemand())
    source = opened(config, orders)
    until(lambda: source.preview() is not None)
    assert source.grab() is None
    orders.scan("A 1")
    orders.trigger()
    assert [frame.origin.part_id for frame in take(source, 1)] == ["A 1"]
    source.close()


def test_a_video_that_is_missing_or_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        opened(VideoConfig(path=tmp_path / "line.mp4"))
    (tmp_path / "line.mp4").write_bytes(b"no video")
    source = opened(VideoConfig(path=tmp_path / "line.mp4"))
    assert "holds no video that can be read" in lost(source)
    source.close()


def test_a_camera_that_is_not_there_is_said() -> None:
    source = opened(CameraConfig(device="63"))
    assert "The camera 63 has given no picture" in lost(source)
    source.close()


@pytest.fixture(scope="module")
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as server:
        yield server


def test_a_stream_that_is_killed_is_lost_and_comes_back(
    server: MjpegServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    source = opened(StreamConfig(url=server.url))
    (frame,) = take(source, 1)
    assert frame.image.shape == (SIZE[1], SIZE[0], 3)
    server.kill()
    killed = time.monotonic()
    sentence = lost(source)
    assert time.monotonic() - killed < LOST_S
    assert f"The stream http://127.0.0.1:{server.port}/line has given no picture since" in sentence
    assert not source.status().healthy
    server.start()
    assert len(take(source, 2)) == 2
    status = source.status()
    assert status.healthy and status.name == "stream"
    source.close()
    told = "".join((sentence, status.sentence, *capfd.readouterr(), caplog.text))
    assert "anna" not in told and "s3cret" not in told


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGSTOP")
def test_a_stream_that_falls_silent_is_lost_within_three_seconds(server: MjpegServer) -> None:
    source = opened(StreamConfig(url=server.url))
    take(source, 1)
    server.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    lost(source)
    assert time.monotonic() - stopped < LOST_S + 0.2
    server.signal(signal.SIGCONT)
    assert take(source, 1)
    source.close()


@pytest.mark.slow
def test_a_stream_that_keeps_one_picture_is_frozen() -> None:
    with MjpegServer("--same") as server:
        source = opened(StreamConfig(url=server.url))
        until(lambda: isinstance(source.grab(), Fault))
        source.close()


@pytest.mark.parametrize(("kind", "times"), [("video", 100), ("stream", 20)])
def test_nothing_is_left_of_many_openings(
    kind: str, times: int, tmp_path: Path, server: MjpegServer
) -> None:
    path = video(tmp_path)
    config = VideoConfig(path=path) if kind == "video" else StreamConfig(url=server.url)
    for turn in range(times + 1):
        source = opened(config)
        take(source, 1)
        source.close()
        if turn == 0:
            before = threading.active_count(), _handles()
    assert (threading.active_count(), _handles()) == before


def _handles() -> int:
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else 0  # noqa: PTH208 - a count, no paths
