from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from workstation.inspection.afterwards import Afterwards


def test_tasks_are_done_in_their_order_each_in_a_turn_of_its_own(qtbot: QtBot) -> None:
    afterwards, done = Afterwards(), []

    def task(name: str) -> None:
        done.append(name)
        QTimer.singleShot(0, lambda: done.append("turn"))

    for name in "abc":
        afterwards.do(partial(task, name))
    assert done == []
    qtbot.waitUntil(lambda: len(done) == 6)
    assert done == ["a", "turn", "b", "turn", "c", "turn"]


def test_the_end_does_what_waits_and_what_that_asks_for(qtbot: QtBot) -> None:
    afterwards, done = Afterwards(), []
    afterwards.do(lambda: afterwards.do(lambda: done.append("second")))
    afterwards.finish()
    assert done == ["second"]
    qtbot.wait(20)
    assert done == ["second"]
    afterwards.do(lambda: done.append("third"))
    qtbot.waitUntil(lambda: done == ["second", "third"])
