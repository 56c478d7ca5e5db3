"""What an operator does at the real program: standing still, scanning, looking again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from typer.testing import CliRunner

from engine.sources.base import FolderConfig, ReplayConfig
from tests.end_to_end.conftest import Person, Station
from tests.small_parts import save_good
from workstation.cli.main import app
from workstation.inspection import standstill
from workstation.inspection.keyboard import Action
from workstation.main_window import MainWindow
from workstation.records.words import NotInspectingReason

pytestmark = pytest.mark.slow

Act = Callable[..., Person]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "line"
    save_good(folder, 6, first=100)
    return folder


def _spans(station: Station) -> list[dict[str, str]]:
    command = ["records", "export", "--not-inspecting", "--data-dir", str(station.folder.root)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.stderr
    return list(csv.DictReader(io.StringIO(result.stdout)))


def _parts(window: MainWindow) -> int:
    return window._line.counters.counts.parts


def _stands(window: MainWindow) -> bool:
    """Tell whether the line has been stopped for a while."""
    standing = window._line.standstill.standing
    return (
        standing is not None
        and standing.reason is NotInspectingReason.STOPPED
        and window._line.now - standing.began_at > timedelta(seconds=0.1)
    )


def test_the_record_tells_when_nothing_was_inspected(
    station: Station, pictures: Path, person: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standstill, "SHORTEST_S", 0.02)
    station.set_to(ReplayConfig(path=pictures, repeat=True), running=False)
    said: list[str] = []

    def start(window: MainWindow) -> None:
        window._inspect.refresh()
        said.append(window._inspect.banner.state.word)
        window._inspect.act(Action.START)

    def stop(window: MainWindow) -> None:
        said.append(window._inspect.banner.state.word)
        window._inspect.act(Action.STOP)

    person(_stands, start)
    person(lambda window: _parts(window) >= 5, stop)
    person(lambda window: _parts(window) >= 5 and _stands(window), MainWindow.close)
    assert station.run().code == 0
    assert said == ["NOT INSPECTING", "OK"]
    person(_stands, MainWindow.close)
    assert station.run().code == 0
    spans = _spans(station)
    reasons = [span["reason"] for span in spans]
    assert reasons[-2:] == ["not running", "stopped"]
    assert reasons.count("stopped") == 3
    # Within a run no gap is left but the time in which parts were inspected.
    for earlier, later in pairwise(spans):
        assert earlier["ended_at"] <= later["began_at"]
    assert spans[-3]["ended_at"] == spans[-2]["began_at"], "the second start counts from the end"
    assert station.verified()["sound"]


def test_a_scan_at_the_real_window_names_the_lot_and_presses_no_key(
    station: Station, pictures: Path, person: Act
) -> None:
    station.set_to(ReplayConfig(path=pictures, repeat=True), running=True)

    def scan(window: MainWindow) -> None:
        for key in (*b"LOT-X23", Qt.Key.Key_Return):
            QTest.keyClick(window.windowHandle(), Qt.Key(key))
        assert window._line.running

    person(lambda window: _parts(window) >= 2, scan)
    person(lambda window: window._line.record.lot == "x23", MainWindow.close)
    assert station.run().code == 0
    assert station.settings.lot == "x23"
    assert station.settings.running


def test_a_part_is_inspected_again_and_both_attempts_stay(
    station: Station, tmp_path: Path, person: Act
) -> None:
    folder = tmp_path / "watched"
    save_good(folder, 1, first=100)
    station.set_to(FolderConfig(path=folder, poll_s=0.05), running=True)

    def again(window: MainWindow) -> None:
        window._inspect.act(Action.AGAIN)

    def shown(window: MainWindow) -> bool:
        return "attempt 2" in window._inspect.banner.state.detail

    person(lambda window: window._line.live is not None, again)
    someone = person(shown, MainWindow.close)
    assert station.run().code == 0
    assert someone.acted
    assert [row["attempt"] for row in station.rows()] == ["1", "2"]
    assert len({row["part_id"] for row in station.rows()}) == 1
