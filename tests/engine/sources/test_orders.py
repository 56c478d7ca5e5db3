"""What is asked of a camera, in the order in which it is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine.sources.camera.captured import Captured
from engine.sources.orders import DEPTH, Orders
from tests.engine.sources.camera.conftest import picture
from tests.engine.sources.conftest import Clock


@pytest.fixture
def orders(clock: Clock) -> Orders:
    return Orders(clock=clock)


def captured(began_s: float) -> Captured:
    return Captured(picture(), began_s, began_s + 0.03, datetime.now(UTC))


def test_the_first_frame_after_the_trigger_serves_it(orders: Orders, clock: Clock) -> None:
    orders.trigger()
    assert not orders.serve(captured(clock() - 0.01))  # it was on its way when the trigger came
    late = captured(clock())
    assert orders.serve(late)
    order = orders.next()
    assert order is not None and order.picture is late
    assert orders.next() is None


def test_each_trigger_gets_a_frame_of_its_own(orders: Orders, clock: Clock) -> None:
    orders.trigger()
    orders.trigger()
    assert [orders.serve(captured(clock())) for _ in range(3)] == [True, True, False]
    assert orders.late == 1


def test_a_picture_keeps_its_place_until_it_is_taken(orders: Orders, clock: Clock) -> None:
    for _ in range(DEPTH):
        orders.trigger()
        orders.serve(captured(clock()))
    orders.trigger()
    assert (orders.count, orders.late) == (DEPTH, DEPTH)
    beyond = orders.next_beyond()
    assert beyond is not None and beyond.picture is None
    assert orders.next_beyond() is None
    orders.next()
    orders.trigger()
    assert orders.next_beyond() is None


def test_an_order_that_is_not_served_in_time_is_given_back(orders: Orders, clock: Clock) -> None:
    orders.trigger()
    clock.go_on(2.9)
    assert orders.next_unserved(3.0) is None
    clock.go_on(0.2)
    assert orders.next_unserved(3.0) is not None
    assert (orders.next_unserved(3.0), orders.count) == (None, 0)


def test_a_code_belongs_to_one_part(orders: Orders, clock: Clock) -> None:
    orders.scan("A 1")
    orders.scan("A 2")
    orders.trigger_again("A 0")
    orders.trigger()
    orders.trigger()
    for _ in range(3):
        orders.serve(captured(clock()))
    served = [orders.next() for _ in range(3)]
    assert [order.code for order in served if order is not None] == ["A 0", "A 2", None]
    orders.scan("A 3")
    assert (orders.take_code(), orders.take_code()) == ("A 3", None)


def test_a_part_that_lies_still_takes_the_code_with_its_picture(orders: Orders) -> None:
    orders.scan("A 1")
    orders.add_served(captured(1.0))
    orders.scan("A 2")
    order = orders.next()
    assert order is not None and order.picture is not None and order.code == "A 1"


def test_while_the_line_is_stopped_no_new_part_is_ordered(orders: Orders, clock: Clock) -> None:
    orders.trigger()
    orders.pause()
    orders.scan("A 1")
    orders.trigger()
    assert (orders.count, orders.paused) == (1, True)
    orders.trigger_again("A 0")  # a person asks for this one, and starts the line for it
    assert orders.count == 2
    orders.resume()
    orders.trigger()
    for _ in range(3):
        orders.serve(captured(clock()))
    codes = [order.code for order in iter(orders.next, None)]
    assert codes == [None, "A 0", "A 1"]


def test_what_waits_can_be_forgotten(orders: Orders, clock: Clock) -> None:
    orders.scan("A 1")
    for _ in range(DEPTH + 1):
        orders.trigger()
    orders.serve(captured(clock()))
    orders.scan("A 2")
    orders.drop_all()
    clock.go_on(10)
    left = (orders.next(), orders.next_unserved(3), orders.next_beyond(), orders.take_code())
    assert left == (None,) * 4
