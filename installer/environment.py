"""The virtual environment `.venv`: whether it is complete, and how to make or mend it."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from installer.errors import SetupError


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the parts of one checkout's environment lie; nothing here changes a file."""

    root: Path
    """The checkout: the folder of ``pyproject.toml``."""

    @property
    def folder(self) -> Path:
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        windows = os.name == "nt"
        return self.folder / ("Scripts/python.exe" if windows else "bin/python")

    @property
    def constraints(self) -> Path:
        """The pinned versions."""
        return self.root / "installer" / "constraints.txt"

    @property
    def stamp(self) -> Path:
        """Written last: says for what this environment is complete."""
        return self.folder / "loupe-setup.txt"

    @property
    def log(self) -> Path:
        """All that pip said during the last set-up."""
        return self.folder / "loupe-setup.log"

    @property
    def downloads(self) -> Path:
        """Where pip puts what it is downloading, so that a killed one leaves nothing elsewhere."""
        return self.folder / "downloads"

    @property
    def lock(self) -> Path:
        """Held during a set-up; beside the environment, which may have to be made anew."""
        return self.root / ".venv.lock"

    def wanted_stamp(self, *, dev: bool) -> str:
        """Describe the complete environment that the files of the checkout ask for now."""
        digest = hashlib.sha256()
        for file in (self.root / "pyproject.toml", self.constraints):
            digest.update(file.read_bytes())
        return f"{self.python_version()} {digest.hexdigest()}{' dev' if dev else ''}"

    def is_complete(self, *, dev: bool) -> bool:
        """Whether there is nothing to do; with `dev` the tools for tests must be there too."""
        if not (self.stamp.is_file() and self.has_interpreter()):
            return False
        stamped = self.stamp.read_text("utf-8")
        with_tools = self.wanted_stamp(dev=True)
        return stamped == with_tools or (not dev and stamped == self.wanted_stamp(dev=False))

    def has_interpreter(self) -> bool:
        """Whether the interpreter it was made with is still there, and may be used."""
        made_with = self.settings().get("executable")
        return all(os.access(file, os.X_OK) for file in (self.python, made_with) if file)

    def python_version(self) -> str:
        """Give the version of Python it was made with; empty when it was not made."""
        return self.settings().get("version", "")

    def settings(self) -> dict[str, str]:
        """Read ``pyvenv.cfg``; empty where there is none."""
        file = self.folder / "pyvenv.cfg"
        if not file.is_file():
            return {}
        pairs = (line.partition("=") for line in file.read_text("utf-8").splitlines())
        return {name.strip(): value.strip() for name, _, value in pairs}

    @property
    def packages(self) -> Path:
        """Where pip puts the packages; need not exist yet."""
        if os.name == "nt":
            return self.folder / "Lib" / "site-packages"
        minor = ".".join(self.python_version().split(".")[:2])
        return self.folder / "lib" / f"python{minor}" / "site-packages"


def make(environment: Environment) -> None:
    """Make the environment, or mend one whose making or filling was interrupted.

    Raises
    ------
    SetupError
        Python could not make a virtual environment here.
    """
    shutil.rmtree(environment.downloads, ignore_errors=True)
    drop_damaged_packages(environment)
    if environment.has_interpreter() and any(environment.packages.glob("pip-*.dist-info")):
        return
    anew = () if environment.has_interpreter() else ("--clear",)
    command = (sys.executable, "-m", "venv", *anew, str(environment.folder))
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode != 0:
        raise SetupError(
            f"Python could not make a virtual environment in {environment.folder}:\n"
            f"{(made.stdout + made.stderr).strip()}\n"
            "Remove that folder, or mend this Python, and start again."
        )


def drop_damaged_packages(environment: Environment) -> list[str]:
    """Make pip forget packages that it was killed in the middle of; it will install them again.

    pip writes a package's ``RECORD`` last, so one without it, or with files missing or of another
    size than it says, was interrupted.

    Returns
    -------
    list[str]
        The forgotten packages, as pip's folder names.
    """
    dropped = []
    for leftover in environment.packages.glob("~*"):  # pip's own name for what it was removing
        shutil.rmtree(leftover, ignore_errors=True)
    for metadata in environment.packages.glob("*.dist-info"):
        if not _is_whole(metadata):
            shutil.rmtree(metadata)
            dropped.append(metadata.name)
    return dropped


def _is_whole(metadata: Path) -> bool:
    record = metadata / "RECORD"
    if not record.is_file():
        return False
    with record.open(encoding="utf-8", newline="") as lines:
        for name, _, size in csv.reader(lines):
            if size and "__pycache__" not in name:  # pip compiles anew what a wheel brings compiled
                file = metadata.parent / name
                if not file.is_file() or file.stat().st_size != int(size):
                    return False
    return True
