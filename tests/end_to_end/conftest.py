"""A station's data folder, and the real program run in it."""

from __future__ import annotations

import csv
import gc
import io
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication
from typer.testing import CliRunner

from engine.releases.library import Library
from engine.sources.base import SourceConfig
from engine.types import Inspection
from tests.small_parts import the_release
from workstation.__main__ import main
from workstation.cli.main import app
from workstation.main_window import MainWindow
from workstation.paths import DataFolder
from workstation.records.store import Store
from workstation.settings import Settings, load_settings, save_settings

DEADLINE_MS = 30_000


@dataclass
class Run:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def figures(self) -> dict[str, str]:
        """The summary's lines, the label before the last space and the figure after it."""
        return dict(line.rsplit(" ", 1) for line in self.out.splitlines())


class Station:
    """A data folder with a release in its library."""

    def __init__(self, folder: Path, *, run: Callable[..., Run]) -> None:
        self.folder = DataFolder(folder)
        self.release = Library(self.folder.releases).add(the_release())
        self._run = run

    def set_to(self, source: SourceConfig | None, **changes: Any) -> None:
        values: dict[str, Any] = {"source": source, "release_id": self.release.id} | changes
        save_settings(Settings(**values), self.folder.settings)

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder.settings)[0]

    def run(self, *arguments: object) -> Run:
        """Run `loupe` in this folder through its real `main`."""
        return self._run(*arguments, "--data-dir", self.folder.root)

    def headless(self, parts: int, *arguments: object) -> Run:
        return self.run("--headless", "--parts", parts, *arguments)

    def rows(self) -> list[dict[str, str]]:
        """All inspections in the record, as `loupe records export` tells them."""
        return list(csv.DictReader(io.StringIO(self._records("export"))))

    def verified(self) -> dict[str, Any]:
        """What `loupe records verify` says."""
        report: dict[str, Any] = json.loads(self._records("verify", "--json"))
        return report

    def _records(self, *arguments: str) -> str:
        command = ["records", *arguments, "--data-dir", str(self.folder.root)]
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.stderr
        return result.stdout


@pytest.fixture
def run_main(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Run]:
    def run(*arguments: object) -> Run:
        monkeypatch.setattr("sys.argv", ["loupe", *map(str, arguments)])
        monkeypatch.setitem(os.environ, "QT_QPA_PLATFORM", "offscreen")
        capsys.readouterr()
        code: object = "main came back"
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        # What is left of a window must not be destroyed later, from another engine's thread.
        gc.collect()
        said = capsys.readouterr()
        assert isinstance(code, int)
        return Run(code, said.out, said.err)

    return run


@pytest.fixture
def station(tmp_path: Path, run_main: Callable[..., Run]) -> Station:
    return Station(tmp_path / "data", run=run_main)


class Person(QObject):
    """Looks at the window now and then, and acts once what is waited for has come."""

    def __init__(
        self, when: Callable[[MainWindow], object], then: Callable[[MainWindow], object]
    ) -> None:
        super().__init__()
        self._when, self._then = when, then
        self.acted = False
        self._timer = QTimer(self)
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._give_up)
        self._patience.start(DEADLINE_MS)

    @Slot()
    def _look(self) -> None:
        window = _window()
        if not self.acted and window is not None and self._when(window):
            self.acted = True
            self._timer.stop()
            self._then(window)

    @Slot()
    def _give_up(self) -> None:
        window = _window()
        if window is not None:
            window.close()


def _window() -> MainWindow | None:
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, MainWindow) and widget.isVisible():
            return widget
    return None


@pytest.fixture
def person(qapp: QApplication) -> Callable[..., Person]:
    """Have a person act in the window of a run that is started afterwards."""
    people: list[Person] = []  # nobody else keeps them from the garbage collector

    def come(*what: Callable[[MainWindow], object]) -> Person:
        people.append(Person(*what))
        return people[-1]

    return come


class HeldRecord:
    """Holds the part of a given number on its way into the record."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at: int) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()
        self._left = at
        record = Store.record

        def held(store: Store, inspection: Inspection) -> int:
            self._left -= 1
            if self._left == 0:
                self.reached.set()
                assert self._open.wait(DEADLINE_MS / 1000)
            return record(store, inspection)

        monkeypatch.setattr(Store, "record", held)

    def let_go(self) -> None:
        self._open.set()
