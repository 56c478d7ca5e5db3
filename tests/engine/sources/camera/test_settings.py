"""What a camera is asked for, and what is told of its answer."""

from __future__ import annotations

import cv2
import pytest

from engine.sources.base import CameraConfig
from engine.sources.camera.settings import apply_settings

MJPG = float(cv2.VideoWriter.fourcc(*"MJPG"))
YUYV = float(cv2.VideoWriter.fourcc(*"YUYV"))


class Driver:
    """Remembers what it was asked, and does only what it can."""

    def __init__(self, *, fixed: dict[int, float] | None = None) -> None:
        self.asked: list[tuple[int, float]] = []
        self._fixed = fixed or {}
        self._values: dict[int, float] = {cv2.CAP_PROP_FRAME_WIDTH: 640, cv2.CAP_PROP_FOURCC: YUYV}

    def get(self, propId: int) -> float:  # noqa: N803
        return self._fixed.get(propId, self._values.get(propId, 0))

    def set(self, propId: int, value: float) -> bool:  # noqa: N803
        self.asked.append((propId, value))
        self._values[propId] = value
        return propId not in self._fixed


ALL = CameraConfig(
    width=1280, height=720, frames_per_s=30, pixel_format="MJPG", exposure=156, gain=4
)


def test_what_is_not_said_stays_as_the_driver_has_it() -> None:
    driver = Driver()
    settings = apply_settings(driver, CameraConfig(), v4l2=True)
    assert driver.asked == []
    assert (settings.width, settings.pixel_format, settings.not_taken) == (640, "YUYV", ())


@pytest.mark.parametrize(("v4l2", "manual"), [(True, 1), (False, 0)])
def test_the_driver_is_asked_in_the_order_that_works(v4l2: bool, manual: int) -> None:
    driver = Driver()
    settings = apply_settings(driver, ALL, v4l2=v4l2)
    assert driver.asked == [
        (cv2.CAP_PROP_FOURCC, MJPG),
        (cv2.CAP_PROP_FRAME_WIDTH, 1280),
        (cv2.CAP_PROP_FRAME_HEIGHT, 720),
        (cv2.CAP_PROP_FPS, 30),
        (cv2.CAP_PROP_AUTO_EXPOSURE, manual),
        (cv2.CAP_PROP_EXPOSURE, 156),
        (cv2.CAP_PROP_GAIN, 4),
    ]
    assert settings.sentence == "1280 × 720 MJPG"


def test_what_the_driver_did_otherwise_is_told() -> None:
    fixed = {cv2.CAP_PROP_FOURCC: YUYV, cv2.CAP_PROP_EXPOSURE: 250.0, cv2.CAP_PROP_FPS: 29.97}
    settings = apply_settings(Driver(fixed=fixed), ALL, v4l2=True)
    assert (settings.exposure, settings.frames_per_s) == (250.0, 29.97)
    assert settings.sentence == (
        "1280 × 720 YUYV; the driver did not take pixel format MJPG (it is YUYV), "
        "exposure 156 (it is 250)"
    )
