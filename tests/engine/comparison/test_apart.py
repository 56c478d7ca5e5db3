"""How a candidate's process may end: the other candidates must not notice."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import engine.comparison.apart as apart
from engine.comparison.__main__ import is_out_of_memory
from engine.comparison.apart import Ended, Refusal, measured_apart
from engine.comparison.candidates import Candidate
from engine.comparison.measured import MEASURED, KeptResults, Measured
from tests.engine.comparison.measured_candidates import dataset_of, measured_of
from tests.small_parts import finished, small_recipe

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")

DATA = dataset_of(3, 3)
STEP = json.dumps({"step": ["Looking", 1, 4, 0.5]})

Run = Callable[[str], Measured | Refusal | Ended]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Measure a candidate by a shell script in place of Python; $4 is the job's file."""

    def measured(script: str) -> Measured | Refusal | Ended:
        stand_in = tmp_path / "stand-in"
        stand_in.write_text(f"#!/bin/sh\n{script}\n")
        stand_in.chmod(0o755)
        monkeypatch.setattr(apart.sys, "executable", str(stand_in))
        kept = KeptResults(tmp_path / "candidates")
        candidate = Candidate(small_recipe(), "gabor")
        return finished(
            measured_apart(candidate, DATA, kept, "key", device="cpu", enough=lambda: False)
        )

    return measured


def test_what_was_measured_is_kept_and_the_release_is_not(run: Run, tmp_path: Path) -> None:
    expected = measured_of([1, 2, 3, 4, 5, 6], DATA)
    (tmp_path / "made.json").write_text(expected.model_dump_json())
    found = run(
        f"echo '{STEP}'; cd $(dirname $4); mkdir release; cp {tmp_path}/made.json {MEASURED}"
    )
    assert found == expected
    kept = KeptResults(tmp_path / "candidates")
    assert kept.find("key") == expected
    assert kept.maps("key") is None
    assert [it.name for it in kept.folder.iterdir()] == ["key"]
    assert not (kept.folder / "key" / "release").exists()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("kill -9 $$", "ended by SIGKILL, as happens when the memory is full. Choose fewer"),
        ("kill -SEGV $$", "ended by SIGSEGV. Choose fewer pictures"),
        ("echo 'KeyError: no' >&2; exit 1", "an error nobody expected: KeyError: no"),
        ("""echo '{"refused": "Too few."}'""", "Too few."),
        ("true", "left no figures behind"),
    ],
)
def test_a_process_that_gives_nothing_is_a_sentence(
    run: Run, tmp_path: Path, script: str, sentence: str
) -> None:
    found = run(f"echo '{STEP}'; {script}")
    assert isinstance(found, Refusal)
    assert sentence in found.reason
    assert KeptResults(tmp_path / "candidates").find("key") is None
    assert not list((tmp_path / "candidates").glob(".*"))


def test_a_person_can_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "stand-in"
    stand_in.write_text(f"#!/bin/sh\necho '{STEP}'\nexec sleep 60\n")
    stand_in.chmod(0o755)
    monkeypatch.setattr(apart.sys, "executable", str(stand_in))
    kept = KeptResults(tmp_path / "candidates")
    seen: list[float | None] = []
    steps = measured_apart(
        Candidate(small_recipe(), "gabor"),
        DATA,
        kept,
        "key",
        device="cpu",
        enough=lambda: bool(seen),
    )
    seen.append(next(steps).seconds_left)
    assert isinstance(finished(steps), Ended)
    assert seen == [0.5]
    assert list(kept.folder.iterdir()) == []


def test_memory_that_cannot_be_had_is_recognised() -> None:
    with pytest.raises(RuntimeError) as full:
        torch.empty(10**15)
    assert is_out_of_memory(full.value)
    with pytest.raises(MemoryError) as full_too:
        np.empty(10**15)
    assert is_out_of_memory(full_too.value)
    with pytest.raises(RuntimeError) as other:
        torch.ones(2) @ torch.ones(3)
    assert not is_out_of_memory(other.value)


def test_damaged_results_are_measured_again(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    (tmp_path / "key" / MEASURED).write_text("{}")
    (tmp_path / "key" / "maps.safetensors").write_bytes(b"cut off")
    kept = KeptResults(tmp_path)
    assert (kept.find("key"), kept.maps("key"), kept.find("none")) == (None, None, None)
