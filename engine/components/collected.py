"""What a fit has collected of each picture: in memory as long as that is fine, then on disk."""

from __future__ import annotations

import math
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

import torch
from torch import Tensor

from engine.device import memory_bytes
from engine.errors import RecipeError

MEMORY_SHARE = 4
"""A quarter of a device's memory may be filled; the rest is for what a fit makes of it."""
BLOCK_BYTES = 2**30
"""About what is worked on at a time."""


class Collected:
    """One tensor for each picture, all of the same shape and type, in the order they came.

    What does not fit into memory lies in a temporary file (of ``TMPDIR``, on Windows ``TEMP``)
    that nobody else sees. It is gone with this object, and after a crash.

    Parameters
    ----------
    limit_bytes
        What may be held in memory; None: a quarter of what the device has when the first comes.
    """

    def __init__(self, *, limit_bytes: int | None = None) -> None:
        self._limit_bytes = limit_bytes
        self._held: list[Tensor] = []
        self._file: IO[bytes] | None = None
        self._written = 0
        self._order: list[int] = []

    def __len__(self) -> int:
        return len(self._order)

    @property
    def is_on_disk(self) -> bool:
        """Whether some did not fit into memory."""
        return self._written > 0

    @property
    def shape(self) -> torch.Size:
        """The shape of each; at least one must be there."""
        return self._held[0].shape

    @property
    def device(self) -> torch.device:
        """Where they are given; at least one must be there."""
        return self._held[0].device

    @property
    def at_once(self) -> int:
        """How many to take at a time; at least one must be there."""
        return max(1, BLOCK_BYTES // _bytes_of(self._held[0]))

    def append(self, tensor: Tensor) -> None:
        """Keep one more.

        Raises
        ------
        RecipeError
            The disk is full or cannot be written.
        """
        if self._limit_bytes is None:
            self._limit_bytes = memory_bytes(tensor.device) // MEMORY_SHARE
        self._order.append(len(self._held) + self._written)
        fits = (len(self._held) + 1) * _bytes_of(tensor) <= self._limit_bytes
        if not self._held or (fits and not self._written):
            self._held.append(tensor)
            return
        try:
            self._write(tensor)
        except OSError as error:
            raise RecipeError(
                f"After {len(self._order) - 1} pictures {tempfile.gettempdir()} could take no more "
                f"({error.strerror}). Free space there, let TMPDIR (TEMP on Windows) name a "
                "folder on a larger disk, or choose fewer pictures, a smaller size or coarser "
                "layers."
            ) from error

    def take(self, numbers: Iterable[int]) -> list[Tensor]:
        """Give some on the device they came from; they are not to be changed."""
        return [self._one(self._order[number]) for number in numbers]

    def blocks(self) -> Iterator[range]:
        """Give the numbers of all, as many at a time as make about a gigabyte."""
        for start in range(0, len(self), self.at_once):
            yield range(start, min(start + self.at_once, len(self)))

    def forget(self, numbers: Sequence[int]) -> None:
        """Leave some out from now on; the others move up. What they took is not given back."""
        gone = set(numbers)
        self._order = [where for number, where in enumerate(self._order) if number not in gone]

    def _write(self, tensor: Tensor) -> None:
        if self._file is None:
            opened = tempfile.TemporaryFile(prefix="loupe-")  # noqa: SIM115 - closed below
            weakref.finalize(self, opened.close)
            self._file = opened
        self._file.seek(self._written * _bytes_of(tensor))
        self._file.write(tensor.detach().cpu().flatten().view(torch.uint8).numpy().data)
        self._file.flush()
        self._written += 1

    def _one(self, where: int) -> Tensor:
        if where < len(self._held):
            return self._held[where]
        assert self._file is not None
        each = _bytes_of(self._held[0])
        self._file.seek((where - len(self._held)) * each)
        read = torch.frombuffer(bytearray(self._file.read(each)), dtype=self._held[0].dtype)
        return read.view(self.shape).to(self.device)


def collected_bytes(each: int, pictures: int) -> int:
    """Estimate the memory that so many tensors of `each` bytes take, and one block read back."""
    limit = memory_bytes(torch.device("cpu")) // MEMORY_SHARE
    return min(each * pictures, max(limit, each)) + min(each * pictures, max(BLOCK_BYTES, each))


def _bytes_of(tensor: Tensor) -> int:
    return math.prod(tensor.shape) * tensor.element_size()
