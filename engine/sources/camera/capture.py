"""One opened camera, stream or video file; OpenCV's VideoCapture and nothing else is behind it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Protocol, TypeAlias

import cv2
import numpy as np

from engine.errors import SourceError
from engine.sources.base import CameraConfig, StreamConfig, VideoConfig
from engine.sources.camera.address import shown_address
from engine.sources.camera.captured import Bgr
from engine.sources.camera.settings import CameraSettings, apply_settings, read_settings

LiveConfig: TypeAlias = CameraConfig | StreamConfig | VideoConfig

OPEN_TIMEOUT_MS = 5000
READ_TIMEOUT_MS = 3000
"""Of streams; a camera's driver has limits of its own, so the source watches the clock as well."""
_V4L2_TIMEOUT_S = 3
_VIDEO_FRAMES_PER_S = 25.0
"""Where a video file does not say how fast it was taken."""

_BACKENDS = {"v4l2": cv2.CAP_V4L2, "dshow": cv2.CAP_DSHOW, "msmf": cv2.CAP_MSMF}


class Capture(Protocol):
    """Something opened that delivers frames; used in one thread only."""

    @property
    def settings(self) -> CameraSettings:
        """How it works, read when it was opened."""
        ...

    @property
    def interval_s(self) -> float | None:
        """Seconds from one frame of a video file to the next; None: frames come when they do."""
        ...

    def read(self) -> Bgr | None:
        """Wait for the next frame; None when it failed, or at the end of a video file.

        Raises
        ------
        SourceError
            It delivers something that is no 8-bit colour picture.
        """
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


OpenCapture: TypeAlias = Callable[[], Capture]


class VideoCapture:
    """A `Capture` by OpenCV."""

    def __init__(
        self, capture: cv2.VideoCapture, *, settings: CameraSettings, interval_s: float | None
    ) -> None:
        self._capture = capture
        self.settings = settings
        self.interval_s = interval_s

    def read(self) -> Bgr | None:
        """Wait for the next frame; see `Capture.read`."""
        try:
            good, picture = self._capture.read()
        except cv2.error:  # a damaged picture inside the stream
            return None
        if not good or picture is None:
            return None
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
            raise SourceError(
                f"it delivers {picture.dtype} pictures of shape {picture.shape}, which are not "
                "8-bit colour; choose another pixel format"
            )
        return np.asarray(picture, np.uint8)

    def close(self) -> None:
        """Give the device back; see `Capture.close`."""
        self._capture.release()


def open_capture(config: LiveConfig) -> Capture:
    """Open what `config` describes; may take seconds.

    Raises
    ------
    SourceError
        It cannot be opened; the message is the reason alone, to follow "gives no picture:".
    """
    _silence_opencv()
    match config:
        case CameraConfig():
            return _open_camera(config)
        case StreamConfig():
            return _open_stream(config)
        case VideoConfig():
            return _open_video(config)


def name_of(config: LiveConfig) -> str:
    """Name the source for people, without secrets: "The camera 0"."""
    match config:
        case CameraConfig():
            return f"The camera {config.device}"
        case StreamConfig():
            return f"The stream {shown_address(config.url)}"
        case VideoConfig():
            return f"The video {config.path}"


def _silence_opencv() -> None:
    """Leave it to the source to say what is wrong: in its words, once, and without secrets."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)


def _open_camera(config: CameraConfig) -> Capture:
    backends = _backends(config)
    if cv2.CAP_V4L2 in backends:
        # OpenCV reads this once, at its first look at a camera; 10 s, its own, is too long here.
        os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(_V4L2_TIMEOUT_S))
    device = int(config.device) if config.device.isdecimal() else config.device
    for backend in backends:
        capture = cv2.VideoCapture(device, backend)
        if capture.isOpened():
            settings = apply_settings(capture, config, v4l2=backend == cv2.CAP_V4L2)
            return VideoCapture(capture, settings=settings, interval_s=None)
        capture.release()
    raise SourceError(
        "it could not be opened; check that it is plugged in and that no other program uses it"
    )


def _backends(config: CameraConfig) -> list[int]:
    if config.backend != "auto":
        return [_BACKENDS[config.backend]]
    if sys.platform == "win32":
        return [cv2.CAP_DSHOW, cv2.CAP_MSMF]  # Media Foundation takes seconds to open a camera
    return [cv2.CAP_V4L2] if sys.platform == "linux" else [cv2.CAP_ANY]


def _open_stream(config: StreamConfig) -> Capture:
    limits = [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS),
    ]
    capture = cv2.VideoCapture(config.url, cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        raise SourceError(
            "it could not be opened; check its address, name and password, and the network"
        )
    return VideoCapture(capture, settings=read_settings(capture), interval_s=None)


def _open_video(config: VideoConfig) -> Capture:
    capture = cv2.VideoCapture(str(config.path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise SourceError("it holds no video that can be read; save it as MP4 or AVI")
    settings = read_settings(capture)
    rate = settings.frames_per_s
    rate = rate if 0 < rate < 1000 else _VIDEO_FRAMES_PER_S
    return VideoCapture(capture, settings=settings, interval_s=1 / rate)
