"""A folder of good pictures and a release fitted on them, made once; and `loupe` as it is typed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.releases.folder import write_release
from tests.small_parts import save_good, the_release
from workstation.cli.main import app

Loupe = Callable[..., Result]


@pytest.fixture
def loupe(tmp_path: Path) -> Loupe:
    """Run a command in this process, with a data folder of its own."""

    def run(*arguments: object) -> Result:
        variables = {"LOUPE_DATA": str(tmp_path / "data")}
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], env=variables)
        assert not isinstance(result.exception, Exception), result.exception
        return result

    return run


@pytest.fixture(scope="session")
def good_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "good"
    save_good(folder)
    return folder


@pytest.fixture(scope="session")
def release_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(the_release(), tmp_path_factory.mktemp("release") / "plate").folder


def run_process(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m workstation` as a process of its own."""
    import os

    return subprocess.run(
        [sys.executable, "-m", "workstation", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | variables,
    )
