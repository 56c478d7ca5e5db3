"""The camera's thread, turn by turn, on a clock of the test."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from engine.errors import SourceError
from engine.sources.camera.captured import Captured
from engine.sources.camera.freeze import FROZEN_FRAMES, Freeze
from engine.sources.camera.reader import MISSED_S, Reader
from engine.sources.camera.retry import Retry
from tests.engine.sources.camera.conftest import SETTINGS, Driver, picture, until
from tests.engine.sources.conftest import Clock


class Bench:
    """A reader that is turned by hand."""

    def __init__(self, *drivers: Driver | SourceError, repeat: bool = False) -> None:
        self.clock = Clock()
        self.seen: list[Captured] = []
        self.opened = 0
        self._drivers = iter(drivers)
        self.reader = Reader(self._open, self.seen.append, clock=self.clock, repeat=repeat)

    def _open(self) -> Driver:
        self.opened += 1
        driver = next(self._drivers)
        if isinstance(driver, SourceError):
            raise driver
        return driver


def test_a_camera_that_cannot_be_opened_is_tried_more_and_more_seldom() -> None:
    away = [SourceError("it is not there")] * 6
    bench = Bench(*away, Driver(picture()), SourceError("gone again"))
    assert [bench.reader.turn() for _ in away] == [1, 2, 5, 10, 10, 10]
    assert (bench.reader.failure, bench.reader.retry_s) == ("it is not there", 10)
    assert bench.reader.turn() == 0  # opened; still lost, until a picture comes
    assert bench.reader.failure == "it is not there"
    bench.reader.turn()
    assert (bench.reader.failure, len(bench.seen)) == ("", 1)
    bench.clock.go_on(MISSED_S)
    assert bench.reader.turn() == 1  # after a picture, from the shortest wait again
    assert "stopped" in bench.reader.failure


def test_waits_begin_again_after_a_picture() -> None:
    retry = Retry()
    assert [retry.next_s() for _ in range(3)] == [1, 2, 5]
    retry.start_again()
    assert retry.next_s() == 1


def test_one_damaged_picture_does_not_make_a_camera_lost() -> None:
    bench = Bench(Driver(picture(0), None, picture(1)))
    for _ in range(4):
        bench.clock.go_on(MISSED_S / 2)
        bench.reader.turn()
    assert (len(bench.seen), bench.reader.failure, bench.opened) == (2, "", 1)


def test_a_camera_that_fails_for_longer_is_closed_and_opened_again() -> None:
    first = Driver(picture())
    bench = Bench(first, Driver(picture()))
    for _ in range(4):
        bench.reader.turn()
        bench.clock.go_on(MISSED_S)
    assert first.closed.is_set() and bench.opened == 2


def test_what_no_picture_can_be_made_of_is_said() -> None:
    class Grey(Driver):
        def read(self) -> None:
            raise SourceError("it delivers grey pictures")

    bench = Bench(Grey())
    bench.reader.turn()
    bench.reader.turn()
    assert bench.reader.failure == "it delivers grey pictures"


def test_a_video_keeps_its_own_speed_and_ends() -> None:
    bench = Bench(Driver(*(picture(n) for n in range(4)), interval_s=0.1))
    bench.reader.turn()
    assert bench.reader.turn() == pytest.approx(0.1)
    bench.clock.go_on(0.13)  # decoding took a while
    assert bench.reader.turn() == pytest.approx(0.07)
    bench.clock.go_on(0.4)  # too late: it is not made up for
    assert bench.reader.turn() == 0
    bench.reader.turn()
    assert bench.reader.turn() is None
    assert (len(bench.seen), bench.reader.ended, bench.reader.failure) == (4, True, "")
    assert bench.reader.turn() is None


def test_a_video_that_is_repeated_is_opened_again_at_its_end() -> None:
    videos = [Driver(picture(), interval_s=0.1) for _ in range(3)]
    bench = Bench(*videos, repeat=True)
    for _ in range(8):
        bench.reader.turn()
    assert (len(bench.seen), bench.opened, bench.reader.ended) == (3, 3, False)


def test_pictures_that_stay_bit_identical_are_frozen() -> None:
    freeze, same = Freeze(), picture()
    assert [freeze.see(same.copy(), now) for now in (0, 1, 1.9)] == [0, 0, 0]
    assert freeze.see(same.copy(), 2.5) == 0  # long enough, but only four pictures
    assert freeze.see(same.copy(), 3) == 3
    other = same.copy()
    other[5, 7, 2] ^= 1  # one bit that no sample looks at
    assert freeze.see(other, 4) == 0
    assert FROZEN_FRAMES == 5


def test_a_video_file_may_show_the_same_picture_for_long() -> None:
    for interval_s, frozen in ((None, True), (1.0, False)):
        bench = Bench(Driver(*[np.zeros((6, 8, 3), np.uint8)] * 9, interval_s=interval_s))
        for _ in range(10):
            bench.reader.turn()
            bench.clock.go_on(1)
        assert (bench.seen[-1].frozen_s > 0) is frozen


def test_settings_are_known_once_it_is_open() -> None:
    bench = Bench(Driver(picture()))
    assert bench.reader.settings is None
    bench.reader.turn()
    assert bench.reader.settings == SETTINGS


def test_a_thread_that_hangs_is_left_behind_and_ends_later(
    monkeypatch: pytest.MonkeyPatch, clock: Callable[[], float]
) -> None:
    monkeypatch.setattr("engine.sources.camera.reader.JOIN_S", 0.01)
    driver, seen = Driver(), list[Captured]()
    reader = Reader(lambda: driver, seen.append, clock=clock)
    reader.start()
    assert driver.asked.acquire(timeout=10)
    assert not reader.stop()
    assert reader.busy_since_s is not None
    driver.give(picture(), wait=False)
    assert driver.closed.wait(10)
    until(reader.stop)
    assert seen == [] and not any(thread.name == "camera" for thread in threading.enumerate())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_unexpectedly_says_so_and_does_not_seem_to_hang() -> None:
    def fail() -> Driver:
        raise ZeroDivisionError

    reader = Reader(fail, lambda _: None, clock=Clock())
    reader.start()
    until(lambda: reader.failed)
    assert reader.busy_since_s is None
    assert "the log says how" in reader.failure and reader.retry_s > 0
    assert reader.stop()
