"""Passwords leave a source's settings before anybody reads them."""

import json

import pytest

from engine.sources.base import FolderConfig, SimulatorConfig, StreamConfig
from engine.sources.told import hidden_address, told_config


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("rtsp://10.0.0.5:554/stream1", "rtsp://10.0.0.5:554/stream1"),
        ("rtsp://me:s3cret@10.0.0.5/stream1", "rtsp://•••@10.0.0.5/stream1"),
        ("http://10.0.0.5/video?user=me&pwd=s3cret", "http://•••@10.0.0.5/video"),
        ("rtsp://10.0.0.5/user=me_password=s3cret", "rtsp://•••@10.0.0.5"),
    ],
)
def test_what_is_told_of_an_address(url: str, told: str) -> None:
    assert hidden_address(url) == told
    values = told_config(StreamConfig(url=url))
    assert values["url"] == told
    assert "s3cret" not in json.dumps(values)


def test_other_sources_are_told_whole() -> None:
    for config in (SimulatorConfig(), FolderConfig(path="/data/line1")):
        assert told_config(config) == config.model_dump(mode="json")
