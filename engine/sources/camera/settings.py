"""What a camera is asked to do, and what its driver made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2

from engine.sources.base import CameraConfig

_MANUAL_EXPOSURE_V4L2 = 1
_MANUAL_EXPOSURE = 0
"""V4L2 has a menu (1 manual, 3 aperture priority); DirectShow and Media Foundation a switch."""


class Properties(Protocol):
    """The part of `cv2.VideoCapture` that knows numbers."""

    def get(self, propId: int) -> float:  # noqa: N803 - OpenCV's own name
        """Give a property; 0 or -1 where the driver has none."""
        ...

    def set(self, propId: int, value: float) -> bool:  # noqa: N803 - OpenCV's own name
        """Ask for a value; the driver may take another one, or none."""
        ...


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """How a camera really works, read back from its driver after it was asked."""

    width: int
    height: int
    frames_per_s: float
    """What the driver says; 0 where it does not. `SourceStatus` has what is measured."""
    pixel_format: str
    """Four-character code; empty where there is none."""
    exposure: float
    """In the driver's own unit; -1 or 0 where there is none."""
    gain: float
    """In the driver's own unit; -1 or 0 where there is none."""
    not_taken: tuple[str, ...] = ()
    """What the driver did not do as it was asked, in words."""

    @property
    def sentence(self) -> str:
        """Say it for people: "640 × 480 MJPG; the driver did not take exposure 100 (it is 156)."""
        size = f"{self.width} × {self.height} {self.pixel_format}".rstrip()
        if not self.not_taken:
            return size
        return f"{size}; the driver did not take {', '.join(self.not_taken)}"


def apply_settings(capture: Properties, config: CameraConfig, *, v4l2: bool) -> CameraSettings:
    """Ask the driver for all that `config` names, and read back what it did."""
    for name, prop, asked in _asked(config):
        if name == "exposure":
            manual = _MANUAL_EXPOSURE_V4L2 if v4l2 else _MANUAL_EXPOSURE
            capture.set(cv2.CAP_PROP_AUTO_EXPOSURE, manual)
        capture.set(prop, asked)
    return read_settings(capture, config)


def read_settings(capture: Properties, config: CameraConfig | None = None) -> CameraSettings:
    """Read how the camera works now, and compare it with what `config` asks for."""
    return CameraSettings(
        width=int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
        height=int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
        frames_per_s=capture.get(cv2.CAP_PROP_FPS),
        pixel_format=_code_text(capture.get(cv2.CAP_PROP_FOURCC)),
        exposure=capture.get(cv2.CAP_PROP_EXPOSURE),
        gain=capture.get(cv2.CAP_PROP_GAIN),
        not_taken=() if config is None else tuple(_not_taken(capture, config)),
    )


def _asked(config: CameraConfig) -> Iterator[tuple[str, int, float]]:
    """List what is asked for; the pixel format first, on which sizes and rates depend."""
    code = config.pixel_format
    wishes = (
        ("pixel format", cv2.CAP_PROP_FOURCC, None if code is None else _code_number(code)),
        ("width", cv2.CAP_PROP_FRAME_WIDTH, config.width),
        ("height", cv2.CAP_PROP_FRAME_HEIGHT, config.height),
        ("frame rate", cv2.CAP_PROP_FPS, config.frames_per_s),
        ("exposure", cv2.CAP_PROP_EXPOSURE, config.exposure),
        ("gain", cv2.CAP_PROP_GAIN, config.gain),
    )
    return ((name, prop, float(value)) for name, prop, value in wishes if value is not None)


def _not_taken(capture: Properties, config: CameraConfig) -> Iterator[str]:
    for name, prop, asked in _asked(config):
        got = capture.get(prop)
        if prop == cv2.CAP_PROP_FOURCC:
            if _code_text(got) != _code_text(asked):
                yield f"{name} {_code_text(asked)} (it is {_code_text(got) or 'unknown'})"
        elif abs(got - asked) > 0.01 * abs(asked):  # drivers round rates and exposures
            yield f"{name} {asked:g} (it is {got:g})"


def _code_number(code: str) -> int:
    return cv2.VideoWriter.fourcc(*code)


def _code_text(number: float) -> str:
    signs = int(number).to_bytes(4, "little") if 0 < number < 2**32 else b""
    return signs.decode("ascii", "replace").strip() if signs.isascii() else ""
