"""How the set-up runs pip, what it says of a failure, and the file of pinned versions."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from installer.environment import Environment
from installer.packages import pip_variables, reason, run_pip

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def test_pip_keeps_its_downloads_inside_the_environment(checkout: Environment) -> None:
    variables = pip_variables(checkout, {"TMPDIR": "elsewhere", "PATH": "kept"})
    assert variables["TMPDIR"] == variables["TEMP"] == str(checkout.downloads)
    assert variables["PATH"] == "kept"


def test_an_index_that_cannot_be_reached_is_said_in_a_sentence(
    real: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "")
    nobody = ("--index-url", "http://127.0.0.1:9/", "--retries", "1", "--timeout", "1")
    with real.constraints.open() as held:
        status, lines = run_pip(real, ("install", *nobody, "thing"), held.fileno())
    assert status != 0
    assert reason(lines).startswith("The package index cannot be reached.")
    assert real.log.read_text("utf-8")


def test_a_full_disk_is_said_in_a_sentence() -> None:
    lines = ["Collecting torch", "ERROR: [Errno 28] No space left on device"]
    assert reason(lines).startswith("The disk ran full.")


def test_another_failure_quotes_pip() -> None:
    lines = ["Collecting torch", "ERROR: No matching distribution found for torch==2.15.0"]
    assert lines[1] in reason(lines)
    assert "Python 3." in reason(lines)


def test_every_dependency_is_pinned_and_no_address_is_named() -> None:
    text = (ROOT / "installer" / "constraints.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    pins = {}
    for line in lines:
        pin = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][0-9A-Za-z.]*)", line)
        assert pin, f"not a plain pin: {line}"
        pins[normal(pin[1])] = pin[2]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for wanted in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        name = re.match(r"[A-Za-z0-9._-]+", wanted)
        assert name and normal(name[0]) in pins, f"not pinned: {wanted}"


def normal(name: str) -> str:
    """Spell a package's name as the index does."""
    return re.sub(r"[-_.]+", "-", name).lower()
