"""Rows that need not fit into memory: written to a temporary file, then read where they lie."""

from __future__ import annotations

import shutil
import tempfile
import weakref

import numpy as np
import torch
from torch import Tensor

from engine.errors import RecipeError

_REMEDY = (
    "Free space there, let TMPDIR (TEMP on Windows) name a folder on a larger disk, or choose "
    "fewer pictures, a smaller size or coarser layers."
)


def check_room(need_bytes: int) -> None:
    """See whether what will be spilled fits on the disk of the temporary folder.

    Raises
    ------
    RecipeError
        It does not.
    """
    folder = tempfile.gettempdir()
    free_bytes = shutil.disk_usage(folder).free
    if need_bytes > free_bytes:
        raise RecipeError(
            f"The fit needs {need_bytes / 1e9:.1f} GB of disk in {folder}; "
            f"{free_bytes / 1e9:.1f} GB are free. {_REMEDY}"
        )


class Spill:
    """Rows of one length and type in a file that nobody else sees.

    The file is gone when neither this nor a tensor made of it is in use, also after a crash. It
    lies in the system's temporary folder (``TMPDIR``, on Windows ``TEMP``).
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="loupe-")  # noqa: SIM115 - closed below
        weakref.finalize(self, self._file.close)
        self._first: Tensor | None = None
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, row: Tensor) -> None:
        """Write one row, (P,) of any type that numpy has.

        Raises
        ------
        RecipeError
            The disk is full or cannot be written.
        """
        row = row.detach().contiguous().cpu()
        if self._first is None:
            self._first = row[:0].clone()
            self._length = len(row)
        try:
            self._file.write(row.numpy().data)
            self._file.flush()
        except OSError as error:
            raise RecipeError(
                f"After {self._count} pictures {tempfile.gettempdir()} could take no more "
                f"({error.strerror}). {_REMEDY}"
            ) from error
        self._count += 1

    def rows(self) -> Tensor:
        """Give the rows so far, (N, P), mapped: read from the file when they are looked at."""
        if self._first is None:
            return torch.empty(0, 0)
        shape = (self._count, self._length)
        # Copy-on-write, because torch does not know read-only arrays.
        mapped = np.memmap(self._file, self._first.numpy().dtype, mode="c", shape=shape)
        return torch.from_numpy(mapped)
