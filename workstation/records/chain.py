"""The hash chain of a station: how a row becomes bytes, and how it is appended.

The hash of a row is ``SHA-256(previous hash || canonical row)``; before the first row stand 32 zero
bytes. Whoever changes, removes or inserts a row has to recompute every later one, and then the
anchors kept elsewhere (`workstation.records.anchors`) no longer fit.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workstation.records.database import Database
from workstation.records.hashed_columns import COLUMNS, NEWEST, REAL, TEXT, WHOLE, Kind
from workstation.records.tables import ChainedRow, ChainHeadRow, StationRow
from workstation.records.times import now_us

GENESIS = "00" * 32

_ABSENT = b"-"
_LENGTH = struct.Struct(">Q")


def canonical(table: str, values: Mapping[str, Any], *, version: int) -> bytes:
    """Write a row as bytes; two different rows never give the same bytes.

    Each value is a letter for its kind, its length in 8 bytes, and its bytes: integers as decimal
    digits, real numbers as big-endian IEEE-754 doubles, text as UTF-8; an absent value is one
    letter of its own.
    """
    parts = [_encoded(TEXT, table), _encoded(WHOLE, version)]
    columns = COLUMNS[version][table]
    for name, kind in columns:
        value = values[name]
        parts.append(_ABSENT if value is None else _encoded(kind, value))
    for name, kind in COLUMNS[NEWEST[table]][table][len(columns) :]:
        # A column that came later is empty in an older row; whoever fills it changes the row.
        if (value := values.get(name)) is not None:
            parts.append(_encoded(kind, value))
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
    row.hash_version = NEWEST[row.__tablename__]
    _make_storable(row)
    row.hash = link(head.hash, row.__tablename__, vars(row), version=row.hash_version)
    session.add(row)
    head.seq, head.hash = row.seq, row.hash
    session.flush()
    return row.id


def storable_text(value: str) -> str:
    """Give text that every database can keep: file names on Linux need not be Unicode."""
    return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _make_storable(row: ChainedRow) -> None:
    """Make the row's values the same before and after storing, so that they hash the same."""
    for name, kind in COLUMNS[row.hash_version][row.__tablename__]:
        value = getattr(row, name)
        if value is None:
            setattr(row, name, None)
        elif kind is TEXT:
            setattr(row, name, storable_text(value))
        elif kind is REAL:
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


def _encoded(kind: Kind, value: Any) -> bytes:
    letter, encode = kind
    data = encode(value)
    return letter + _LENGTH.pack(len(data)) + data
