"""What a camera's part is called: by the code scanned for it, else by station, day and number."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy import func, select

from engine.sources.base import PartName
from workstation.records.attempts import newest_of_part
from workstation.records.chain import storable_text
from workstation.records.database import Database
from workstation.records.tables import InspectionRow

_DIGITS = 4
"""Of the number at least; the ten-thousandth part of a day has one more."""
_HIGHEST = "9" * 18


class PartNames:
    """Names the camera's parts of one station; used by one thread at a time.

    The record is searched for the highest number of a day once; from then on each name costs one
    look-up by index, which is needed all the same: a code may be what an earlier part was called.
    """

    def __init__(self, database: Database, station: str, *, zone: tzinfo | None = None) -> None:
        """`zone` is the station's time zone; None: this computer's."""
        self._database = database
        self._station = station
        self._zone = zone
        self._prefix = ""
        self._last = 0

    def name(self, code: str | None, taken_at: datetime) -> PartName:
        """Name a part taken at `taken_at` (timezone-aware), for which `code` was scanned.

        Raises
        ------
        RecordsError
            The record cannot be read.
        """
        if not code:
            return PartName(self._next_number(taken_at), attempt=1)
        part_id = storable_text(code)
        with self._database.reading() as session:
            newest = newest_of_part(session, self._station, part_id)
        return PartName(part_id, attempt=1 if newest is None else newest.attempt + 1)

    def _next_number(self, taken_at: datetime) -> str:
        prefix = f"{storable_text(self._station)}-{taken_at.astimezone(self._zone):%Y%m%d}-"
        if prefix != self._prefix:
            self._last = self._highest(prefix)
            self._prefix = prefix
        with self._database.reading() as session:
            while True:
                self._last += 1
                part_id = f"{prefix}{self._last:0{_DIGITS}}"
                if newest_of_part(session, self._station, part_id) is None:
                    return part_id

    def _highest(self, prefix: str) -> int:
        """Give the highest number behind `prefix` in the record; 0 when there is none."""
        highest_first = (
            select(InspectionRow.part_id)
            .where(
                InspectionRow.station == self._station,
                InspectionRow.file_path.is_(None),
                # In the order of any language: what is the same in front decides nothing.
                InspectionRow.part_id >= f"{prefix}0",
                InspectionRow.part_id <= f"{prefix}{_HIGHEST}",
            )
            .order_by(func.length(InspectionRow.part_id).desc(), InspectionRow.part_id.desc())
        )
        with self._database.reading() as session:
            for part_id in session.scalars(highest_first):
                number = part_id.removeprefix(prefix)
                if number.isascii() and number.isdigit():  # and no code that begins like it
                    return int(number)
        return 0
