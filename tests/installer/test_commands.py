"""The commands of the bootstrap, as they are typed."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer import bootstrap
from installer.commands import fill, has_display, main, pytest_arguments, variables_for_tests
from installer.environment import Environment
from tests.installer.conftest import FakePip

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ready(made: Environment) -> Environment:
    """A complete environment whose interpreter works, with a program that tells how it started."""
    made.python.unlink()
    made.python.symlink_to(sys.executable)
    shutil.copytree(
        ROOT / "installer",
        made.root / "installer",
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    (made.root / "workstation.py").write_text(
        "import os, sys\nprint(sys.argv[1:], os.environ['LOUPE_DATA'])\nsys.exit(7)\n", "utf-8"
    )
    fill(made, dev=False, run=FakePip())
    return made


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights on Windows")
def test_run_passes_on_arguments_environment_and_exit_status(ready: Environment) -> None:
    started = subprocess.run(
        [sys.executable, "installer/bootstrap.py", "run", "--headless", "--parts", "50"],
        cwd=ready.root,
        env=os.environ | {"LOUPE_DATA": "a folder"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.stdout.strip() == "['--headless', '--parts', '50'] a folder"
    assert started.returncode == 7


def test_quick_is_ours_and_the_rest_is_of_pytest() -> None:
    side_by_side = ["-n", "auto", "--dist", "loadfile"]
    assert pytest_arguments(["--quick", "-x"]) == [*side_by_side, "-m", "not slow", "-x"]
    assert pytest_arguments(["-k", "ring"]) == [*side_by_side, "-k", "ring"]


def test_without_a_display_the_tests_draw_into_memory() -> None:
    assert not has_display({"DISPLAY": ""}, "linux")
    assert has_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    assert has_display({}, "win32")
    if sys.platform.startswith("linux"):
        assert variables_for_tests({})["QT_QPA_PLATFORM"] == "offscreen"
        assert variables_for_tests({"QT_QPA_PLATFORM": "vnc"})["QT_QPA_PLATFORM"] == "vnc"
        assert "QT_QPA_PLATFORM" not in variables_for_tests({"DISPLAY": ":0"})


@pytest.mark.parametrize("asked", [[], ["--help"], ["-h"]])
def test_help_is_given(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked) == 0
    assert "run [ARGUMENTS]" in capsys.readouterr().out


def test_an_unknown_command_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launch"]) == 2
    assert "Unknown command: launch" in capsys.readouterr().err


def test_an_old_python_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    assert bootstrap.main(["run"]) == 1
    assert "needs Python 3.11 or newer; this is Python 3.10" in capsys.readouterr().err


def test_an_old_python_can_read_the_first_file() -> None:
    ast.parse(Path(bootstrap.__file__).read_text("utf-8"), feature_version=(3, 6))
