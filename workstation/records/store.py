"""Writing the record: one short transaction for each thing that happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engine.types import CompactMap, Fault, FileKey, Frame, Inspection, Verdict
from workstation.records.chain import append, storable_text
from workstation.records.database import Database
from workstation.records.derive import add_feedback, add_inspection
from workstation.records.errors import AlreadyRecorded, RecordsError
from workstation.records.images import PictureWriter
from workstation.records.maps import pack_map
from workstation.records.rows import Circumstances, row_of_fault, row_of_inspection, to_json
from workstation.records.tables import CompactMapRow, EventRow, FeedbackRow, InspectionRow
from workstation.records.times import now_us
from workstation.records.words import EventKind, FeedbackVerdict


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
        self, database: Database, station: str, picture_writer: PictureWriter | None = None
    ) -> None:
        self.station = station
        self.lot = ""
        self.recipe = ""
        self.person = "local"
        self._database = database
        self._picture_writer = picture_writer

    def record(self, inspection: Inspection) -> int:
        """Write an inspection down; then queue its picture when it is NG or REVIEW.

        Returns
        -------
        int
            The inspection's number in the record.

        Raises
        ------
        AlreadyRecorded
            This very file stands in the record with the same attempt.
        RecordsError
            It could not be written: the verdict must not be announced.
        ValueError
            The score is not a finite number.
        """
        map_row, map_sha256 = _packed(inspection.map)
        row = row_of_inspection(inspection, at=self._circumstances(), map_sha256=map_sha256)
        with self._database.writing(self.station) as session:
            attempts = _attempts(session, row)
            if (recorded := attempts.get(row.attempt)) is not None:
                raise AlreadyRecorded(
                    f"The file {row.file_path} was inspected before (inspection {recorded}).",
                    inspection_id=recorded,
                )
            self._insert(session, row, attempts, map_row)
        if inspection.verdict is not Verdict.OK:
            self._keep_picture(row, inspection.frame, inspection.frame.original)
        return row.id

    def record_fault(self, fault: Fault) -> int:
        """Write a fault down; then queue its picture, or the bytes that could not be decoded.

        When the file stands in the record with this attempt already (the fault came after the row
        was written), the fault becomes an event that names the row.

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
            attempts = _attempts(session, row)
            if (recorded := attempts.get(row.attempt)) is not None:
                detail = {"inspection": recorded, "kind": fault.kind, "reason": fault.reason}
                self._append_event(session, EventKind.FAULT_REPEATED, detail)
                return recorded
            self._insert(session, row, attempts, None)
        original = fault.original or (fault.frame.original if fault.frame else None)
        self._keep_picture(row, fault.frame, original)
        return row.id

    def seen(self, key: FileKey) -> bool:
        """Say whether this very file (path, size, time of change) stands in the record."""
        file = _same_file(self.station, storable_text(key.path), key.size, key.mtime_ns)
        with self._database.reading() as session:
            return session.scalar(select(InspectionRow.id).where(*file).limit(1)) is not None

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

    def _circumstances(self) -> Circumstances:
        return Circumstances(
            station=self.station, lot=self.lot, recipe=self.recipe, person=self.person
        )

    def _insert(
        self,
        session: Session,
        row: InspectionRow,
        attempts: dict[int, int],
        map_row: CompactMapRow | None,
    ) -> None:
        append(self._database, session, row)
        if map_row is not None:
            map_row.inspection_id = row.id
            session.add(map_row)
            session.flush()
        earlier = [number for attempt, number in attempts.items() if attempt < row.attempt]
        superseded = any(attempt > row.attempt for attempt in attempts)
        add_inspection(session, row, earlier=earlier, superseded=superseded)

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


def _attempts(session: Session, row: InspectionRow) -> dict[int, int]:
    """Give the attempts at this very file that stand in the record, with their numbers."""
    if row.file_path is None or row.file_size is None or row.file_mtime_ns is None:
        return {}
    file = _same_file(row.station, row.file_path, row.file_size, row.file_mtime_ns)
    found = session.execute(select(InspectionRow.attempt, InspectionRow.id).where(*file))
    return {row.attempt: row.id for row in found}


def _same_file(station: str, path: str, size: int, mtime_ns: int) -> Sequence[ColumnElement[bool]]:
    return (
        InspectionRow.station == station,
        InspectionRow.file_path == path,
        InspectionRow.file_size == size,
        InspectionRow.file_mtime_ns == mtime_ns,
    )
