"""A checkout of its own for every test, and a pip that only writes down what it was asked."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from installer.environment import Environment, make


class FakePip:
    """Stands in for pip at the seam; fails at the step where it is told to."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._fails_at = fails_at

    def __call__(
        self, environment: Environment, arguments: Sequence[str], held: int
    ) -> tuple[int, Sequence[str]]:
        assert not environment.stamp.exists(), "the stamp is written last"
        os.fstat(held)  # the lock is open while pip works
        self.asked.append(tuple(arguments))
        failed = len(self.asked) == self._fails_at
        return (1, ["ERROR: the cable was pulled"]) if failed else (0, [])


def checkout_in(folder: Path) -> Environment:
    """Make a checkout with pins and no environment, in a folder with a space in its name."""
    root = folder / "a checkout"
    (root / "installer").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]\nname = 'thing'\n", "utf-8")
    (root / "installer" / "constraints.txt").write_text("torch==2.15.0\n", "utf-8")
    return Environment(root)


@pytest.fixture
def checkout(tmp_path: Path) -> Environment:
    """A checkout without an environment."""
    return checkout_in(tmp_path)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A checkout whose environment was really made, out of useless remains of an earlier one."""
    environment = checkout_in(tmp_path_factory.mktemp("real"))
    (environment.folder / "lib").mkdir(parents=True)
    (environment.folder / "lib" / "remains.txt").touch()
    make(environment)
    return environment


@pytest.fixture
def made(checkout: Environment) -> Environment:
    """The same with an environment that venv would have made, pip included."""
    checkout.folder.mkdir()
    (checkout.folder / "pyvenv.cfg").write_text(
        f"version = {platform.python_version()}\nexecutable = {sys.executable}\n", "utf-8"
    )
    checkout.python.parent.mkdir()
    checkout.python.touch(mode=0o755)
    add_package(checkout, "pip-23.2.1", {"pip/__init__.py": "print()"})
    return checkout


def add_package(environment: Environment, name: str, files: dict[str, str]) -> Path:
    """Install a package by hand, with its RECORD; returns the RECORD."""
    lines = []
    for file, text in files.items():
        path = environment.packages / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        lines.append(f'"{file}",sha256=0,{len(text)}')
    record = environment.packages / f"{name}.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("\n".join([*lines, f"{name}.dist-info/RECORD,,"]), "utf-8")
    return record
