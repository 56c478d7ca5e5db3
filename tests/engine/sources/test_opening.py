from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from engine.sources import open_source
from engine.sources.base import (
    CameraConfig,
    FolderConfig,
    OnDemand,
    PartIsStill,
    PartName,
    ReplayConfig,
    SimulatorConfig,
    SourceConfig,
    StreamConfig,
    VideoConfig,
)
from engine.sources.camera.source import CameraSource
from engine.sources.folder import FolderSource
from engine.sources.orders import Orders
from engine.sources.replay import ReplaySource
from engine.sources.simulator import SimulatorSource
from tests.engine.sources.conftest import PNG


def _named(code: str | None, taken_at: datetime) -> PartName:
    return PartName(code or "part 1", 1)


def test_the_configuration_chooses_the_source(tmp_path: Path) -> None:
    (tmp_path / "part.png").write_bytes(PNG)
    (tmp_path / "line.mp4").touch()
    for config, kind in (
        (FolderConfig(path=tmp_path), FolderSource),
        (ReplayConfig(path=tmp_path), ReplaySource),
        (SimulatorConfig(), SimulatorSource),
        (CameraConfig(device="63"), CameraSource),
        (StreamConfig(url="http://127.0.0.1:9/"), CameraSource),
        (VideoConfig(path=tmp_path / "line.mp4"), CameraSource),
    ):
        source = open_source(config, lambda key: False, name_part=_named, orders=Orders())
        assert isinstance(source, kind)
        assert source.status().name == config.kind
        source.close()
        source.close()


def test_a_configuration_survives_being_written_down(tmp_path: Path) -> None:
    adapter: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
    for config in (
        FolderConfig(path=tmp_path, part_pattern=r"(p\d+)"),
        CameraConfig(device="/dev/v4l/by-id/usb-1", exposure=156, trigger=PartIsStill(still_s=1)),
        StreamConfig(url="rtsp://anna:s3cret@10.0.0.7/1", trigger=OnDemand()),
        VideoConfig(path=tmp_path / "line.mp4", repeat=True),
    ):
        assert adapter.validate_json(adapter.dump_json(config)) == config


def test_a_password_is_in_no_error_and_no_log() -> None:
    assert "s3cret" not in repr(StreamConfig(url="http://anna:s3cret@10.0.0.7/"))
    with pytest.raises(ValidationError) as told:
        StreamConfig(url="htp://anna:s3cret@10.0.0.7/")
    assert "s3cret" not in str(told.value)


@pytest.mark.parametrize("pattern", ["(", "no group"])
def test_a_part_pattern_must_be_one(pattern: str, tmp_path: Path) -> None:
    for make in (FolderConfig, ReplayConfig):
        with pytest.raises(ValidationError, match="part pattern"):
            make(path=tmp_path, part_pattern=pattern)
