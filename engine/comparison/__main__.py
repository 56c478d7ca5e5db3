"""The process of one candidate: ``python -m engine.comparison JOB``; started by `apart`.

A process of its own, so that its peak memory is the candidate's, and a crash nobody else's. It says
one JSON object per line: ``{"step": [stage, done, total, seconds left]}``, at most one
``{"refused": sentence}``. The job's folder holds what was measured when it ends with exit code 0.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from engine.comparison.measure import Job, measure
from engine.errors import EngineError

_OUT_OF_MEMORY = (
    "The memory is full. Choose fewer pictures, a smaller size, coarser layers or another method."
)


def main(job_file: str) -> None:
    """Measure what the job asks for."""
    # Ctrl-C reaches every process of a terminal; the one that started this one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # what a library prints must not come between the lines

    def tell(**said: Any) -> None:
        told.write(json.dumps(said) + "\n")

    try:
        for step in measure(Job.model_validate_json(Path(job_file).read_bytes())):
            tell(step=[step.stage, step.done, step.total, step.seconds_left])
    except EngineError as error:
        tell(refused=str(error))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        tell(refused=_OUT_OF_MEMORY)


def is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    """Tell whether memory, of the PC or of a GPU, is what was lacking.

    torch has a class of its own for a GPU's memory only; for the PC's there are its words, which
    differ between Linux and Windows.
    """
    words = ("out of memory", "can't allocate memory", "not enough memory")
    return isinstance(error, MemoryError) or any(it in str(error) for it in words)


if __name__ == "__main__":
    main(sys.argv[1])
