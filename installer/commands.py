"""The commands of the bootstrap: set up what is missing, then hand over to Loupe or its tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from installer import packages, system_libraries
from installer.cost import announce
from installer.environment import Environment, make
from installer.errors import SetupError
from installer.lock import only_one

USAGE = """\
usage: python3 installer/bootstrap.py COMMAND [ARGUMENTS]

Makes .venv in the checkout where it is missing or out of date, installs the pinned packages
there, and hands over. The first time takes several GB and minutes, and says so beforehand.
Interrupted, it goes on from there at the next call.

commands:
  run [ARGUMENTS]          start the workstation; all arguments go to it, such as
                           --headless --parts 50 or --data-dir DIR
  test [--quick] [ARGS]    run the tests; --quick leaves out the slow ones; ARGS go to pytest
  setup                    only set up, with the tools for tests and checks

The environment variable LOUPE_DATA names the folder of the station's data, like --data-dir.
"""

INTERRUPTED = 130
"""The customary exit status after Ctrl-C."""


def main(arguments: Sequence[str], *, root: Path | None = None) -> int:
    """Carry out a command; `root` is the checkout. Returns the exit status."""
    environment = Environment(root or Path(__file__).resolve().parent.parent)
    command, *rest = arguments or ["--help"]
    try:
        match command:
            case "run":
                window = has_display(os.environ) and not {"--headless", "watch"} & set(rest)
                ensure_ready(environment, dev=False, window=window)
                hand_over([str(environment.python), "-m", "workstation", *rest], os.environ)
            case "test":
                ensure_ready(environment, dev=True, window=has_display(os.environ))
                os.chdir(environment.root)
                variables = variables_for_tests(os.environ)
                hand_over(
                    [str(environment.python), "-m", "pytest", *pytest_arguments(rest)], variables
                )
            case "setup" if not rest:
                ensure_ready(environment, dev=True, window=has_display(os.environ))
                print(f"Ready: {environment.folder}")
                return 0
            case "-h" | "--help" | "help":
                print(USAGE, end="")
                return 0
            case _:
                print(f"Unknown command: {' '.join(arguments)}\n\n{USAGE}", end="", file=sys.stderr)
                return 2
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED


def ensure_ready(environment: Environment, *, dev: bool, window: bool) -> None:
    """Do what is missing, and nothing when all is there.

    Raises
    ------
    SetupError
        Something is missing that cannot be made here.
    """
    complete = environment.is_complete(dev=dev)
    if not complete:
        announce(environment)
    system_libraries.ensure(window=window, new_environment=not complete)
    if not complete:
        fill(environment, dev=dev)


def fill(environment: Environment, *, dev: bool, run: packages.RunPip = packages.run_pip) -> None:
    """Make or mend the environment; its stamp is removed first and written last.

    Parameters
    ----------
    run
        Runs pip; the seam for tests.

    Raises
    ------
    SetupError
        pip or venv failed.
    """
    with only_one(environment.lock) as held:
        if environment.is_complete(dev=dev):  # whoever held the lock has done it
            return
        environment.stamp.unlink(missing_ok=True)
        make(environment)
        packages.install(environment, dev=dev, held=held, run=run)
        environment.stamp.write_text(environment.wanted_stamp(dev=dev), "utf-8")


def has_display(variables: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether a window can be opened."""
    if not platform.startswith("linux"):
        return True
    return bool(variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"))


def pytest_arguments(given: Sequence[str]) -> list[str]:
    """Translate ``--quick`` and use all processors; everything else is pytest's own."""
    rest = [argument for argument in given if argument != "--quick"]
    side_by_side = ["-n", "auto", "--dist", "loadfile"]
    return side_by_side + (["-m", "not slow"] if len(rest) < len(given) else []) + rest


def variables_for_tests(inherited: Mapping[str, str]) -> dict[str, str]:
    """Let Qt draw into memory where there is no display."""
    offscreen = {} if has_display(inherited) else {"QT_QPA_PLATFORM": "offscreen"}
    return offscreen | dict(inherited)


def hand_over(command: Sequence[str], variables: Mapping[str, str]) -> NoReturn:
    """Become the program, so that its exit status, signals and Ctrl-C are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], list(command), dict(variables))
    # Windows has no exec that the caller waits for. Ctrl-C reaches the program by the console.
    with subprocess.Popen(list(command), env=dict(variables)) as program:
        while True:
            try:
                sys.exit(program.wait())
            except KeyboardInterrupt:
                continue
