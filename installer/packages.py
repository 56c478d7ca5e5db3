"""Filling the environment: pip at work, and in one sentence why it failed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from installer.cost import cost
from installer.environment import Environment
from installer.errors import SetupError
from installer.progress import Progress

LARGE_FIRST = (("setuptools", "torchvision", "torch"), ("PySide6",))
"""Installed one after the other before all the rest, so that an interruption costs one of them;
setuptools with them, to build the checkout without another, unpinned one from the network."""


RunPip: TypeAlias = Callable[[Environment, Sequence[str], int], tuple[int, Sequence[str]]]
"""Runs pip with arguments and the lock's descriptor; returns exit status and last lines."""


def install(environment: Environment, *, dev: bool, held: int, run: RunPip) -> None:
    """Install the pinned dependencies and the checkout itself, editable.

    Parameters
    ----------
    dev
        The tools for tests and checks as well.
    held
        Descriptor of the lock that says a set-up is at work; pip keeps it.
    run
        Runs pip; the seam for tests.

    Raises
    ------
    SetupError
        pip could not install something.
    """
    environment.log.unlink(missing_ok=True)
    project = str(environment.root) + ("[dev]" if dev else "")
    steps = (*LARGE_FIRST, ("--no-build-isolation", "--editable", project))
    for number, what in enumerate(steps, start=1):
        print(f"Step {number} of {len(steps)}: {what[-1]}", flush=True)
        arguments = ("install", "--constraint", str(environment.constraints), *what)
        status, last_lines = run(environment, arguments, held)
        if status != 0:
            raise SetupError(
                f"{reason(last_lines)} What is installed so far is kept: the same command goes on "
                f"from there. All that pip said is in {environment.log}."
            )
    shutil.rmtree(environment.downloads, ignore_errors=True)


def run_pip(
    environment: Environment, arguments: Sequence[str], held: int
) -> tuple[int, Sequence[str]]:
    """Run pip in the environment, with a line of progress and everything it says in the log."""
    environment.downloads.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        [environment.python, "-m", "pip", *arguments, "--no-input", "--progress-bar", "off"],
        env=pip_variables(environment, os.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=(held,) if os.name == "posix" else (),
    )
    assert process.stdout is not None
    last_lines: deque[str] = deque(maxlen=60)
    with (
        Progress(environment, expected_gb=cost().installed_gb) as progress,
        environment.log.open("a", encoding="utf-8") as log,
        process,
    ):
        for line in process.stdout:
            log.write(line)
            last_lines.append(line.rstrip())
            progress.heard(line)
    return process.returncode, tuple(last_lines)


def pip_variables(environment: Environment, inherited: Mapping[str, str]) -> dict[str, str]:
    """Keep pip's downloads inside the environment: what a killed pip leaves can be removed."""
    downloads = str(environment.downloads)
    return {
        **inherited,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
        "TMPDIR": downloads,
        "TEMP": downloads,
        "TMP": downloads,
    }


NO_NETWORK = (
    "NewConnectionError",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
    "Network is unreachable",
)


def reason(lines: Sequence[str]) -> str:
    """Say in a sentence why pip failed, from the last lines it wrote."""
    said = "\n".join(lines)
    if any(sign in said for sign in NO_NETWORK):
        return (
            "The package index cannot be reached. "
            "Check the network, or the proxy and index in pip's settings, and start again."
        )
    if "No space left on device" in said:
        return "The disk ran full. Free some space and start again."
    errors = [line for line in lines if line.startswith("ERROR:")] or list(lines[-5:])
    if "No matching distribution found" in said:
        version = ".".join(map(str, sys.version_info[:2]))
        errors.append(f"Perhaps a pinned package is not made for Python {version} yet.")
    return "pip failed:\n" + "\n".join(errors) + "\n"
