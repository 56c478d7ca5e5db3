"""Attempts: which rows of the record are inspections of one and the same part.

A file is one part by its key. A part without a file is known by its part id, apart for the line's
own parts, for simulated ones and for replays; those two may show a part id again without meaning
the same part, so only an attempt that was asked for follows on another. Of a camera's parts no two
rows have the same part id and attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session, aliased

from engine.types import FileKey, Origin
from workstation.records.chain import storable_text
from workstation.records.tables import InspectionRow

_REPLAY = "replay"
"""The one source of real pictures that may show a part again by itself."""


_rows = InspectionRow.__table__.c
# Put together once: it is asked for every part of a line without files, and that took 0.1 ms.
_NEWEST_OF_ANY = (
    select(_rows.id, _rows.attempt, _rows.taken_at, _rows.frame_number)
    .where(
        _rows.station == bindparam("station"),
        _rows.part_id == bindparam("part_id"),
        _rows.file_path.is_(None),
        _rows.simulated == bindparam("simulated"),
    )
    .order_by(_rows.id.desc())
    .limit(1)
)
_NEWEST = _NEWEST_OF_ANY.where(_rows.source != _REPLAY)
_NEWEST_REPLAYED = _NEWEST_OF_ANY.where(_rows.source == _REPLAY)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new row stands among the attempts at its part."""

    attempt: int
    recorded: int | None = None
    """The inspection that is this very frame; None: it is new."""
    replaced: tuple[int, ...] = ()
    """Earlier attempts, which count no longer."""
    superseded: bool = False
    """True when a later attempt is there already."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest row of a part without a file."""

    id: int
    attempt: int
    taken_at: int
    frame_number: int


def place_of(session: Session, row: InspectionRow) -> Place:
    """Find the place of a row that is about to be written, within the writing transaction.

    A camera's part whose attempt is taken gets the next free one: the code of a part that comes
    again says all there is to say, and a good verdict must not be refused for a race.
    """
    attempts = _attempts_of_file(session, row)
    if attempts is not None:
        return Place(
            attempt=row.attempt,
            recorded=attempts.get(row.attempt),
            replaced=tuple(number for attempt, number in attempts.items() if attempt < row.attempt),
            superseded=any(attempt > row.attempt for attempt in attempts),
        )
    replayed = row.source == _REPLAY
    newest = newest_of_part(
        session, row.station, row.part_id, simulated=row.simulated, replayed=replayed
    )
    if newest is None:
        return Place(row.attempt)
    same_frame = (newest.taken_at, newest.frame_number) == (row.taken_at, row.frame_number)
    if same_frame and row.attempt <= newest.attempt:
        return Place(newest.attempt, recorded=newest.id)
    attempt = row.attempt
    if not row.simulated and not replayed:
        attempt = max(attempt, newest.attempt + 1)
    return Place(attempt, replaced=(newest.id,) if attempt > newest.attempt else ())


def next_attempt(session: Session, station: str, origin: Origin) -> int:
    """Give the number of the next attempt at a part; 1 when the record does not hold it."""
    if origin.file is not None:
        attempts = select(InspectionRow.attempt).where(*same_file(station, origin.file))
        return max(session.scalars(attempts), default=0) + 1
    newest = newest_of_part(
        session,
        station,
        origin.part_id,
        simulated=origin.simulated,
        replayed=origin.source == _REPLAY,
    )
    return 1 if newest is None else newest.attempt + 1


def newest_of_part(
    session: Session, station: str, part_id: str, *, simulated: bool = False, replayed: bool = False
) -> Newest | None:
    """Find the last inspection of a part without a file."""
    found = session.execute(
        _NEWEST_REPLAYED if replayed else _NEWEST,
        {"station": station, "part_id": storable_text(part_id), "simulated": simulated},
    ).first()
    return None if found is None else Newest(*found)


def same_file(station: str, key: FileKey) -> Sequence[ColumnElement[bool]]:
    """Give the conditions that hold for the rows of this very file."""
    return (
        InspectionRow.station == station,
        InspectionRow.file_path == storable_text(key.path),
        InspectionRow.file_size == key.size,
        InspectionRow.file_mtime_ns == key.mtime_ns,
    )


def superseded_among(session: Session, ids: Sequence[int]) -> set[int]:
    """Give those of the inspections whose part was inspected again in a later attempt."""
    later = aliased(InspectionRow)
    same_key = (
        (later.station == InspectionRow.station)
        & (later.file_path == InspectionRow.file_path)
        & (later.file_size == InspectionRow.file_size)
        & (later.file_mtime_ns == InspectionRow.file_mtime_ns)
        & (later.attempt > InspectionRow.attempt)
    )
    files = select(InspectionRow.id).join(later, same_key).where(InspectionRow.id.in_(ids))
    next_attempt_of_part = (
        select(later.attempt)
        .where(
            later.station == InspectionRow.station,
            later.part_id == InspectionRow.part_id,
            later.file_path.is_(None),
            later.simulated == InspectionRow.simulated,
            (later.source == _REPLAY) == (InspectionRow.source == _REPLAY),
            later.id > InspectionRow.id,
        )
        .order_by(later.id)
        .limit(1)
        .correlate(InspectionRow)
        .scalar_subquery()
    )
    others = select(InspectionRow.id).where(
        InspectionRow.id.in_(ids),
        InspectionRow.file_path.is_(None),
        next_attempt_of_part > InspectionRow.attempt,
    )
    return {*session.scalars(files), *session.scalars(others)}


def _attempts_of_file(session: Session, row: InspectionRow) -> dict[int, int] | None:
    """Give the recorded attempts at the row's file, with their numbers; None without a file."""
    if row.file_path is None or row.file_size is None or row.file_mtime_ns is None:
        return None
    key = FileKey(path=row.file_path, size=row.file_size, mtime_ns=row.file_mtime_ns)
    found = session.execute(
        select(InspectionRow.attempt, InspectionRow.id).where(*same_file(row.station, key))
    )
    return {row.attempt: row.id for row in found}
