"""Short runs of the measures, so that each of them, and what it watches, goes on working."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def measured(module: str, *arguments: str) -> dict[str, Any]:
    """Run a measure that appends nothing; give its row."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    command = (sys.executable, "-m", module, *arguments, "--dry")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    row: dict[str, Any] = json.loads(done.stdout[: done.stdout.index("\n}") + 2])
    return row


def test_a_killed_program_goes_on_where_it_was() -> None:
    row = measured("tests.faults.kill_nine", "--parts", "16", "--kills", "3")
    assert (row["rows"], row["twice"], row["missing"]) == ("16", "0", "0")


def test_every_nasty_file_ends_as_a_verdict_or_a_fault() -> None:
    row = measured("tests.faults.nasty_files", "--nasty", "22", "--good", "200")
    assert (row["unanswered"], row["twice"]) == ("0", "0")


def test_a_stream_comes_back() -> None:
    row = measured("tests.faults.stream_restarts", "--kills", "2")
    assert row["recovered"] == "2"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_long_run_holds_on_to_nothing() -> None:
    row = measured("tests.benchmarks.soak", "--frames", "1500", "--warm-up", "500")
    fewest, most = row["handles"].split("–")
    assert int(most) - int(fewest) <= 2
    fewest, most = row["threads"].split("–")
    assert fewest == most


def test_a_settled_file_is_announced() -> None:
    row = measured("tests.benchmarks.file_latency", "--files", "3")
    assert float(row["beyond it p50 / p95 / max ms"].split(" / ")[0]) > 0
