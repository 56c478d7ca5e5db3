"""A computation that cannot be split, made in a thread of its own while the caller takes steps."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from engine.components.coreset import STEP_S
from engine.types import FitStep

Result = TypeVar("Result")


def aside(work: Callable[[], Result], step: FitStep) -> Generator[FitStep, None, Result]:
    """Compute, and yield `step` about every 30 ms until it is done; raises what `work` raises.

    For single calls of a library, such as an eigendecomposition, which let other threads run. A
    generator that is closed waits for nothing: the call ends by itself, and its result is dropped.
    """
    thread = ThreadPoolExecutor(1, thread_name_prefix="aside")
    future = thread.submit(work)
    thread.shutdown(wait=False)
    while True:
        try:
            return future.result(STEP_S)
        except TimeoutError:
            yield step
