"""A real engine thread, with and without a release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine import execution as execution_module
from engine.releases.library import Library
from engine.sources.base import SourceConfig
from engine.sources.opening import open_source
from tests.running_line import (
    RunningLine,
    ScriptedSource,
    running_line,
)
from tests.small_parts import (
    the_release,
)


@pytest.fixture
def line(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningLine]:
    def opened(config: SourceConfig | ScriptedSource, seen: Any, **asked: Any) -> object:
        return config if isinstance(config, ScriptedSource) else open_source(config, seen, **asked)

    monkeypatch.setattr(execution_module, "open_source", opened)
    with running_line(qtbot, Library(tmp_path / "releases")) as line:
        yield line


@pytest.fixture
def judging(line: RunningLine) -> RunningLine:
    """A line that has a release and waits for its source and its start."""
    release = line.library.add(the_release())
    line.engine.release_requested.emit(str(release.folder))
    line.until(lambda: line.heard.releases)
    return line
