"""The hash chain of a station: how a row becomes bytes, and how it is appended.

The hash of a row is ``SHA-256(previous hash || canonical row)``; before the first row stand 32 zero
bytes. Whoever changes, removes or inserts a row has to recompute every later one, and then the
anchors kept elsewhere (`workstation.records.anchors`) no longer fit.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from workstation.records.database import Database
from workstation.records.tables import ChainedRow, ChainHeadRow, StationRow
from workstation.records.times import now_us

GENESIS = "00" * 32
HASH_VERSION = 1

_ABSENT = b"-"
_LENGTH = struct.Struct(">Q")


def _whole_number(value: Any) -> bytes:
    return str(int(value)).encode("ascii")


def _real_number(value: Any) -> bytes:
    return struct.pack(">d", value)


def _text(value: str) -> bytes:
    return value.encode()


_INT, _REAL, _TEXT = (b"i", _whole_number), (b"f", _real_number), (b"t", _text)
_Kind = tuple[bytes, Callable[[Any], bytes]]

# The place in the chain and the row's own number lead: rows that cite each other do so by number.
_LINK: tuple[tuple[str, _Kind], ...] = (("station", _TEXT), ("seq", _INT), ("id", _INT))

COLUMNS: Mapping[int, Mapping[str, tuple[tuple[str, _Kind], ...]]] = {
    1: {
        "inspection": (
            *_LINK,
            ("taken_at", _INT),
            ("recorded_at", _INT),
            ("source", _TEXT),
            ("part_id", _TEXT),
            ("frame_number", _INT),
            ("attempt", _INT),
            ("simulated", _INT),
            ("lot", _TEXT),
            ("recipe", _TEXT),
            ("person", _TEXT),
            ("outcome", _TEXT),
            ("fault_kind", _TEXT),
            ("fault_reason", _TEXT),
            ("score", _REAL),
            ("t1", _REAL),
            ("t2", _REAL),
            ("pixel_limit", _REAL),
            ("release_id", _TEXT),
            ("regions", _TEXT),
            ("stage_ms", _TEXT),
            ("source_sha256", _TEXT),
            ("compact_map_sha256", _TEXT),
            ("file_path", _TEXT),
            ("file_size", _INT),
            ("file_mtime_ns", _INT),
        ),
        "feedback": (
            *_LINK,
            ("inspection_id", _INT),
            ("given_at", _INT),
            ("person", _TEXT),
            ("verdict", _TEXT),
            ("withdraws_id", _INT),
            ("note", _TEXT),
        ),
        "picture": (
            *_LINK,
            ("inspection_id", _INT),
            ("settled_at", _INT),
            ("state", _TEXT),
            ("path", _TEXT),
            ("sha256", _TEXT),
            ("size_bytes", _INT),
            ("reason", _TEXT),
        ),
        "event": (
            *_LINK,
            ("happened_at", _INT),
            ("person", _TEXT),
            ("kind", _TEXT),
            ("detail", _TEXT),
        ),
    }
}
"""Per hash version and table: the columns in the order in which they are hashed. Never changed; a
new column comes with a new version, and older rows keep theirs."""


def canonical(table: str, values: Mapping[str, Any], *, version: int) -> bytes:
    """Write a row as bytes; two different rows never give the same bytes.

    Each value is a letter for its kind, its length in 8 bytes, and its bytes: integers as decimal
    digits, real numbers as big-endian IEEE-754 doubles, text as UTF-8; an absent value is one
    letter of its own.
    """
    parts = [_sized(b"t", _text(table)), _sized(b"i", _whole_number(version))]
    for name, (letter, encode) in COLUMNS[version][table]:
        value = values[name]
        parts.append(_ABSENT if value is None else _sized(letter, encode(value)))
    return b"".join(parts)


def link(previous: str, table: str, values: Mapping[str, Any], *, version: int) -> str:
    """Give the hash (hex) of a row that follows the one hashed `previous` (hex)."""
    row = canonical(table, values, version=version)
    return hashlib.sha256(bytes.fromhex(previous) + row).hexdigest()


def append(database: Database, session: Session, row: ChainedRow) -> int:
    """Add `row` at the end of its station's chain, within a transaction of `Database.writing`.

    Sets the row's number, place and hash, and inserts it.

    Returns
    -------
    int
        The row's number.
    """
    head = session.get(ChainHeadRow, row.station, with_for_update=True)
    if head is None:
        head = _first_head(session, row.station)
    row.id = database.next_id(session, type(row))
    row.seq = head.seq + 1
    row.hash_version = HASH_VERSION
    _make_storable(row)
    row.hash = link(head.hash, row.__tablename__, vars(row), version=HASH_VERSION)
    session.add(row)
    head.seq, head.hash = row.seq, row.hash
    session.flush()
    return row.id


def storable_text(value: str) -> str:
    """Give text that every database can keep: file names on Linux need not be Unicode."""
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _make_storable(row: ChainedRow) -> None:
    """Make the row's values the same before and after storing, so that they hash the same."""
    for name, (letter, _) in COLUMNS[HASH_VERSION][row.__tablename__]:
        value = getattr(row, name)
        if value is None:
            setattr(row, name, None)
        elif letter == b"t":
            setattr(row, name, storable_text(value))
        elif letter == b"f":
            # SQLite keeps -0.0 as 0, and NaN as NULL.
            if value != value:
                raise ValueError(f"{row.__tablename__}.{name} is not a number.")
            setattr(row, name, float(value) + 0.0)


def _first_head(session: Session, station: str) -> ChainHeadRow:
    session.add(StationRow(name=station, first_seen=now_us()))
    session.flush()
    head = ChainHeadRow(station=station, seq=0, hash=GENESIS)
    session.add(head)
    session.flush()
    return head


def _sized(letter: bytes, data: bytes) -> bytes:
    return letter + _LENGTH.pack(len(data)) + data
