"""An inspected part as it is read back from the record."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.types import CompactMap, FaultKind, FileKey, HealthReading, Limits, Region
from workstation.records.derive import said_of, standing_feedback
from workstation.records.errors import RecordsError
from workstation.records.maps import unpack_map
from workstation.records.rows import health_from_json, regions_from_json
from workstation.records.tables import CompactMapRow, FeedbackRow, InspectionRow, PictureRow
from workstation.records.times import from_us
from workstation.records.words import FeedbackVerdict, Outcome, PictureState

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feedback:
    """A standing human verdict."""

    id: int
    verdict: FeedbackVerdict
    note: str
    person: str
    given_at: datetime


@dataclass(frozen=True, slots=True, eq=False)  # arrays have no useful equality
class RecordedPart:
    """One inspection, whole."""

    id: int
    station: str
    part_id: str
    taken_at: datetime
    """UTC."""
    outcome: Outcome
    """What the machine said."""
    final: Outcome
    """The last standing human OK or NG where there is one, else `outcome`."""
    feedback: tuple[Feedback, ...]
    """What people said and did not withdraw, oldest first."""
    fault_kind: FaultKind | None
    fault_reason: str | None
    score: float | None
    """None for a fault, like the limits."""
    limits: Limits | None
    release_id: str | None
    regions: tuple[Region, ...]
    stage_ms: Mapping[str, float]
    """Empty for a fault."""
    health: HealthReading | None
    """None where no picture was measured."""
    map: CompactMap | None
    """(h, w) float32; None for a fault, a method without map, or where its retention has ended."""
    picture: Path | None
    """The archived picture; None while it is not safe, or is not kept."""
    source: str
    file: FileKey | None
    attempt: int
    simulated: bool
    lot: str
    recipe: str
    person: str
    hash: str

    @property
    def human(self) -> FeedbackVerdict | None:
        """The last standing human verdict."""
        return self.feedback[-1].verdict if self.feedback else None


def load_parts(session: Session, ids: Sequence[int], *, pictures: Path) -> list[RecordedPart]:
    """Read the inspections with these numbers, in the order of `ids`; unknown ones are left out.

    `pictures` is the folder to which the recorded paths are relative.
    """
    rows = {
        row.id: row
        for row in session.scalars(select(InspectionRow).where(InspectionRow.id.in_(ids)))
    }
    maps = {
        row.inspection_id: row
        for row in session.scalars(
            select(CompactMapRow).where(CompactMapRow.inspection_id.in_(ids))
        )
    }
    feedback: defaultdict[int, list[FeedbackRow]] = defaultdict(list)
    for said in session.scalars(select(FeedbackRow).where(FeedbackRow.inspection_id.in_(ids))):
        feedback[said.inspection_id].append(said)
    safe = session.execute(
        select(PictureRow.inspection_id, PictureRow.path)
        .where(PictureRow.inspection_id.in_(ids), PictureRow.state == PictureState.SAFE)
        .order_by(PictureRow.id)
    )
    paths = {number: pictures / path for number, path in safe if path is not None}
    return [
        _part(rows[number], feedback[number], maps.get(number), paths.get(number))
        for number in ids
        if number in rows
    ]


def _part(
    row: InspectionRow,
    feedback: Sequence[FeedbackRow],
    map_row: CompactMapRow | None,
    picture: Path | None,
) -> RecordedPart:
    _, final = said_of(row.outcome, feedback)
    return RecordedPart(
        id=row.id,
        station=row.station,
        part_id=row.part_id,
        taken_at=from_us(row.taken_at),
        outcome=Outcome(row.outcome),
        final=Outcome(final),
        feedback=tuple(_feedback(said) for said in standing_feedback(feedback)),
        fault_kind=FaultKind(row.fault_kind) if row.fault_kind is not None else None,
        fault_reason=row.fault_reason,
        score=row.score,
        limits=_limits(row),
        release_id=row.release_id,
        regions=regions_from_json(row.regions),
        stage_ms=json.loads(row.stage_ms or "{}"),
        health=health_from_json(row.health),
        map=_map(map_row),
        picture=picture,
        source=row.source,
        file=_file(row),
        attempt=row.attempt,
        simulated=row.simulated,
        lot=row.lot,
        recipe=row.recipe,
        person=row.person,
        hash=row.hash,
    )


def _feedback(row: FeedbackRow) -> Feedback:
    assert row.verdict is not None  # withdrawals do not stand
    return Feedback(
        id=row.id,
        verdict=FeedbackVerdict(row.verdict),
        note=row.note,
        person=row.person,
        given_at=from_us(row.given_at),
    )


def _limits(row: InspectionRow) -> Limits | None:
    if row.t1 is None or row.t2 is None or row.pixel_limit is None:
        return None
    return Limits(t1=row.t1, t2=row.t2, pixel=row.pixel_limit)


def _file(row: InspectionRow) -> FileKey | None:
    if row.file_path is None or row.file_size is None or row.file_mtime_ns is None:
        return None
    return FileKey(path=row.file_path, size=row.file_size, mtime_ns=row.file_mtime_ns)


def _map(row: CompactMapRow | None) -> CompactMap | None:
    if row is None:
        return None
    try:
        return unpack_map(row)[0]
    except RecordsError as error:
        _log.warning("%s", error)  # the part can be looked at without it; verify reports it
        return None
