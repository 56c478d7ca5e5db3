"""The engine's thread as its owner sees it: it ends in order, or is given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine import execution as execution_module
from engine.releases.library import Library
from tests.running_line import Gate, RunningLine, frames, running_line
from tests.small_parts import the_release


@pytest.fixture
def line(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningLine]:
    monkeypatch.setattr(execution_module, "open_source", lambda config, _, **__: config)
    with running_line(qtbot, Library(tmp_path / "releases")) as line:
        yield line


def _hold(line: RunningLine) -> Gate:
    """Let the engine run until it stands in the recorder."""
    gate = Gate()
    line.recorder.before = gate
    release = line.library.add(the_release())
    line.engine.release_requested.emit(str(release.folder))
    line.take(*frames(2))
    line.engine.start_requested.emit()
    line.until(gate.reached.is_set)
    return gate


def test_the_engine_works_in_a_thread_of_its_own(line: RunningLine) -> None:
    assert line.thread is not line.engine.thread()
    assert line.thread.objectName() == "engine"
    line.until(lambda: line.heard.states)


def test_an_idle_engine_ends_at_once(line: RunningLine) -> None:
    line.engine.end()
    line.until(lambda: line.heard.ended)
    assert line.heard.ended == [True]
    assert line.thread.isFinished()


def test_it_waits_for_the_frame_in_flight(line: RunningLine) -> None:
    gate = _hold(line)
    line.engine.end()
    assert line.heard.ended == []
    gate.open()
    line.until(lambda: line.heard.ended)
    assert (line.heard.ended, len(line.recorder.rows)) == ([True], 1)


def test_its_patience_has_an_end(line: RunningLine) -> None:
    gate = _hold(line)
    line.engine._patience.setInterval(30)
    line.engine.end()
    line.until(lambda: line.heard.ended)
    assert line.heard.ended == [False]
    assert line.thread.isRunning()
    gate.open()


def test_what_the_window_has_received_is_acknowledged(line: RunningLine) -> None:
    gate = _hold(line)
    gate.open()
    line.until(lambda: len(line.heard.inspected) == 2)
    line.until(lambda: line.engine.worker._unseen == 0)
