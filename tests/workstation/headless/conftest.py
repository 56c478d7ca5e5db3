"""A run whose engine says what a test lets it say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QObject, Signal, Slot
from pytestqt.qtbot import QtBot

from tests.fakes import FakeWorker


class SpeakingWorker(FakeWorker):
    parts_done = Signal()


class FakeWatchdog(QObject):
    hung = Signal(str)


class FakeRunning(QObject):
    """The seams of `workstation.running.RunningStation` that a run without people uses."""

    told = Signal(str)
    refused = Signal(str)
    failed = Signal(str)
    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.engine = SimpleNamespace(worker=SpeakingWorker())
        self.watchdog = FakeWatchdog()
        self.ends = 0

    @property
    def worker(self) -> SpeakingWorker:
        worker: SpeakingWorker = self.engine.worker
        return worker

    @Slot()
    def end(self) -> None:
        self.ends += 1


@pytest.fixture
def running(qtbot: QtBot) -> FakeRunning:
    return FakeRunning()
