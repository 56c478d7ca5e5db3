"""Reading the record: the counts of a shift, the newest parts, and those that wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, and_, func, literal_column, select
from sqlalchemy.orm import Session

from workstation.records.changes import Change, recent_changes
from workstation.records.database import Database
from workstation.records.errors import RecordsError
from workstation.records.parts import RecordedPart, load_parts
from workstation.records.shifts import Shift
from workstation.records.standstills import NotInspecting, last_sign_of_life, standstills
from workstation.records.tables import HourlyCountRow, SearchRow
from workstation.records.times import HOUR_US, to_us
from workstation.records.words import Outcome


@dataclass(frozen=True, slots=True)
class ShiftCounts:
    """What a shift has inspected so far. A part that came again counts by its last attempt."""

    ok: int = 0
    """Parts the machine called OK; like `review` and `ng`, whatever people said later."""
    review: int = 0
    ng: int = 0
    faults: int = 0
    """Parts that could not be inspected."""
    final_ok: int = 0
    """Parts with a verdict whose final verdict is OK."""
    first_pass_ok: int = 0
    """Parts that the machine called OK at the first attempt."""
    newest_id: int = 0
    """The newest part in the record, of any shift, when these were counted; 0: there was none."""

    @property
    def judged(self) -> int:
        """Parts with a verdict."""
        return self.ok + self.review + self.ng

    @property
    def parts(self) -> int:
        """All parts, faults included."""
        return self.judged + self.faults

    @property
    def yield_share(self) -> float | None:
        """Final OK of the last attempt / (OK + REVIEW + NG); None while there is no verdict."""
        return self.final_ok / self.judged if self.judged else None

    @property
    def first_pass_yield(self) -> float | None:
        """Machine OK of the first attempt / (OK + REVIEW + NG); None while there is no verdict."""
        return self.first_pass_ok / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """REVIEW and NG parts of a shift on which no human verdict stands."""

    count: int
    newest: tuple[RecordedPart, ...]
    """Newest first; no more than were asked for."""


class Statistics:
    """Reads the record of one station; may be used from any thread. Each call is one short look.

    Every method raises `RecordsError` when the database cannot be read. Simulated parts are told
    apart everywhere and never stand in real figures.
    """

    def __init__(self, database: Database, station: str, *, pictures: Path) -> None:
        """`pictures` is the folder of pictures (`DataFolder.pictures`)."""
        self._database = database
        self._station = station
        self._pictures = pictures

    def shift_counts(self, shift: Shift, *, simulated: bool = False) -> ShiftCounts:
        """Count the parts taken in `shift`."""
        newest = select(func.max(SearchRow.inspection_id)).where(
            SearchRow.station == self._station, SearchRow.simulated.is_(simulated)
        )
        machine = dict.fromkeys(Outcome, 0)
        final_ok = first_pass_ok = 0
        with self._database.reading() as session:
            for outcome, final, first_attempt, count in self._groups(session, shift, simulated):
                machine[Outcome(outcome)] += count
                if outcome != Outcome.FAULT and final == Outcome.OK:
                    final_ok += count
                if outcome == Outcome.OK and first_attempt:
                    first_pass_ok += count
            newest_id = session.scalar(newest) or 0
        return ShiftCounts(
            ok=machine[Outcome.OK],
            review=machine[Outcome.REVIEW],
            ng=machine[Outcome.NG],
            faults=machine[Outcome.FAULT],
            final_ok=final_ok,
            first_pass_ok=first_pass_ok,
            newest_id=newest_id,
        )

    def lot_count(self, lot: str, *, simulated: bool = False) -> int:
        """Count the parts of a lot, faults included, over all shifts."""
        total = select(func.sum(HourlyCountRow.count)).where(
            HourlyCountRow.station == self._station,
            HourlyCountRow.lot == lot,
            HourlyCountRow.simulated.is_(simulated),
        )
        with self._database.reading() as session:
            return int(session.scalar(total) or 0)

    def recent(self, n: int, *, simulated: bool = False) -> list[RecordedPart]:
        """Give the `n` parts recorded last, newest first."""
        newest = (
            select(SearchRow.inspection_id)
            .where(SearchRow.station == self._station, SearchRow.simulated.is_(simulated))
            .order_by(SearchRow.inspection_id.desc())
            .limit(n)
        )
        with self._database.reading() as session:
            ids = session.scalars(newest).all()
            return load_parts(session, ids, pictures=self._pictures)

    def newest_part_id(self, *, simulated: bool = False) -> str | None:
        """Give the id of the last part that was no second look at one; None: there is none."""
        newest = (
            select(SearchRow.part_id)
            .where(
                SearchRow.station == self._station,
                SearchRow.simulated.is_(simulated),
                SearchRow.attempt == 1,
            )
            .order_by(SearchRow.inspection_id.desc())
            .limit(1)
        )
        with self._database.reading() as session:
            return session.scalar(newest)

    def waiting(self, shift: Shift, *, simulated: bool = False, limit: int = 20) -> Waiting:
        """Give the REVIEW and NG parts of `shift` on which no human verdict stands."""
        unanswered = and_(
            self._taken(to_us(shift.start), to_us(shift.end), simulated),
            SearchRow.human.is_(None),
            # As literals: the database uses its index of waiting parts only where it can see that
            # the question is no wider than the index.
            SearchRow.machine.in_([literal_column("'REVIEW'"), literal_column("'NG'")]),
            SearchRow.superseded.is_(False),
        )
        newest = (
            select(SearchRow.inspection_id)
            .where(unanswered)
            .order_by(SearchRow.taken_at.desc(), SearchRow.inspection_id.desc())
            .limit(limit)
        )
        with self._database.reading() as session:
            count = session.scalars(select(func.count()).where(unanswered)).one()
            ids = session.scalars(newest).all()
            parts = load_parts(session, ids, pictures=self._pictures)
        return Waiting(count=count, newest=tuple(parts))

    def inspection(self, inspection_id: int) -> RecordedPart:
        """Give one inspection, of any station, whole.

        Raises
        ------
        RecordsError
            There is no such inspection.
        """
        with self._database.reading() as session:
            parts = load_parts(session, [inspection_id], pictures=self._pictures)
        if not parts:
            raise RecordsError(f"There is no inspection {inspection_id} in the record.")
        return parts[0]

    def recent_changes(self, n: int) -> list[Change]:
        """Give the last `n` changes of limit, lot, release, source or device, newest first."""
        with self._database.reading() as session:
            return recent_changes(session, self._station, n)

    def not_inspecting(self, start: datetime, end: datetime) -> list[NotInspecting]:
        """Give the spans without inspection that reach into the time from `start` to `end`.

        Oldest first; one that still lasts is not among them.
        """
        with self._database.reading() as session:
            return standstills(session, self._station, start, end)

    def last_sign_of_life(self) -> datetime | None:
        """Give the time of the newest row (UTC); None when there is none.

        Asked at a start before anything else is written down, it is when the program ended.
        """
        with self._database.reading() as session:
            return last_sign_of_life(session, self._station)

    def _groups(
        self, session: Session, shift: Shift, simulated: bool
    ) -> Iterator[tuple[str, str, bool, int]]:
        """Give (machine, final, first attempt, count): whole hours as counted, the rest by part."""
        start, end = to_us(shift.start), to_us(shift.end)
        first_hour, end_hour = -(-start // HOUR_US), end // HOUR_US
        if first_hour >= end_hour:
            yield from self._groups_of_parts(session, start, end, simulated)
            return
        yield from self._groups_of_parts(session, start, first_hour * HOUR_US, simulated)
        yield from self._groups_of_parts(session, end_hour * HOUR_US, end, simulated)
        key = (HourlyCountRow.outcome, HourlyCountRow.final, HourlyCountRow.first_attempt)
        hours = (
            select(*key, func.sum(HourlyCountRow.count))
            .where(
                HourlyCountRow.station == self._station,
                HourlyCountRow.hour >= first_hour,
                HourlyCountRow.hour < end_hour,
                HourlyCountRow.simulated.is_(simulated),
            )
            .group_by(*key)
        )
        for outcome, final, first_attempt, count in session.execute(hours):
            yield outcome, final, first_attempt, int(count)

    def _groups_of_parts(
        self, session: Session, start: int, end: int, simulated: bool
    ) -> Iterator[tuple[str, str, bool, int]]:
        if start >= end:
            return
        key = (SearchRow.machine, SearchRow.final, SearchRow.attempt)
        parts = (
            select(*key, func.count())
            .where(self._taken(start, end, simulated), SearchRow.superseded.is_(False))
            .group_by(*key)
        )
        for machine, final, attempt, count in session.execute(parts):
            yield machine, final, attempt == 1, count

    def _taken(self, start: int, end: int, simulated: bool) -> ColumnElement[bool]:
        return and_(
            SearchRow.station == self._station,
            SearchRow.simulated.is_(simulated),
            SearchRow.taken_at >= start,
            SearchRow.taken_at < end,
        )
