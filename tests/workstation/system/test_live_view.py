"""The preview asks for a picture only after it has painted the last one, and never while hidden."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from engine.recipe import Roi
from tests.fakes import FakeClock, an_image
from workstation.system.live_view import PREVIEW_MS, LiveView
from workstation.widgets.style import load_palette


class Asked(QObject):
    """Counts what the view asks for, and how often it has painted."""

    def __init__(self, view: LiveView) -> None:
        super().__init__()
        self.times = 0
        self.painted = 0
        view.wanted.connect(self._ask)
        view.painted.connect(self._paint)

    @Slot()
    def _ask(self) -> None:
        self.times += 1

    @Slot()
    def _paint(self) -> None:
        self.painted += 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def view(qtbot: QtBot, clock: FakeClock) -> Iterator[LiveView]:
    view = LiveView(load_palette(), clock=clock)
    qtbot.addWidget(view)
    view.resize(320, 240)
    yield view
    view.hide()


def test_one_question_one_answer(view: LiveView, qtbot: QtBot, clock: FakeClock) -> None:
    asked = Asked(view)
    view.show()
    qtbot.waitUntil(lambda: asked.times == 1)
    for _ in range(3):
        view.update()
        qtbot.wait(5)
    assert asked.times == 1  # however often it paints, the answer is due first
    clock.go_on(PREVIEW_MS / 1000)
    view.show_picture(an_image())
    qtbot.waitUntil(lambda: asked.times == 2)
    assert asked.painted == 1


def test_the_next_picture_waits_its_turn(view: LiveView, qtbot: QtBot) -> None:
    asked = Asked(view)
    view.show()
    qtbot.waitUntil(lambda: asked.times == 1)
    view.show_picture(an_image())
    qtbot.waitUntil(lambda: asked.painted == 1)
    assert asked.times == 1  # by the clock that stands still, no time has passed


def test_a_hidden_view_asks_nothing_and_takes_no_picture(
    view: LiveView, qtbot: QtBot, clock: FakeClock
) -> None:
    asked = Asked(view)
    view.show()
    qtbot.waitUntil(lambda: asked.times == 1)
    view.hide()
    clock.go_on(10)
    view.show_picture(an_image())
    qtbot.wait(20)
    assert asked.times == 1
    assert view.image is None
    view.show()
    qtbot.waitUntil(lambda: asked.times == 2)


def test_an_answer_that_is_due_is_waited_for_over_a_change_of_pages(
    view: LiveView, qtbot: QtBot, clock: FakeClock
) -> None:
    asked = Asked(view)
    view.show()
    qtbot.waitUntil(lambda: asked.times == 1)
    view.hide()
    clock.go_on(10)
    view.show()
    qtbot.wait(20)
    assert asked.times == 1


def test_a_source_that_goes_dark_says_so_once(view: LiveView, qtbot: QtBot) -> None:
    view.show()
    dark = []
    view.went_dark.connect(lambda: dark.append(True))
    for image in (an_image(), None, None):
        view.show_picture(image)
    assert dark == [True]


def test_the_outline_lies_in_the_inspected_rectangle(view: LiveView, qtbot: QtBot) -> None:
    view.show()
    view.show_picture(an_image(width=320, height=240, grey=0))
    view.show_roi(Roi(x=160, y=120, width=160, height=120))
    outline = np.zeros((800, 800, 4), np.uint8)
    outline[380:420] = 255  # a bar across the middle
    view.show_outline(outline)
    shown = view.grab().toImage()

    def level(x: int, y: int) -> int:
        return QColor(shown.pixel(x, y)).lightness()

    assert level(240, 180) > 200
    assert level(80, 180) < 50
    assert level(240, 150) < 50
    view.show_outline(None)
    shown = view.grab().toImage()
    assert level(240, 180) < 50
