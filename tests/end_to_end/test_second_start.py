"""Somebody starts Loupe once more: the window that is there comes, and no second station."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.sources.base import FolderConfig
from tests.end_to_end.conftest import Station
from tests.end_to_end.processes import PATIENCE_S, StationProcess
from workstation.second_start import show_first_window


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")
def test_a_second_start_shows_the_first_window(
    qtbot: QtBot, station: Station, tmp_path: Path
) -> None:
    station.set_to(FolderConfig(path=tmp_path))
    first = StationProcess("--data-dir", station.folder.root)
    try:
        qtbot.waitUntil(lambda: show_first_window(station.folder.root), timeout=PATIENCE_S * 1000)
        second = station.run()
        assert (second.code, second.out) == (0, "")
        assert f"process {first.process.pid} on" in second.err
        assert "Its window is shown." in second.err
        wishing = station.run("--watch", tmp_path)
        assert wishing.code == 1, "what was asked for was not done"
        assert station.settings.source == FolderConfig(path=tmp_path)
        headless = station.headless(2)
        assert (headless.code, headless.out) == (1, "")
        assert "Its window" not in headless.err
        first.process.send_signal(signal.SIGTERM)
        assert first.ended() == 0, first.complaints
        assert station.verified()["sound"]
    finally:
        first.close()
