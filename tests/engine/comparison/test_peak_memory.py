"""The peak of a process is its own, whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import engine
from engine.comparison.peak_memory import peak_memory_bytes

_MEGABYTE = 1_000_000
_SCRIPT = """
from engine.comparison.peak_memory import peak_memory_bytes
print(peak_memory_bytes())
block = bytearray(b"x") * 200_000_000
print(peak_memory_bytes())
del block
print(peak_memory_bytes())
"""


def test_it_rises_with_what_is_held_and_does_not_fall() -> None:
    ballast = np.ones(300 * _MEGABYTE // 8)
    root = str(Path(str(engine.__file__)).parents[1])
    said = subprocess.run(
        [sys.executable, "-c", _SCRIPT],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": root},
    ).stdout
    before, during, after = map(int, said.split())
    assert peak_memory_bytes() > ballast.nbytes
    assert before < 100 * _MEGABYTE, "not even that of a large process that started it"
    assert 190 * _MEGABYTE < during - before < 230 * _MEGABYTE
    assert after > during - 10 * _MEGABYTE
