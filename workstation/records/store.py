"""Writing the record: one short transaction for each thing that happened."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.sources.base import PartName
from engine.types import CompactMap, Fault, FileKey, Frame, Inspection, Origin, Verdict
from workstation.records.attempts import Place, next_attempt, place_of, same_file
from workstation.records.chain import append
from workstation.records.database import Database
from workstation.records.derive import add_feedback, add_inspection
from workstation.records.errors import AlreadyRecorded, RecordsError
from workstation.records.images import PictureWriter
from workstation.records.maps import pack_map
from workstation.records.part_names import PartNames
from workstation.records.rows import Circumstances, row_of_fault, row_of_inspection, to_json
from workstation.records.tables import (
    CompactMapRow,
    EventRow,
    FeedbackRow,
    InspectionRow,
    NotInspectingRow,
)
from workstation.records.times import now_us, to_us
from workstation.records.words import EventKind, FeedbackVerdict, NotInspectingReason


class Store:
    """Appends to the record of one station; may be used from any thread.

    Every method is one transaction: when it returns, what was given to it survives the mains plug;
    when it raises, nothing was written.

    Attributes
    ----------
    station
        Name of the station.
    lot, recipe, person
        Stand on every row from the next one on; set between frames, from any thread.
    """

    def __init__(
        self,
        database: Database,
        station: str,
        picture_writer: PictureWriter | None = None,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        """`zone` is the station's time zone, by whose days parts are numbered; None: this one's."""
        self.station = station
        self.lot = ""
        self.recipe = ""
        self.person = "local"
        self._database = database
        self._picture_writer = picture_writer
        self._names = PartNames(database, station, zone=zone)

    def record(self, inspection: Inspection) -> int:
        """Write an inspection down; then queue its picture when it is NG or REVIEW.

        A camera's part whose attempt was taken meanwhile is written as the next free one.

        Returns
        -------
        int
            The inspection's number in the record.

        Raises
        ------
        AlreadyRecorded
            This very file or frame stands in the record with the same attempt.
        RecordsError
            It could not be written: the verdict must not be announced.
        ValueError
            The score is not a finite number.
        """
        map_row, map_sha256 = _packed(inspection.map)
        row = row_of_inspection(inspection, at=self._circumstances(), map_sha256=map_sha256)
        with self._database.writing(self.station) as session:
            place = place_of(session, row)
            if place.recorded is not None:
                what = f"part {row.part_id}" if row.file_path is None else row.file_path
                raise AlreadyRecorded(
                    f"This picture of {what} was inspected before (inspection {place.recorded}).",
                    inspection_id=place.recorded,
                )
            self._insert(session, row, place, map_row)
        if inspection.verdict is not Verdict.OK:
            self._keep_picture(row, inspection.frame, inspection.frame.original)
        return row.id

    def record_fault(self, fault: Fault) -> int:
        """Write a fault down; then queue its picture, or the bytes that could not be decoded.

        When the file or frame stands in the record with this attempt already (the fault came after
        the row was written), the fault becomes an event that names the row.

        Returns
        -------
        int
            The inspection's number in the record.

        Raises
        ------
        RecordsError
            It could not be written.
        """
        row = row_of_fault(fault, at=self._circumstances())
        with self._database.writing(self.station) as session:
            place = place_of(session, row)
            if place.recorded is not None:
                detail = {"inspection": place.recorded, "kind": fault.kind, "reason": fault.reason}
                self._append_event(session, EventKind.FAULT_REPEATED, detail)
                return place.recorded
            self._insert(session, row, place, None)
        original = fault.original or (fault.frame.original if fault.frame else None)
        self._keep_picture(row, fault.frame, original)
        return row.id

    def seen(self, key: FileKey) -> bool:
        """Say whether this very file (path, size, time of change) stands in the record."""
        file = same_file(self.station, key)
        with self._database.reading() as session:
            return session.scalar(select(InspectionRow.id).where(*file).limit(1)) is not None

    def name_part(self, code: str | None, taken_at: datetime) -> PartName:
        """Name a camera's part; from the engine's thread.

        With a scanned `code` that is its part id, and a part that comes again is the next attempt;
        without one it is station-date-number by the local day of `taken_at`, numbered on from the
        highest of that day in the record.

        Raises
        ------
        RecordsError
            The record cannot be read.
        """
        return self._names.name(code, taken_at)

    def next_attempt(self, origin: Origin) -> int:
        """Give the attempt as which a part is inspected again.

        A file is known by its key, any other part by its part id.

        Raises
        ------
        RecordsError
            The record cannot be read.
        """
        with self._database.reading() as session:
            return next_attempt(session, self.station, origin)

    def give_feedback(self, inspection_id: int, verdict: FeedbackVerdict, note: str = "") -> int:
        """Re-judge an inspection; the last verdict counts, all stay.

        Returns
        -------
        int
            The feedback's number, by which it can be withdrawn.

        Raises
        ------
        RecordsError
            There is no such inspection, or it could not be written.
        """
        verdict = FeedbackVerdict(verdict)
        with self._database.writing(self.station) as session:
            inspection = session.get(InspectionRow, inspection_id)
            if inspection is None:
                raise RecordsError(f"There is no inspection {inspection_id} in the record.")
            return self._append_feedback(session, inspection, verdict=verdict, note=note)

    def withdraw_feedback(self, feedback_id: int) -> int:
        """Take a verdict back: the withdrawal is appended, nothing is deleted.

        Returns
        -------
        int
            The withdrawal's own number.

        Raises
        ------
        RecordsError
            There is no such feedback, it is withdrawn already, or it could not be written.
        """
        with self._database.writing(self.station) as session:
            given = session.get(FeedbackRow, feedback_id)
            if given is None or given.verdict is None:
                raise RecordsError(f"There is no feedback {feedback_id} that could be withdrawn.")
            again = select(FeedbackRow.id).where(
                FeedbackRow.inspection_id == given.inspection_id,
                FeedbackRow.withdraws_id == feedback_id,
            )
            if session.scalar(again) is not None:
                raise RecordsError(f"The feedback {feedback_id} is withdrawn already.")
            inspection = session.get_one(InspectionRow, given.inspection_id)
            return self._append_feedback(session, inspection, withdraws_id=feedback_id)

    def add_event(self, kind: EventKind, **detail: Any) -> int:
        """Write down that something happened at the station.

        `detail` holds what JSON can: text, finite numbers, true, false, None, lists and objects.

        Raises
        ------
        RecordsError
            It could not be written.
        """
        with self._database.writing(self.station) as session:
            return self._append_event(session, EventKind(kind), detail)

    def add_not_inspecting(
        self, began_at: datetime, ended_at: datetime, reason: NotInspectingReason, detail: str = ""
    ) -> int:
        """Write down that the station stood still from `began_at` to `ended_at`.

        Both are timezone-aware. A clock that was set back in between leaves a span of no length,
        at `began_at`: that the station stood still stays on record.

        Parameters
        ----------
        detail
            A sentence for people; empty where the reason says all.

        Returns
        -------
        int
            The row's number.

        Raises
        ------
        RecordsError
            It could not be written.
        """
        row = NotInspectingRow(
            station=self.station,
            began_at=to_us(began_at),
            ended_at=max(to_us(began_at), to_us(ended_at)),
            reason=NotInspectingReason(reason),
            detail=detail,
            person=self.person,
        )
        with self._database.writing(self.station) as session:
            return append(self._database, session, row)

    def _circumstances(self) -> Circumstances:
        return Circumstances(
            station=self.station, lot=self.lot, recipe=self.recipe, person=self.person
        )

    def _insert(
        self,
        session: Session,
        row: InspectionRow,
        place: Place,
        map_row: CompactMapRow | None,
    ) -> None:
        row.attempt = place.attempt
        append(self._database, session, row)
        if map_row is not None:
            map_row.inspection_id = row.id
            session.add(map_row)
            session.flush()
        add_inspection(session, row, earlier=place.replaced, superseded=place.superseded)

    def _append_feedback(
        self,
        session: Session,
        inspection: InspectionRow,
        *,
        verdict: FeedbackVerdict | None = None,
        withdraws_id: int | None = None,
        note: str = "",
    ) -> int:
        row = FeedbackRow(
            station=self.station,
            inspection_id=inspection.id,
            given_at=now_us(),
            person=self.person,
            verdict=verdict,
            withdraws_id=withdraws_id,
            note=note,
        )
        append(self._database, session, row)
        add_feedback(session, inspection)
        return row.id

    def _append_event(self, session: Session, kind: EventKind, detail: dict[str, Any]) -> int:
        row = EventRow(
            station=self.station,
            happened_at=now_us(),
            person=self.person,
            kind=kind,
            detail=to_json(detail),
        )
        return append(self._database, session, row)

    def _keep_picture(
        self, row: InspectionRow, frame: Frame | None, original: bytes | None
    ) -> None:
        """Hand the picture to the writer, where there is a writer and a picture."""
        image = frame.image if frame is not None else None
        if self._picture_writer is not None and not (image is None and original is None):
            self._picture_writer.submit(row, image=image, original=original)


def _packed(compact_map: CompactMap | None) -> tuple[CompactMapRow | None, str | None]:
    return (None, None) if compact_map is None else pack_map(compact_map)
