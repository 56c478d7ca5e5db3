"""A candidate measured in a process of its own: followed, ended, and its result kept."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import engine
from engine.comparison.candidates import Candidate
from engine.comparison.measure import Job
from engine.comparison.measured import KeptResults, Measured
from engine.evaluation.labelled import Dataset
from engine.types import FitStep

_LOOK_S = 0.1
"""How often is asked whether to end, while the process says nothing."""
_PATIENCE_S = 10.0
"""For a process that was told to end."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A candidate that has no figures."""

    reason: str
    """A sentence for people: what happened, and what to do."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A candidate that somebody ended before it had figures."""


def measured_apart(
    candidate: Candidate,
    dataset: Dataset,
    kept: KeptResults,
    key: str,
    *,
    device: str,
    enough: Callable[[], bool],
) -> Generator[FitStep, None, Measured | Refusal | Ended]:
    """Measure a candidate in a process of its own and keep the result under `key`.

    One run at a time may use a folder of kept results.

    Parameters
    ----------
    enough
        Asked several times a second: whether to end. Closing the generator ends the process too.
    """
    working = kept.working(key)
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True)
    job = Job(
        recipe=candidate.recipe,
        backbone=candidate.backbone,
        device=device,
        dataset=dataset,
        folder=working,
    )
    (working / "job.json").write_bytes(job.model_dump_json().encode())
    try:
        outcome = yield from _followed(working, enough)
        found = None
        if outcome is None:
            shutil.rmtree(working / "release", ignore_errors=True)
            shutil.rmtree(kept.folder / key, ignore_errors=True)
            working.replace(kept.folder / key)
            found = kept.find(key)
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return outcome or found or Refusal("It left no figures behind. Run it again.")


def _followed(
    working: Path, enough: Callable[[], bool]
) -> Generator[FitStep, None, Refusal | Ended | None]:
    """Run the process of a job to its end; None: it did what it was asked."""
    log = working / "log.txt"
    with log.open("wb") as complaints:
        process = subprocess.Popen(
            # -P: not even a file of the current folder may pass for a module of ours.
            [sys.executable, "-P", "-m", "engine.comparison", str(working / "job.json")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": _our_own_path()},
        )
    assert process.stdout is not None
    lines = _lines_of(process.stdout)
    refusal = None
    try:
        while True:
            if enough():
                return Ended()
            try:
                line = lines.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if line is None:
                break
            said = json.loads(line)
            if "refused" in said:
                refusal = Refusal(said["refused"])
            else:
                yield FitStep(*said["step"])
        code = process.wait()
        if code and enough():  # Ctrl-C reaches the process too, before it can ignore it
            return Ended()
    finally:
        _end(process)
    return refusal or (None if code == 0 else Refusal(_crash(code, log)))


def _our_own_path() -> str:
    """Let the process find the engine that this one runs, wherever it was imported from."""
    assert engine.__file__ is not None
    ours = str(Path(engine.__file__).parents[1])
    return os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH")]))


def _lines_of(stream: IO[str]) -> queue.Queue[str | None]:
    """Read lines in a thread, as a pipe cannot be waited for with a limit on every system.

    None comes last.
    """
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        with stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, name="candidate", daemon=True).start()
    return lines


def _end(process: subprocess.Popen[str]) -> None:
    """End the process where it still runs: it has nothing that could be left half done."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _crash(code: int, log: Path) -> str:
    """Say in a sentence how the process died."""
    if code < 0:
        name = signal.Signals(-code).name
        cause = ", as happens when the memory is full" if name == "SIGKILL" else ""
        return (
            f"Its process was ended by {name}{cause}. Choose fewer pictures, a smaller size or "
            "another method, or run it again."
        )
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1] if lines else f"exit code {code}"
    return f"It ended by an error nobody expected: {last}"
