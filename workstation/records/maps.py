"""The compact map as the record keeps it: half precision, compressed, and its hash."""

from __future__ import annotations

import hashlib
import zlib

import numpy as np

from engine.types import CompactMap
from workstation.records.errors import RecordsError
from workstation.records.tables import CompactMapRow

_HALF_MAX = float(np.finfo(np.float16).max)
_STORED_AS = {"float16": "<f2", "float32": "<f4"}
_LARGEST_SIDE = 4096


def pack_map(compact_map: CompactMap) -> tuple[CompactMapRow, str]:
    """Make the row (its number still missing) of an (h, w) float32 map, and the map's SHA-256.

    The hash is over type, shape and the values as stored, so that they could be compressed anew.
    """
    finite = compact_map[np.isfinite(compact_map)]
    # Half precision keeps 3 decimal digits: far below what two pictures of one part differ by.
    fits = finite.size == 0 or float(np.abs(finite).max()) <= _HALF_MAX
    dtype = "float16" if fits else "float32"
    values = compact_map.astype(_STORED_AS[dtype]).tobytes()
    height, width = compact_map.shape
    row = CompactMapRow(height=height, width=width, dtype=dtype, data=zlib.compress(values, 6))
    return row, _sha256(row, values)


def unpack_map(row: CompactMapRow) -> tuple[CompactMap, str]:
    """Give the (h, w) float32 map of a row, and its SHA-256.

    Raises
    ------
    RecordsError
        The row is damaged.
    """
    try:
        dtype: np.dtype[np.floating] = np.dtype(_STORED_AS[row.dtype])
        if not (0 < row.height <= _LARGEST_SIDE and 0 < row.width <= _LARGEST_SIDE):
            raise ValueError(f"its shape is {row.height} x {row.width}")
        size = row.height * row.width * dtype.itemsize
        # One byte more than belongs there, so that too much is seen without being unpacked.
        values = zlib.decompressobj().decompress(row.data, size + 1)
        stored = np.frombuffer(values, dtype).reshape(row.height, row.width)
    except (KeyError, ValueError, zlib.error) as error:
        raise RecordsError(
            f"The stored anomaly map of inspection {row.inspection_id} is damaged: {error}."
        ) from error
    return stored.astype(np.float32), _sha256(row, values)


def _sha256(row: CompactMapRow, values: bytes) -> str:
    head = f"{row.dtype} {row.height} {row.width}\n".encode("ascii")
    return hashlib.sha256(head + values).hexdigest()
