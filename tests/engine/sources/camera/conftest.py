"""A camera whose driver does what the test says, at the moment the test says it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from queue import SimpleQueue

import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources.base import CameraConfig, PartName, TriggerPolicy
from engine.sources.camera.captured import Bgr
from engine.sources.camera.settings import CameraSettings
from engine.sources.camera.source import CameraSource
from engine.sources.orders import Orders
from tests.engine.sources.conftest import Clock

SETTINGS = CameraSettings(
    width=8, height=6, frames_per_s=30.0, pixel_format="YUYV", exposure=-1.0, gain=-1.0
)
PATIENCE_S = 10.0


def picture(seed: int = 0) -> Bgr:
    """Give a frame unlike every other: (6, 8, 3) uint8 BGR."""
    return np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)


class Driver:
    """A `Capture` that delivers what it is given; None is a read that fails."""

    settings = SETTINGS

    def __init__(self, *pictures: Bgr | None, interval_s: float | None = None) -> None:
        self.interval_s = interval_s
        self.closed = threading.Event()
        self.asked = threading.Semaphore(0)
        self._pictures: SimpleQueue[Bgr | None] = SimpleQueue()
        self._recorded = bool(pictures) or interval_s is not None
        for image in pictures:
            self._pictures.put(image)

    def read(self) -> Bgr | None:
        """Wait for what the test gives; once what was given at the start is used up, fail."""
        self.asked.release()
        if self._recorded:
            return None if self._pictures.empty() else self._pictures.get()
        return self._pictures.get()

    def give(self, *pictures: Bgr | None, wait: bool = True) -> None:
        """Deliver frames, and wait until the camera's thread has dealt with them."""
        if wait:
            assert self.asked.acquire(timeout=PATIENCE_S)
        for image in pictures:
            self._pictures.put(image)
            if wait:
                assert self.asked.acquire(timeout=PATIENCE_S)
        self.asked.release()

    def let_go(self) -> None:
        """Fail from now on; a read that waits ends."""
        self._recorded = True
        self._pictures.put(None)

    def close(self) -> None:
        self.closed.set()


class Place:
    """A station with one camera place: a source, its orders, its clock and its record."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.orders = Orders(clock=self.clock)
        self.driver = Driver()
        self.drivers: SimpleQueue[Driver | SourceError] = SimpleQueue()
        self.drivers.put(self.driver)
        self.named: list[tuple[str | None, datetime]] = []
        self.record_fails = False
        self._sources: list[CameraSource] = []

    def open(self, trigger: TriggerPolicy | None = None) -> CameraSource:
        """Make a source over the first driver."""
        config = CameraConfig() if trigger is None else CameraConfig(trigger=trigger)
        source = CameraSource(
            config,
            name_part=self._name,
            orders=self.orders,
            open_capture=self._next_driver,
            clock=self.clock,
        )
        self._sources.append(source)
        return source

    def close(self) -> None:
        """Close all sources; what still waits in a driver is let go."""
        for driver in (self.driver, *self._left()):
            driver.let_go()
        for source in self._sources:
            source.close()

    def _left(self) -> Iterator[Driver]:
        while not self.drivers.empty():
            driver = self.drivers.get()
            if isinstance(driver, Driver):
                yield driver

    def _next_driver(self) -> Driver:
        if self.drivers.empty():
            raise SourceError("the test has no more cameras")
        driver = self.drivers.get()
        if isinstance(driver, SourceError):
            raise driver
        return driver

    def _name(self, code: str | None, taken_at: datetime) -> PartName:
        if self.record_fails:
            raise OSError("the record is busy")
        self.named.append((code, taken_at))
        attempt = 1 + [named for named, _ in self.named[:-1]].count(code) if code else 1
        return PartName(code or f"part {len(self.named)}", attempt)


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    yield place
    place.close()


def until(condition: Callable[[], object]) -> None:
    """Wait for what another thread or process does, which gives no signal."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S * 200)):
        if condition():
            return
        waiting.wait(0.005)
    raise AssertionError("it did not happen in time")
