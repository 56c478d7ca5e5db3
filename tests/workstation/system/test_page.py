"""The Source page as the engineer uses it, on the real program and its engine's thread."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.sources.base import FolderConfig, ReplayConfig, SimulatorConfig
from engine.types import EngineState
from tests.workstation.system.conftest import Workstation
from workstation.records.words import EventKind
from workstation.system.page import SystemPage

pytestmark = pytest.mark.slow

Open = Callable[..., Workstation]
LONGER_THAN_A_SCAN_MS = 80
"""After which a key that was held back has been given to whom it was meant for."""


def events(place: Workstation) -> Counter[str]:
    """How often each kind of event stands in the record."""
    with closing(sqlite3.connect(place.station.folder.root / "loupe.db")) as record:
        return Counter(kind for (kind,) in record.execute("select kind from event"))


def replay(page: SystemPage, folder: Path) -> None:
    page.kinds.keys["replay"].click()
    page.form.show_values({"path": str(folder)})


def test_the_page_opens_on_the_stations_source(at_folder: Workstation) -> None:
    page, source = at_folder.page, at_folder.station.settings.source
    assert isinstance(source, FolderConfig)
    assert page.kinds.value == "folder"
    assert page.form.values()["path"] == str(source.path)
    at_folder.until(lambda: "Watching" in page.sentence.text())


def test_a_source_is_tested_live_and_the_stations_own_comes_back(
    at_folder: Workstation, pictures: Path, qtbot: QtBot
) -> None:
    page = at_folder.page
    replay(page, pictures)
    qtbot.keyClick(page, Qt.Key.Key_T)
    at_folder.until(lambda: page.view.image is not None)
    assert page.view.image.shape == (72, 96, 3)
    assert "Replay of" in page.sentence.text()
    at_folder.until(lambda: page.numbers.light.usual.text() != "")
    qtbot.keyClick(page, Qt.Key.Key_G)
    at_folder.until(lambda: page.view.has_outline)
    qtbot.keyClick(at_folder.window, Qt.Key.Key_F1)
    status = at_folder.program.source
    at_folder.until(lambda: status.status is not None and status.status.name == "folder")
    assert isinstance(at_folder.saved.source, FolderConfig)
    assert at_folder.station.statistics.recent(5) == []


def test_a_source_that_cannot_be_opened_says_why(
    at_folder: Workstation, tmp_path: Path, qtbot: QtBot
) -> None:
    page = at_folder.page
    replay(page, tmp_path / "none")
    qtbot.keyClick(page, Qt.Key.Key_T)
    at_folder.until(lambda: str(tmp_path / "none") in page.sentence.text())
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    at_folder.until(lambda: "Watching" in page.sentence.text())


def test_what_is_used_is_kept_recorded_and_open(
    at_folder: Workstation, pictures: Path, qtbot: QtBot
) -> None:
    page = at_folder.page
    replay(page, pictures)
    qtbot.keyClick(page, Qt.Key.Key_U)
    at_folder.until(lambda: at_folder.saved.source == ReplayConfig(path=pictures))
    at_folder.until(lambda: "Replay of" in page.sentence.text())
    (change,) = at_folder.station.statistics.recent_changes(1)
    assert change.kind is EventKind.SOURCE_CHANGED
    qtbot.keyClick(at_folder.window, Qt.Key.Key_F1)
    at_folder.program.controller.start()
    at_folder.until(lambda: len(at_folder.station.statistics.recent(5)) == 3)


def test_a_running_line_is_stopped_by_the_key_that_is_offered(
    open_station: Open, pictures: Path, qtbot: QtBot
) -> None:
    place = open_station(ReplayConfig(path=pictures, repeat=True, interval_s=0.05), running=True)
    page, source = place.page, place.program.source
    place.until(lambda: source.state is EngineState.CONTINUOUS_EXECUTION)
    place.until(lambda: len(source.latencies) > 3)
    assert page.facts.row(4)[0] == "together"
    replay(page, pictures)
    qtbot.keyClick(page, Qt.Key.Key_X)  # means nothing as long as no key says so
    qtbot.wait(LONGER_THAN_A_SCAN_MS)
    assert place.saved.running
    page.test_key.click()
    assert page.stop_key.isVisible()
    assert source.testing is None
    qtbot.keyClick(page, Qt.Key.Key_X)
    place.until(lambda: source.stopped)
    place.until(lambda: not page.stop_key.isVisible())
    page.test_key.click()
    assert source.testing is not None
    place.until(lambda: place.page.view.image is not None)


def test_the_simulator_goes_on_dimmer_and_is_remembered(open_station: Open, qtbot: QtBot) -> None:
    place = open_station(SimulatorConfig(interval_s=60))
    page = place.page
    place.until(lambda: page.view.image is not None)
    bright = page.view.image.mean()
    steps = page.form.rows["light_loss"].entry.stepper
    for _ in range(6):
        steps.up.click()
    assert steps.words == "30 %"
    place.until(lambda: page.view.image is not None and page.view.image.mean() < 0.8 * bright)
    assert place.saved.source == SimulatorConfig(interval_s=60, light_loss=0.3)
    place.until(lambda: "30%" in page.sentence.text())
    assert events(place)[EventKind.SIMULATOR_ADJUSTED] == 6
    place.until(lambda: page.numbers.light.name.property("tone") == "bad")
    page.form.rows["part"].entry.keys.keys["textile"].click()
    place.until(lambda: "textile" in page.sentence.text())
    assert place.saved.source.part == "textile"


def test_a_password_is_in_the_settings_and_nowhere_else(
    at_folder: Workstation, qtbot: QtBot
) -> None:
    page, folder = at_folder.page, at_folder.station.folder
    page.kinds.keys["stream"].click()
    page.form.show_values({"url": "http://me:s3cret@127.0.0.1:9/stream"})
    page.test_key.click()
    at_folder.until(lambda: "no picture" in page.sentence.text())
    page.use_key.click()
    assert page.form.values()["url"] == "http://•••@127.0.0.1:9/stream"
    assert at_folder.saved.source.url == "http://me:s3cret@127.0.0.1:9/stream"
    at_folder.until(lambda: events(at_folder)[EventKind.SOURCE_CHANGED] == 1)
    shown = [label.text() for label in at_folder.window.findChildren(QLabel)]
    assert not [words for words in shown if "s3cret" in words]
    kept = [path for path in folder.root.rglob("*") if path.is_file()]
    assert [path for path in kept if b"s3cret" in path.read_bytes()] == [folder.settings]


def test_errors_stand_beside_their_fields_and_nothing_is_opened(at_folder: Workstation) -> None:
    page = at_folder.page
    page.kinds.keys["camera"].click()
    page.form.show_values({"width": "wide", "device": ""})
    page.test_key.click()
    assert page.form.rows["width"].problem.text() == "whole number"
    assert at_folder.program.source.testing is None
    page.form.rows["width"].entry.line.clear()
    page.form.rows["width"].entry.line.textEdited.emit("")
    assert not page.form.rows["width"].problem.isVisible()


def test_letters_are_typed_into_a_field_and_press_no_key(
    at_folder: Workstation, qtbot: QtBot
) -> None:
    page = at_folder.page
    page.kinds.keys["stream"].click()
    line = page.form.rows["url"].entry.line
    line.setFocus()
    for letter in "tug":
        qtbot.keyClick(line, letter)
        qtbot.wait(LONGER_THAN_A_SCAN_MS)
    assert line.text() == "tug"
    assert at_folder.program.source.testing is None
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    at_folder.until(page.hasFocus)


def test_only_what_means_something_is_shown(at_folder: Workstation) -> None:
    page = at_folder.page
    page.kinds.keys["camera"].click()
    still = page.form.rows["trigger.still_s"]
    assert not still.isVisible()
    page.form.rows["trigger.kind"].entry.keys.keys["still"].click()
    assert still.isVisible()


def test_nothing_is_cut(at_folder: Workstation, qtbot: QtBot) -> None:
    window, page = at_folder.window, at_folder.page
    for width, height in ((1024, 600), (1280, 720), (1920, 1080)):
        window.resize(width, height)
        qtbot.wait(1)
        assert (window.width(), window.height()) == (width, height)
        for name, key in page.kinds.keys.items():
            key.click()
            qtbot.wait(1)
            assert not cut(page), (name, width)


def cut(page: SystemPage) -> list[QWidget]:
    """All that reaches beyond its parent, and all labels that are narrower than their words."""
    scrolled = page.form.viewport()
    shown = [widget for widget in page.findChildren(QWidget) if widget.isVisible()]
    beyond = [
        widget
        for widget in shown
        if widget.parentWidget() is not scrolled
        and not widget.parentWidget().rect().contains(widget.geometry())
    ]
    narrow = [
        label
        for label in shown
        if isinstance(label, QLabel)
        and not label.wordWrap()
        and label.fontMetrics().horizontalAdvance(label.text()) > label.width() + 1
    ]
    return beyond + narrow
