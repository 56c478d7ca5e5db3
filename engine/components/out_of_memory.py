"""What to do when a device has no memory left: free what is cached, try less at a time, say so."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

import torch

from engine.device import open_device
from engine.errors import OutOfMemoryError
from engine.types import FitStep

Result = TypeVar("Result")

OUT_OF_MEMORY = (MemoryError, RuntimeError)
"""To be caught, and asked about with `is_out_of_memory`."""
_WORDS_OF_TORCH = ("can't allocate memory", "not enough memory")
"""On a processor torch has no type of its own for it."""


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory could not be had, on a GPU or a processor."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in _WORDS_OF_TORCH)


def free_memory() -> None:
    """Give back to the GPU what nothing uses any more.

    Called outside the handler of the error: its traceback holds on to what was being computed.
    """
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def twice(work: Callable[[], Result], *, what: str) -> Result:
    """Do something, and once more with freed memory where there was too little.

    Parameters
    ----------
    what
        What is done, for people, such as "score this picture".

    Raises
    ------
    OutOfMemoryError
        There was too little the second time, too.
    """
    for attempt in (1, 2):
        try:
            return work()
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error):
                raise
            if attempt == 2:
                raise OutOfMemoryError(
                    f"There is too little memory to {what}. Close other programs that use it, or "
                    "fit a release with a smaller size or bank."
                ) from error
        free_memory()
    raise AssertionError("unreachable")


def last_on_processor(
    fit_on: Callable[[str], Generator[FitStep, None, Result]], *, device: str
) -> Generator[FitStep, None, Result]:
    """Fit on a device; where that is a GPU nobody named and it is too small, on the processor.

    Parameters
    ----------
    fit_on
        Begins a fit on ``auto``, ``cpu`` or ``cuda``; nothing of one that failed is left.

    Raises
    ------
    OutOfMemoryError
        There is too little memory, whatever was tried.
    """
    short = OutOfMemoryError(
        "The fit ran out of memory. Nothing was changed. Choose fewer pictures, a smaller size or "
        "coarser layers, or close other programs."
    )
    try:
        return (yield from fit_on(device))
    except OutOfMemoryError as error:
        short = error.with_traceback(None)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
    free_memory()
    if device != "auto" or open_device(device).type == "cpu":
        raise short
    notice = "The GPU has too little memory for this fit. It begins anew on the processor."
    yield FitStep("Beginning anew on the processor", 0, 1, None, notice)
    return (yield from fit_on("cpu"))


def in_pieces(work: Callable[[slice], Result], total: int, *, at_once: int) -> Iterator[Result]:
    """Work on parts of a whole one after the other, on half as much where memory is too little.

    Parameters
    ----------
    work
        Takes a slice of 0 … total. It may be called again on a part of a slice on which it failed.
    at_once
        The most a slice holds at first.

    Yields
    ------
    What each piece gave, in order.
    """
    start = 0
    while start < total:
        try:
            result = work(slice(start, min(start + at_once, total)))
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error) or at_once == 1:
                raise
            at_once = max(1, at_once // 2)
        else:
            start += at_once
            yield result
            continue
        free_memory()
