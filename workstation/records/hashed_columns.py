"""Which columns of a chained row are hashed, in which order and how: one list per hash version."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Kind: TypeAlias = tuple[bytes, Callable[[Any], bytes]]
"""The letter that stands before a value, and how the value becomes bytes."""


def _whole_number(value: Any) -> bytes:
    return str(int(value)).encode("ascii")


def _real_number(value: Any) -> bytes:
    return struct.pack(">d", value)


def _text(value: str) -> bytes:
    return value.encode()


WHOLE: Kind = (b"i", _whole_number)
REAL: Kind = (b"f", _real_number)
TEXT: Kind = (b"t", _text)

# The place in the chain and the row's own number lead: rows that cite each other do so by number.
_LINK: tuple[tuple[str, Kind], ...] = (("station", TEXT), ("seq", WHOLE), ("id", WHOLE))

_INSPECTION_1: tuple[tuple[str, Kind], ...] = (
    *_LINK,
    ("taken_at", WHOLE),
    ("recorded_at", WHOLE),
    ("source", TEXT),
    ("part_id", TEXT),
    ("frame_number", WHOLE),
    ("attempt", WHOLE),
    ("simulated", WHOLE),
    ("lot", TEXT),
    ("recipe", TEXT),
    ("person", TEXT),
    ("outcome", TEXT),
    ("fault_kind", TEXT),
    ("fault_reason", TEXT),
    ("score", REAL),
    ("t1", REAL),
    ("t2", REAL),
    ("pixel_limit", REAL),
    ("release_id", TEXT),
    ("regions", TEXT),
    ("stage_ms", TEXT),
    ("source_sha256", TEXT),
    ("compact_map_sha256", TEXT),
    ("file_path", TEXT),
    ("file_size", WHOLE),
    ("file_mtime_ns", WHOLE),
)

COLUMNS: Mapping[int, Mapping[str, tuple[tuple[str, Kind], ...]]] = {
    1: {
        "inspection": _INSPECTION_1,
        "feedback": (
            *_LINK,
            ("inspection_id", WHOLE),
            ("given_at", WHOLE),
            ("person", TEXT),
            ("verdict", TEXT),
            ("withdraws_id", WHOLE),
            ("note", TEXT),
        ),
        "picture": (
            *_LINK,
            ("inspection_id", WHOLE),
            ("settled_at", WHOLE),
            ("state", TEXT),
            ("path", TEXT),
            ("sha256", TEXT),
            ("size_bytes", WHOLE),
            ("reason", TEXT),
        ),
        "event": (
            *_LINK,
            ("happened_at", WHOLE),
            ("person", TEXT),
            ("kind", TEXT),
            ("detail", TEXT),
        ),
    },
    2: {
        "inspection": (*_INSPECTION_1, ("health", TEXT)),
        "not_inspecting": (
            *_LINK,
            ("began_at", WHOLE),
            ("ended_at", WHOLE),
            ("reason", TEXT),
            ("detail", TEXT),
            ("person", TEXT),
        ),
    },
}
"""Per hash version the tables that it changed: the columns in the order in which they are hashed.
Never changed; a new column comes with a new version, and older rows keep theirs."""

NEWEST: Mapping[str, int] = {
    table: version for version in sorted(COLUMNS) for table in COLUMNS[version]
}
"""Per table the hash version of the rows that are written now."""
