"""A camera as a source of parts: what is taken, what is a fault, and what people are told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from engine.errors import SourceError
from engine.pictures import image_sha256
from engine.sources.base import OnDemand
from engine.sources.camera.source import HUNG_READERS, HUNG_S, LOST_S, UNSERVED_S, CameraSource
from engine.sources.orders import DEPTH
from engine.types import Fault, FaultKind, Frame, Origin
from tests.engine.sources.camera.conftest import Driver, Place, picture, until


def frame(source: CameraSource) -> Frame:
    taken = source.grab()
    assert isinstance(taken, Frame)
    return taken


def fault(source: CameraSource) -> Fault:
    taken = source.grab()
    assert isinstance(taken, Fault)
    return taken


def test_a_frame_is_taken_once_in_the_right_colours(place: Place) -> None:
    source, before = place.open(), datetime.now(UTC)
    assert source.grab() is None
    place.driver.give(picture(1))
    taken = frame(source)
    np.testing.assert_array_equal(taken.image, cv2.cvtColor(picture(1), cv2.COLOR_BGR2RGB))
    assert not taken.image.flags.writeable
    assert taken.captured_s == place.clock()
    assert taken.origin == Origin(
        source="camera",
        part_id="part 1",
        taken_at=taken.origin.taken_at,
        number=1,
        simulated=False,
        sha256=image_sha256(taken.image),
    )
    assert before <= taken.origin.taken_at <= datetime.now(UTC)
    assert source.grab() is None


def test_only_the_newest_frame_is_kept_and_the_others_are_counted(place: Place) -> None:
    source = place.open()
    place.driver.give(*(picture(n) for n in range(5)))
    taken = frame(source)
    np.testing.assert_array_equal(taken.image, cv2.cvtColor(picture(4), cv2.COLOR_BGR2RGB))
    assert source.status().skipped == 4
    place.orders.pause()  # on a stopped line nobody wants the frames
    place.driver.give(*(picture(n) for n in range(5)))
    assert source.status().skipped == 4


def test_a_part_bears_the_code_that_was_scanned_for_it(place: Place) -> None:
    source = place.open()
    place.orders.scan("A 1")
    place.driver.give(picture(1))
    place.orders.scan("A 2")
    assert frame(source).origin.part_id == "A 2"
    place.driver.give(picture(2))
    assert frame(source).origin.part_id == "part 2"


def test_on_demand_takes_the_first_frame_after_the_trigger(place: Place) -> None:
    source = place.open(OnDemand())
    place.driver.give(picture(1))
    assert source.grab() is None
    assert "trigger" in source.status().sentence
    place.clock.go_on(0.01)
    place.orders.scan("A 1")
    place.orders.trigger()
    place.driver.give(picture(2))  # the camera was at work on it when the trigger came
    place.driver.give(picture(3), picture(4))
    assert source.status().waiting == 1
    taken = frame(source)
    np.testing.assert_array_equal(taken.image, cv2.cvtColor(picture(3), cv2.COLOR_BGR2RGB))
    assert taken.origin.part_id == "A 1"
    assert source.grab() is None


def test_triggers_queue_and_each_one_beyond_is_a_fault(place: Place) -> None:
    source = place.open(OnDemand())
    for _ in range(DEPTH + 2):
        place.orders.trigger()
    place.driver.give(*(picture(n) for n in range(DEPTH + 2)))
    assert source.status().late == DEPTH + 1
    beyond = [fault(source) for _ in range(2)]
    assert [it.kind for it in beyond] == [FaultKind.TRIGGER] * 2
    taken = [frame(source) for _ in range(DEPTH)]
    assert [it.origin.number for it in (*beyond, *taken)] == list(range(1, DEPTH + 3))
    assert len({it.origin.sha256 for it in taken}) == DEPTH
    assert source.grab() is None


def test_a_part_of_which_no_picture_came_is_a_fault(place: Place) -> None:
    source = place.open(OnDemand())
    place.orders.scan("A 1")
    place.orders.trigger()
    place.clock.go_on(UNSERVED_S)
    lost = fault(source)
    assert (lost.kind, lost.frame, lost.origin.sha256) == (FaultKind.PICTURE, None, None)
    assert lost.origin.part_id == "A 1"
    assert "was not seen" in lost.reason
    with pytest.raises(SourceError):
        source.grab()


def test_a_record_that_cannot_be_asked_costs_no_picture(place: Place) -> None:
    source = place.open()
    place.driver.give(picture(1))
    place.record_fails = True
    for _ in range(2):
        with pytest.raises(OSError, match="busy"):
            source.grab()
    place.record_fails = False
    place.driver.give(picture(2))
    np.testing.assert_array_equal(frame(source).image, cv2.cvtColor(picture(1), cv2.COLOR_BGR2RGB))
    assert frame(source).origin.number == 2


def test_a_silent_camera_is_lost_after_three_seconds_and_comes_back(place: Place) -> None:
    source = place.open()
    place.driver.give(picture(1))
    frame(source)
    place.clock.go_on(LOST_S - 0.1)
    assert source.grab() is None and source.status().healthy
    place.clock.go_on(0.2)
    with pytest.raises(
        SourceError, match=r"The camera 0 has given no picture since \d\d:\d\d:\d\d"
    ):
        source.grab()
    status = source.status()
    assert not status.healthy and status.frames_per_s == 0
    assert source.preview() is None
    place.driver.give(picture(2))
    assert frame(source).origin.number == 2
    assert source.status().healthy


def test_a_camera_that_cannot_be_opened_is_said_at_once(place: Place) -> None:
    place.drivers.get()
    source = place.open()
    until(lambda: not source.status().healthy)
    with pytest.raises(SourceError, match=r"no more cameras. Next try in 1 s\.$"):
        source.grab()
    place.driver = Driver()
    place.drivers.put(place.driver)
    place.driver.give(picture(1))  # a second later, by itself
    assert isinstance(source.grab(), Frame)


def test_a_frame_from_before_the_loss_is_not_taken_after_it(place: Place) -> None:
    source = place.open()
    place.driver.give(picture(1))
    place.clock.go_on(LOST_S)
    with pytest.raises(SourceError):
        source.grab()
    place.driver.give(picture(2))
    np.testing.assert_array_equal(frame(source).image, cv2.cvtColor(picture(2), cv2.COLOR_BGR2RGB))
    assert source.status().skipped == 1


def test_a_driver_that_hangs_is_left_and_the_camera_opened_again(place: Place) -> None:
    source, second = place.open(), Driver()
    place.drivers.put(second)
    place.driver.give(picture(1))
    place.clock.go_on(HUNG_S)
    place.driver, hung = second, place.driver
    assert not source.status().healthy
    second.give(picture(2))
    np.testing.assert_array_equal(frame(source).image, cv2.cvtColor(picture(2), cv2.COLOR_BGR2RGB))
    hung.give(picture(3), wait=False)  # it answers after all: too late to count
    assert hung.closed.wait(10)
    assert source.grab() is None


def test_not_more_than_a_few_threads_hang(place: Place) -> None:
    source = place.open()
    drivers = [place.driver, *(Driver() for _ in range(HUNG_READERS + 1))]
    for driver in drivers[1:]:
        place.drivers.put(driver)
    for driver in drivers:
        if not driver.asked.acquire(timeout=0.2):
            break
        driver.asked.release()
        place.clock.go_on(HUNG_S)
        source.status()
    readers = [thread for thread in threading.enumerate() if thread.name == "camera"]
    assert len(readers) == HUNG_READERS
    assert "start Loupe again" in source.status().sentence
    for driver in drivers:
        driver.let_go()


def test_a_frozen_picture_is_never_inspected(place: Place) -> None:
    source = place.open()
    for _ in range(6):
        place.driver.give(picture(1))
        place.clock.go_on(0.5)
    place.driver.give(picture(1))
    frozen = fault(source)
    assert frozen.kind is FaultKind.PICTURE and frozen.frame is not None
    assert "very same picture since" in frozen.reason
    assert source.status().sentence == frozen.reason and not source.status().healthy
    place.driver.give(picture(2))
    assert frame(source).origin.number == 2
    assert source.status().healthy


def test_a_part_is_taken_again_whatever_the_policy(place: Place) -> None:
    source = place.open(OnDemand())
    place.orders.scan("A 1")
    place.orders.trigger()
    place.driver.give(picture(1))
    place.driver.give(picture(2))
    first = frame(source).origin
    place.orders.pause()
    source.take_again(first, 2)
    place.driver.give(picture(3))
    place.driver.give(picture(4))
    again = frame(source).origin
    assert (again.part_id, again.attempt, first.attempt) == ("A 1", 2, 1)
    assert again.sha256 != first.sha256


def test_a_part_is_taken_again_before_any_that_comes_by_itself(place: Place) -> None:
    source = place.open()
    place.driver.give(picture(1))
    first = frame(source).origin
    place.driver.give(picture(2))  # on offer
    place.clock.go_on(0.01)
    source.take_again(first, 2)
    assert source.grab() is None
    place.driver.give(picture(3))  # the camera was at work on it
    place.driver.give(picture(4))
    again = frame(source)
    assert again.origin.part_id == first.part_id
    np.testing.assert_array_equal(again.image, cv2.cvtColor(picture(4), cv2.COLOR_BGR2RGB))


def test_a_part_in_hand_when_the_source_is_closed_is_among_the_orders(place: Place) -> None:
    source = place.open()
    place.orders.scan("A 1")
    place.driver.give(picture(1))
    place.record_fails = True
    with pytest.raises(OSError, match="busy"):
        source.grab()
    place.driver.let_go()
    source.close()
    (left,) = place.orders.drop_all()
    assert (left.code, left.picture is not None) == ("A 1", True)


def test_a_lost_camera_takes_nothing_again(place: Place) -> None:
    source = place.open()
    place.driver.give(picture(1))
    origin = frame(source).origin
    place.clock.go_on(LOST_S)
    with pytest.raises(SourceError, match="has given no picture"):
        source.take_again(origin, 2)
    assert place.orders.count == 0


def test_the_preview_takes_nothing(place: Place) -> None:
    source = place.open(OnDemand())
    assert source.preview() is None
    place.driver.give(picture(1))
    for _ in range(2):
        preview = source.preview()
        assert preview is not None
        np.testing.assert_array_equal(preview, cv2.cvtColor(picture(1), cv2.COLOR_BGR2RGB))
    assert source.grab() is None and place.named == []


def test_the_frame_rate_is_measured(place: Place) -> None:
    source = place.open()
    assert source.status().frames_per_s == 0
    for number in range(100):
        place.driver.give(picture(number))
        place.clock.go_on(0.05)
    assert source.status().frames_per_s == pytest.approx(20, rel=0.05)
    assert source.status().sentence == "The camera 0: 8 × 6 YUYV."
