from __future__ import annotations

import threading
import time

import pytest
from pytestqt.qtbot import QtBot

from workstation.inspection.afterwards import Afterwards
from workstation.records.errors import RecordsError


def test_questions_are_answered_in_order_while_the_window_goes_on(qtbot: QtBot) -> None:
    afterwards, heard = Afterwards(), []
    may_answer = threading.Event()
    afterwards.ask(may_answer.wait, then=heard.append)
    afterwards.ask(threading.current_thread, then=heard.append)
    assert heard == []
    may_answer.set()
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard[0] is True
    assert heard[1] is not threading.main_thread()


def test_answers_are_heard_in_the_thread_of_the_window(qtbot: QtBot) -> None:
    afterwards, heard = Afterwards(), []
    afterwards.ask(lambda: 1, then=lambda _: heard.append(threading.current_thread()))
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [threading.main_thread()]


def test_the_end_waits_for_what_is_open_and_what_that_asks_for(qtbot: QtBot) -> None:
    afterwards, done = Afterwards(), []

    def slowly() -> str:
        time.sleep(0.05)
        return "first"

    def then(answer: str) -> None:
        afterwards.ask(lambda: done.append(f"after {answer}"))

    afterwards.ask(slowly, then=then)
    afterwards.finish()
    assert done == ["after first"]


def test_what_the_record_cannot_do_is_told_and_the_next_question_asked(qtbot: QtBot) -> None:
    afterwards, told, heard = Afterwards(), [], []
    afterwards.failed.connect(told.append)

    def fails() -> None:
        raise RecordsError("The disk is full.")

    afterwards.ask(fails, then=heard.append)
    afterwards.ask(lambda: 2, then=heard.append)
    qtbot.waitUntil(lambda: heard == [2])
    assert told == ["The disk is full."]


def test_a_mistake_in_a_question_goes_to_the_log_and_the_end_comes(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    afterwards = Afterwards()
    afterwards.ask(lambda: [][1])
    afterwards.finish()
    assert "IndexError" in caplog.text
