"""The real program in a data folder of its own, with a window that a test looks through."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.releases.library import Library
from engine.sources.base import FolderConfig, SourceConfig
from tests.running_line import PATIENCE_MS
from tests.small_parts import save_good, the_release
from workstation.app import Program
from workstation.paths import DataFolder
from workstation.settings import Settings, load_settings, save_settings
from workstation.station import Station
from workstation.wishes import Wishes


class Workstation:
    """A station that stands still, with its window and its engine's thread."""

    def __init__(self, station: Station, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.station = station
        self.program = Program(station, Wishes(device="cpu"), headless=False)
        self.window = self.program.window
        self.page = self.program.system
        self.ended: list[bool] = []
        self.program.running.ended.connect(lambda: self.ended.append(True))

    @property
    def saved(self) -> Settings:
        """The settings as the next start would find them."""
        return load_settings(self.station.folder.settings)[0]

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window's event loop turn until the condition holds."""
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "line1"
    save_good(folder, 3)
    return folder


@pytest.fixture
def open_station(tmp_path: Path, qtbot: QtBot) -> Iterator[Callable[..., Workstation]]:
    """Open a station set to a source, on its System page."""
    opened: list[Workstation] = []

    def open_it(source: SourceConfig, *, running: bool = False) -> Workstation:
        folder = DataFolder(tmp_path / "data")
        release = Library(folder.releases).add(the_release())
        settings = Settings(source=source, release_id=release.id, running=running)
        save_settings(settings, folder.settings)
        place = Workstation(Station.open(folder.root), qtbot)
        opened.append(place)
        place.program.begin()
        place.window.open_page(1)
        place.until(lambda: place.program.source.release is not None)
        return place

    yield open_it
    for place in opened:
        place.program.running.end()
        place.until(lambda place=place: place.ended)
        place.station.close()
    gc.collect()


@pytest.fixture
def at_folder(open_station: Callable[..., Workstation], tmp_path: Path) -> Workstation:
    """A station that watches an empty folder and is stopped."""
    (tmp_path / "watched").mkdir()
    return open_station(FolderConfig(path=tmp_path / "watched"))
