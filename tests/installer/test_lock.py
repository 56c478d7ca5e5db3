"""Two set-ups never work in one checkout at a time, killed or not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from installer.lock import only_one

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a child inherits it on POSIX only")

WAITS_FOR_INPUT = [sys.executable, "-c", "input()"]
TAKES_THE_LOCK = """
import pathlib, sys
from installer.lock import only_one
with only_one(pathlib.Path(sys.argv[1])):
    print("taken")
"""


def test_a_child_that_lives_on_keeps_the_lock(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with only_one(file) as held:
        child = subprocess.Popen(WAITS_FOR_INPUT, stdin=subprocess.PIPE, pass_fds=(held,))
    other = subprocess.Popen(
        [sys.executable, "-c", TAKES_THE_LOCK, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert other.stdout is not None
    assert "waiting" in other.stdout.readline()
    assert other.poll() is None
    child.communicate(b"\n")
    assert other.communicate()[0].strip() == "taken"
