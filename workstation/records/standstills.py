"""Reading when nothing was inspected, and when the station last gave a sign of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workstation.records.tables import (
    EventRow,
    FeedbackRow,
    InspectionRow,
    NotInspectingRow,
    PictureRow,
)
from workstation.records.times import from_us, to_us
from workstation.records.words import EventKind, NotInspectingReason

_WRITTEN_WHILE_CLOSED = (EventKind.SCHEMA_MIGRATED, EventKind.REINDEXED)
"""Events that say nothing of the station: a start writes the one before anything else, and a
command of the command line the other."""


@dataclass(frozen=True, slots=True)
class NotInspecting:
    """A span of time in which the station stood still."""

    id: int
    began_at: datetime
    """UTC."""
    ended_at: datetime
    """UTC; the same as `began_at` where the clock was set back, or where the program ended in the
    middle of its work."""
    reason: NotInspectingReason
    detail: str
    """A sentence for people; empty where the reason says all."""
    person: str

    @property
    def seconds(self) -> float:
        """How long the station stood still."""
        return (self.ended_at - self.began_at).total_seconds()


def standstills(
    session: Session, station: str, start: datetime, end: datetime
) -> list[NotInspecting]:
    """Give the spans without inspection that reach into the time from `start` to `end`."""
    within = (
        select(NotInspectingRow)
        .where(
            NotInspectingRow.station == station,
            NotInspectingRow.ended_at > to_us(start),
            NotInspectingRow.began_at < to_us(end),
        )
        .order_by(NotInspectingRow.began_at, NotInspectingRow.id)
    )
    return [
        NotInspecting(
            id=row.id,
            began_at=from_us(row.began_at),
            ended_at=from_us(row.ended_at),
            reason=NotInspectingReason(row.reason),
            detail=row.detail,
            person=row.person,
        )
        for row in session.scalars(within)
    ]


def last_sign_of_life(session: Session, station: str) -> datetime | None:
    """Give the time that the last link of the station's chain bears; None for a new station.

    The last link, not the latest time: a clock that once was ahead must not count for ever.
    """
    moments = (
        select(InspectionRow.seq, InspectionRow.recorded_at).where(
            InspectionRow.station == station
        ),
        select(FeedbackRow.seq, FeedbackRow.given_at).where(FeedbackRow.station == station),
        select(PictureRow.seq, PictureRow.settled_at).where(PictureRow.station == station),
        select(EventRow.seq, EventRow.happened_at).where(
            EventRow.station == station, EventRow.kind.not_in(_WRITTEN_WHILE_CLOSED)
        ),
        select(NotInspectingRow.seq, NotInspectingRow.ended_at).where(
            NotInspectingRow.station == station
        ),
    )
    # The sequence number comes first in each.
    newest = [
        session.execute(of.order_by(of.selected_columns[0].desc()).limit(1)) for of in moments
    ]
    found = [tuple(row) for rows in newest for row in rows]
    return from_us(max(found)[1]) if found else None
