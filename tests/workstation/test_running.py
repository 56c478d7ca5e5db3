"""What the engine does by itself is told to people and written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.types import ComputedBy
from workstation.records.words import EventKind
from workstation.running import RunningStation
from workstation.station import Station

NOTE = "Release r-1 was fitted with openvino in float32, which does not do here."


@pytest.fixture
def running(qtbot: QtBot, tmp_path: Path) -> Iterator[RunningStation]:
    with Station.open(tmp_path / "data") as station:
        yield RunningStation(station, device="cpu")


@pytest.fixture
def told(running: RunningStation) -> list[str]:
    sentences: list[str] = []
    running.told.connect(sentences.append)
    return sentences


def test_a_gpu_that_is_left_is_an_event(running: RunningStation, told: list[str]) -> None:
    running.engine.worker.device_changed.emit("The processor goes on.")
    assert told == ["The processor goes on."]
    (change,) = running.station.statistics.recent_changes(5)
    assert "device cuda → cpu" in str(change)


def test_a_fit_that_left_the_gpu_is_told(running: RunningStation, told: list[str]) -> None:
    running.engine.worker.noticed.emit("It begins anew on the processor.")
    assert told == ["It begins anew on the processor."]
    assert not running.station.statistics.recent_changes(5)


def test_a_release_that_is_not_computed_as_fitted_is_said_and_written_down(
    running: RunningStation, told: list[str]
) -> None:
    computed_by = running.engine.worker.computed_by
    computed_by.emit(ComputedBy("torch in float32 on cpu", "torch in float32", ""))
    assert (told, running.station.statistics.recent_changes(9)) == ([], [])
    computed_by.emit(ComputedBy("torch in float32 on cpu", "openvino in float32", NOTE))
    (change,) = running.station.statistics.recent_changes(9)
    assert told == [NOTE]
    assert change.kind is EventKind.DEVICE_CHANGED
    assert change.words == "device openvino in float32 → torch in float32 on cpu"
