"""Pages side by side: one key opens each, and the line is never out of sight."""

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from engine.types import EngineState, Verdict
from tests.fakes import a_fault
from tests.workstation.inspection.conftest import Line
from workstation.demo import LINE
from workstation.inspection.banner import NOT_INSPECTING
from workstation.inspection.page import InspectPage
from workstation.inspection.status_line import StationFacts
from workstation.main_window import MainWindow
from workstation.system.camera_search import CameraSearch
from workstation.system.controller import SourceController
from workstation.system.page import SystemPage
from workstation.widgets.marks import Sign
from workstation.widgets.style import load_palette


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


def a_system_page() -> SystemPage:
    controller = SourceController(station_source=lambda: LINE, line_wanted=lambda: True)
    return SystemPage(controller, CameraSearch(lambda: ()), load_palette())


@pytest.fixture
def window(line: Line, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(
        InspectPage(line.controller, load_palette(), clock=line.clock),
        line.controller.line,
        load_palette(),
        facts=lambda: StationFacts("line-1", "local", 100.0, 0),
        system=a_system_page(),
    )
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    timers = window.findChildren(QTimer)
    window.close_now()
    gc.collect()
    assert not [timer for timer in timers if timer.isActive()]


def test_the_operators_page_is_first_and_a_key_opens_the_other(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert isinstance(window.page, InspectPage)
    assert not window.strip.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_F2)
    assert isinstance(window.page, SystemPage)
    assert [key.isChecked() for key in window.edge.keys] == [False, True]
    qtbot.mouseClick(window.edge.keys[0], Qt.MouseButton.LeftButton)
    assert isinstance(window.page, InspectPage)
    assert window.page.hasFocus()


def test_a_page_opens_while_somebody_types(window: MainWindow, line: Line, qtbot: QtBot) -> None:
    line.run()
    page = window.page
    assert isinstance(page, InspectPage)
    page.bars.ask_lot()
    field = page.bars.lot.line
    assert isinstance(field, QLineEdit)
    qtbot.keyClick(field, Qt.Key.Key_F2)
    assert isinstance(window.page, SystemPage)
    assert field.text() == ""


def test_letters_of_the_operators_page_mean_nothing_elsewhere(
    window: MainWindow, line: Line, qtbot: QtBot
) -> None:
    line.run()
    qtbot.keyClick(window, Qt.Key.Key_F2)
    for letter in "X1S":
        qtbot.keyClick(window, letter)
        qtbot.wait(50)  # longer than the pause that tells a finger from a scanner
    assert line.worker.asked == []
    assert line.record.feedback == {}


def test_ng_and_faults_are_seen_on_every_page(window: MainWindow, line: Line, qtbot: QtBot) -> None:
    line.run()
    qtbot.keyClick(window, Qt.Key.Key_F2)
    strip = window.strip
    line.part(Verdict.NG, 7)
    qtbot.waitUntil(lambda: strip.verdict.state.sign is Sign.NG)
    assert strip.verdict.state.detail == "part 000007"
    line.worker.faulted.emit(8, a_fault(8))
    qtbot.waitUntil(lambda: strip.verdict.state.sign is Sign.FAULT)
    assert "cut off" in strip.message_words
    strip.seen.emit()
    qtbot.waitUntil(lambda: strip.message_words == "")
    line.worker.state_changed.emit(EngineState.READY, "")
    qtbot.waitUntil(lambda: strip.verdict.state.word == NOT_INSPECTING)
    qtbot.mouseClick(strip.verdict, Qt.MouseButton.LeftButton)
    assert isinstance(window.page, InspectPage)


def test_the_line_is_counted_on_while_another_page_is_open(
    window: MainWindow, line: Line, qtbot: QtBot
) -> None:
    line.run()
    qtbot.keyClick(window, Qt.Key.Key_F2)
    for number in range(1, 21):
        line.part(Verdict.OK, number)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    page = window.page
    assert isinstance(page, InspectPage)
    qtbot.waitUntil(lambda: page.counters.number("OK") == "20")


def test_the_strip_keeps_its_size(window: MainWindow, line: Line, qtbot: QtBot) -> None:
    line.run()
    qtbot.keyClick(window, Qt.Key.Key_F2)
    sizes = set()
    for number, verdict in enumerate(Verdict, start=1):
        line.part(verdict, number)
        window.open_page(1)
        qtbot.wait(1)
        sizes.add((window.strip.size().toTuple(), window.strip.verdict.geometry().getRect()))
    line.controller.refused("A sentence that is longer than the strip is wide. " * 8)
    window.open_page(1)
    qtbot.wait(1)
    sizes.add((window.strip.size().toTuple(), window.strip.verdict.geometry().getRect()))
    assert len(sizes) == 1
    assert window.width() == 1280
