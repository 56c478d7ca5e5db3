"""A line typed at the station asks for one picture."""

from __future__ import annotations

import os

from engine.sources.orders import Orders
from workstation.headless.typed_orders import trigger_by_lines


def test_each_line_is_an_order_and_what_stands_on_it_the_code() -> None:
    read, write = os.pipe()
    orders = Orders()
    thread = trigger_by_lines(orders, descriptor=read)
    for piece in (b"\n47", b"11\r\n", "größe 3\n".encode(), b"never ended"):
        os.write(write, piece)
    os.close(write)
    thread.join(20)
    os.close(read)
    assert not thread.is_alive()
    codes = []
    while (order := orders.next_unserved(0.0)) is not None:
        codes.append(order.code)
    assert codes == [None, "4711", "größe 3"]
