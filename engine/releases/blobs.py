"""The safetensors files of a release: written piece by piece, and large ones used from the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Protocol, TypeAlias

import safetensors.torch
import torch
from torch import Tensor

from engine.errors import ModelError

LARGE_BYTES = 2**30
"""From here on the tensors of a file are not read into memory but mapped."""

_PIECE_BYTES = 2**24
_TYPES = {
    torch.float64: "F64",
    torch.int64: "I64",
    torch.float32: "F32",
    torch.int32: "I32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""Names of the format, long numbers first: so each tensor begins at a multiple of its numbers."""


class Pieces(Protocol):
    """What a file holds, without all of it being in memory."""

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Give it from its beginning to its end."""
        ...


Content: TypeAlias = bytes | Pieces


def content_of(tensors: Mapping[str, Tensor], *, large_bytes: int = LARGE_BYTES) -> Content:
    """Give the safetensors file of these tensors; a large one is not made before it is written."""
    if sum(tensor.nbytes for tensor in tensors.values()) >= large_bytes:
        return _Unwritten(tensors)
    return bytes(safetensors.torch.save(dict(tensors)))


def pieces_of(content: Content) -> Iterator[bytes | memoryview]:
    """Cut the content of a file into pieces that are hashed or written in a few milliseconds."""
    if isinstance(content, bytes):
        yield from _cut(memoryview(content))
    else:
        yield from content.pieces()


@dataclass(frozen=True)
class StoredBlob:
    """A blob on disk, to be copied; checked while it is read."""

    path: Path

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Give the file.

        Raises
        ------
        ModelError
            It cannot be read, or its content has another hash than its name says; told at its end.
        """
        sha256 = hashlib.sha256()
        try:
            with self.path.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    sha256.update(piece)
                    yield piece
        except OSError as error:
            raise ModelError(
                f"The blob {self.path} cannot be read ({error.strerror}). "
                "Check the disk and the rights."
            ) from error
        if sha256.hexdigest() != self.path.stem:
            raise ModelError(
                f"The blob {self.path} was changed or cut off: its hash is not its name. "
                "Import the release again."
            )

    def check(self) -> None:
        """Read all of it; raises as `pieces`."""
        for _ in self.pieces():
            pass


def read_tensors(path: Path, *, large_bytes: int = LARGE_BYTES) -> dict[str, Tensor]:
    """Read a blob's tensors; those of a large one lie on disk and must not be written to.

    Raises
    ------
    ModelError
        It cannot be read, its content has another hash than its name says, or is no safetensors
        file.
    """
    blob = StoredBlob(path)
    try:
        if not path.exists() or path.stat().st_size < large_bytes:
            whole = BytesIO()
            whole.writelines(blob.pieces())
            return dict(safetensors.torch.load(whole.getvalue()))
        blob.check()
        with safetensors.safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no dict
    except safetensors.SafetensorError as error:
        raise ModelError(
            f"The blob {path} is no safetensors file. Import the release again."
        ) from error


class _Unwritten:
    """Tensors as the safetensors file they will be.

    Its format: the length of a JSON header in 8 bytes, the header, one tensor after the other.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        order = list(_TYPES)
        names = sorted(tensors, key=lambda name: (order.index(tensors[name].dtype), name))
        self._tensors = [tensors[name] for name in names]
        layout, end = {}, 0
        for name, tensor in zip(names, self._tensors, strict=True):
            start, end = end, end + tensor.nbytes
            layout[name] = {
                "dtype": _TYPES[tensor.dtype],
                "shape": list(tensor.shape),
                "data_offsets": [start, end],
            }
        header = json.dumps(layout, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 8)
        self._header = len(header).to_bytes(8, "little") + header

    def pieces(self) -> Iterator[bytes | memoryview]:
        yield self._header
        for tensor in self._tensors:
            yield from _cut(tensor.contiguous().flatten().view(torch.uint8).numpy().data)


def _cut(content: memoryview) -> Iterator[memoryview]:
    for start in range(0, len(content), _PIECE_BYTES):
        yield content[start : start + _PIECE_BYTES]
