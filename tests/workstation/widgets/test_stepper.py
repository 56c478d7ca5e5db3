"""Two keys along sensible steps, in either direction, from wherever the value stands."""

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from workstation.widgets.stepper import Stepper
from workstation.widgets.style import load_palette


@pytest.fixture
def told() -> list[float]:
    return []


def stepper(qtbot: QtBot, steps: tuple[float, ...], told: list[float]) -> Stepper:
    widget = Stepper(load_palette(), steps=steps, shown="{:g}".format)
    qtbot.addWidget(widget)
    widget.stepped.connect(told.append)
    return widget


def test_a_value_between_two_steps_goes_to_the_nearest(qtbot: QtBot, told: list[float]) -> None:
    widget = stepper(qtbot, (0, 0.1, 0.2, 0.5), told)
    widget.set_value(0.15)
    assert (widget.words, told) == ("0.15", [])
    qtbot.mouseClick(widget.up, Qt.MouseButton.LeftButton)
    widget.set_value(0.15)
    qtbot.mouseClick(widget.down, Qt.MouseButton.LeftButton)
    assert told == [0.2, 0.1]


def test_falling_steps_go_up_towards_the_last(qtbot: QtBot, told: list[float]) -> None:
    widget = stepper(qtbot, (5, 2, 1, 0), told)
    widget.set_value(2)
    qtbot.mouseClick(widget.up, Qt.MouseButton.LeftButton)
    assert told == [1]


def test_the_keys_end_where_the_steps_end(qtbot: QtBot, told: list[float]) -> None:
    widget = stepper(qtbot, (0, 1), told)
    assert (widget.down.isEnabled(), widget.up.isEnabled()) == (False, True)
    widget.set_value(7)
    assert (widget.down.isEnabled(), widget.up.isEnabled()) == (True, False)
