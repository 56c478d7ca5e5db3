"""Rebuilding what is derived, from the chained rows, while the line runs on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from workstation.records.attempts import superseded_among
from workstation.records.database import Database
from workstation.records.derive import hourly_key, search_values
from workstation.records.tables import (
    FeedbackRow,
    HourlyCountRow,
    InspectionRow,
    SearchRow,
    StationRow,
)
from workstation.records.times import HOUR_US

_PAGE = 500
"""Rows rebuilt in one transaction: some tens of milliseconds, for which a writer may wait."""


def reindex(database: Database) -> int:
    """Rebuild the search rows and the hourly counts; at every moment they are consistent.

    Returns
    -------
    int
        Inspections gone through.

    Raises
    ------
    RecordsError
        The database cannot be read or written; what was rebuilt so far stays.
    """
    with database.reading() as session:
        stations = session.scalars(select(StationRow.name).order_by(StationRow.name)).all()
    return sum(_reindex_station(database, station) for station in stations)


def _reindex_station(database: Database, station: str) -> int:
    done, last = 0, 0
    while True:
        with database.writing(station) as session:
            page = session.scalars(
                select(InspectionRow)
                .where(InspectionRow.station == station, InspectionRow.id > last)
                .order_by(InspectionRow.id)
                .limit(_PAGE)
            ).all()
            upto = page[-1].id if len(page) == _PAGE else None
            _rebuild_search(session, station, page, after=last, upto=upto)
        done += len(page)
        if upto is None:
            break
        last = upto
    _recount(database, station)
    return done


def _rebuild_search(
    session: Session,
    station: str,
    page: Sequence[InspectionRow],
    *,
    after: int,
    upto: int | None,
) -> None:
    """Replace the search rows numbered above `after`, up to and with `upto` (None: to the end)."""
    former = [SearchRow.station == station, SearchRow.inspection_id > after]
    if upto is not None:
        former.append(SearchRow.inspection_id <= upto)
    session.execute(delete(SearchRow).where(*former))
    ids = [row.id for row in page]
    feedback: defaultdict[int, list[FeedbackRow]] = defaultdict(list)
    for said in session.scalars(select(FeedbackRow).where(FeedbackRow.inspection_id.in_(ids))):
        feedback[said.inspection_id].append(said)
    superseded = superseded_among(session, ids)
    if page:
        values = [
            search_values(row, feedback[row.id], superseded=row.id in superseded) for row in page
        ]
        session.execute(insert(SearchRow), values)


def _recount(database: Database, station: str) -> None:
    """Count anew, one day after the other."""
    day = 24
    with database.reading() as session:
        taken = select(func.min(SearchRow.taken_at), func.max(SearchRow.taken_at))
        first, last = session.execute(taken.where(SearchRow.station == station)).one()
        counted = select(func.min(HourlyCountRow.hour), func.max(HourlyCountRow.hour))
        lowest, highest = session.execute(counted.where(HourlyCountRow.station == station)).one()
    hours = [moment // HOUR_US for moment in (first, last) if moment is not None]
    hours += [hour for hour in (lowest, highest) if hour is not None]
    for start in range(min(hours), max(hours) + 1, day) if hours else ():
        with database.writing(station) as session:
            _recount_hours(session, station, start, start + day)


def _recount_hours(session: Session, station: str, start: int, end: int) -> None:
    session.execute(
        delete(HourlyCountRow).where(
            HourlyCountRow.station == station,
            HourlyCountRow.hour >= start,
            HourlyCountRow.hour < end,
        )
    )
    searched = select(SearchRow.__table__).where(
        SearchRow.station == station,
        # Both kinds named, so that the index by time serves.
        SearchRow.simulated.in_([False, True]),
        SearchRow.taken_at >= start * HOUR_US,
        SearchRow.taken_at < end * HOUR_US,
        SearchRow.superseded.is_(False),
    )
    counts: Counter[tuple[tuple[str, Any], ...]] = Counter(
        tuple(hourly_key(dict(row)).items()) for row in session.execute(searched).mappings()
    )
    if counts:
        values = [{**dict(key), "count": count} for key, count in counts.items()]
        session.execute(insert(HourlyCountRow), values)
