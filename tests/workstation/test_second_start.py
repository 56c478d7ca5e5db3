"""A second start finds the window of the first, whichever way the folder is spelled."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from workstation.second_start import FirstWindow, show_first_window

pytestmark = pytest.mark.slow

CALL = """
import sys
from pathlib import Path
from workstation.second_start import show_first_window
sys.exit(0 if show_first_window(Path(sys.argv[1])) else 1)
"""


def call(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", CALL, str(folder)])


@pytest.fixture
def first(qtbot: QtBot, tmp_path: Path) -> Iterator[FirstWindow]:
    first = FirstWindow(tmp_path)
    yield first
    first.close()


def test_the_first_is_called_by_another_process(
    qtbot: QtBot, first: FirstWindow, tmp_path: Path
) -> None:
    other_spelling = tmp_path / "x" / ".."
    (tmp_path / "x").mkdir()
    with qtbot.waitSignal(first.called, timeout=30_000):
        second = call(other_spelling)
    assert second.wait(30) == 0


def test_a_window_of_another_folder_is_not_called(first: FirstWindow, tmp_path: Path) -> None:
    assert not show_first_window(tmp_path / "elsewhere")


@pytest.mark.skipif(os.name == "nt", reason="Windows leaves no socket behind")
def test_an_address_left_behind_is_used_again(qtbot: QtBot, tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from workstation.second_start import FirstWindow\n"
        "first = FirstWindow(Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert not show_first_window(tmp_path)
    first = FirstWindow(tmp_path)
    with qtbot.waitSignal(first.called, timeout=30_000):
        second = call(tmp_path)
    assert second.wait(30) == 0
    first.close()
