from __future__ import annotations

import pytest

from engine.sources.camera.address import shown_address


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://cam.local:554/stream1", "rtsp://cam.local:554/stream1"),
        ("http://anna:s3cret@10.0.0.7/video.mjpg", "http://10.0.0.7/video.mjpg"),
        ("http://10.0.0.7/videostream.cgi?user=anna&pwd=s3cret", "http://10.0.0.7/videostream.cgi"),
        ("rtsp://10.0.0.7/user=anna_password=s3cret_channel=1", "rtsp://10.0.0.7"),
        ("rtsp://anna:s3/cr@et@10.0.0.7:554/a/b", "rtsp://10.0.0.7:554/a/b"),
        ("rtsp://anna:s3#cr?et@10.0.0.7/a", "rtsp://10.0.0.7/a"),
        ("http://[fe80::1]:8080/", "http://[fe80::1]:8080/"),
        ("http://10.0.0.7", "http://10.0.0.7"),
    ],
)
def test_no_secret_is_shown(url: str, shown: str) -> None:
    assert shown_address(url) == shown
