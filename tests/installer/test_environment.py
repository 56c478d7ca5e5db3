"""What the bootstrap finds to do in fresh, half-made, outdated and complete environments."""

from __future__ import annotations

import subprocess
import sys

import pytest

from installer.commands import fill
from installer.environment import Environment, drop_damaged_packages, make
from installer.errors import SetupError
from tests.installer.conftest import FakePip, add_package

pytestmark = pytest.mark.slow


def test_a_checkout_without_interpreter_gets_an_environment_with_pip(real: Environment) -> None:
    assert real.has_interpreter()
    assert not (real.folder / "lib" / "remains.txt").exists()
    assert runs_pip(real)


def test_an_environment_killed_while_venv_made_it_is_mended(checkout: Environment) -> None:
    half = [sys.executable, "-m", "venv", "--without-pip", str(checkout.folder)]
    subprocess.run(half, check=True)
    make(checkout)
    assert runs_pip(checkout)


def runs_pip(environment: Environment) -> bool:
    asked = [str(environment.python), "-m", "pip", "--version"]
    return subprocess.run(asked, check=False).returncode == 0


def test_filling_pins_everything_and_ends_with_the_checkout(made: Environment) -> None:
    pip = FakePip()
    fill(made, dev=True, run=pip)
    assert [asked[-1] for asked in pip.asked] == ["torch", "PySide6", f"{made.root}[dev]"]
    assert all("--constraint" in asked for asked in pip.asked)
    assert made.is_complete(dev=True)


def test_a_complete_environment_is_left_alone(made: Environment) -> None:
    fill(made, dev=False, run=FakePip())
    pip = FakePip()
    fill(made, dev=False, run=pip)
    assert pip.asked == []


def test_an_interrupted_filling_is_taken_up_again(made: Environment) -> None:
    with pytest.raises(SetupError, match="the same command goes on from there"):
        fill(made, dev=False, run=FakePip(fails_at=2))
    assert not made.is_complete(dev=False)
    (made.downloads / "pip-unpack-1").mkdir(parents=True)
    fill(made, dev=False, run=FakePip())
    assert made.is_complete(dev=False)
    assert not made.downloads.exists()


def test_the_tools_for_tests_are_asked_for_only_where_needed(made: Environment) -> None:
    fill(made, dev=False, run=FakePip())
    assert made.is_complete(dev=False)
    assert not made.is_complete(dev=True)
    fill(made, dev=True, run=FakePip())
    assert made.is_complete(dev=False)


@pytest.mark.parametrize("changed", ["pyproject.toml", "installer/constraints.txt"])
def test_a_changed_pin_or_project_is_something_to_do(made: Environment, changed: str) -> None:
    fill(made, dev=False, run=FakePip())
    file = made.root / changed
    file.write_text(file.read_text("utf-8") + "# changed\n", "utf-8")
    assert not made.is_complete(dev=False)


def test_another_python_is_something_to_do(made: Environment) -> None:
    fill(made, dev=False, run=FakePip())
    settings = made.folder / "pyvenv.cfg"
    whole = settings.read_text("utf-8")
    settings.write_text(whole.replace("version = 3.", "version = 3.1"), "utf-8")
    assert not made.is_complete(dev=False)
    settings.write_text(whole.replace("executable = ", "executable = /gone"), "utf-8")
    assert not made.is_complete(dev=False)


def test_packages_that_pip_was_killed_in_are_forgotten(made: Environment) -> None:
    add_package(made, "whole-1.0", {"whole/a,b.py": "x = 1", "whole/__pycache__/a.pyc": "x"})
    (made.packages / "whole/__pycache__/a.pyc").write_text("compiled anew", "utf-8")
    add_package(made, "unrecorded-1.0", {"unrecorded/a.py": "x = 1"}).unlink()
    add_package(made, "cut-1.0", {"cut/a.py": "x = 1"})
    (made.packages / "cut/a.py").write_text("x", "utf-8")
    add_package(made, "incomplete-1.0", {"incomplete/a.py": "x = 1"})
    (made.packages / "incomplete/a.py").unlink()
    (made.packages / "~alf-removed").mkdir()
    assert sorted(drop_damaged_packages(made)) == [
        "cut-1.0.dist-info",
        "incomplete-1.0.dist-info",
        "unrecorded-1.0.dist-info",
    ]
    assert (made.packages / "whole-1.0.dist-info").is_dir()
    assert not (made.packages / "~alf-removed").exists()
    assert drop_damaged_packages(made) == []
