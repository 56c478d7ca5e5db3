"""What the engine does by itself is told to people and written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workstation.running import RunningStation
from workstation.station import Station


@pytest.fixture
def running(qtbot: QtBot, tmp_path: Path) -> Iterator[RunningStation]:
    with Station.open(tmp_path / "data") as station:
        yield RunningStation(station, device="cpu")


def test_a_gpu_that_is_left_is_an_event(running: RunningStation) -> None:
    told: list[str] = []
    running.told.connect(told.append)
    running.engine.worker.device_changed.emit("The processor goes on.")
    assert told == ["The processor goes on."]
    (change,) = running.station.statistics.recent_changes(5)
    assert "device cuda → cpu" in str(change)


def test_a_fit_that_left_the_gpu_is_told(running: RunningStation) -> None:
    told: list[str] = []
    running.told.connect(told.append)
    running.engine.worker.noticed.emit("It begins anew on the processor.")
    assert told == ["It begins anew on the processor."]
    assert not running.station.statistics.recent_changes(5)
