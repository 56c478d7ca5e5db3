"""The record as a table for other programs: one line per inspection."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, TextIO

from sqlalchemy import func, select

from workstation.records.database import Database
from workstation.records.tables import InspectionRow, SearchRow
from workstation.records.times import from_us

_PAGE = 1000

_TIMES = ("taken_at", "recorded_at")
_AS_RECORDED = (
    "station", "part_id", "lot", "recipe", "outcome", "score", "t1", "t2", "pixel_limit",
    "release_id", "source", "simulated", "attempt", "frame_number", "person", "fault_kind",
    "fault_reason", "regions", "stage_ms", "source_sha256", "compact_map_sha256", "file_path",
    "file_size", "file_mtime_ns", "seq", "hash_version", "hash",
)  # fmt: skip

COLUMNS = ("id", *_TIMES, "final", "human", *_AS_RECORDED)
"""The header. Times are UTC, ISO 8601; an empty cell means that there is no such value."""


def export_csv(database: Database, file: TextIO) -> int:
    """Write the whole record as CSV, up to the inspection that is the last one now.

    Returns
    -------
    int
        Inspections written.

    Raises
    ------
    RecordsError
        The database cannot be read.
    OSError
        The file cannot be written.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    written = 0
    for row in _rows(database):
        writer.writerow([row[name] for name in COLUMNS])
        written += 1
    return written


def _rows(database: Database) -> Iterator[dict[str, Any]]:
    """Give the inspections in the order of their numbers, in short looks of one page each."""
    with database.reading() as session:
        end = session.scalar(select(func.max(InspectionRow.id))) or 0
    last = 0
    while last < end:
        page = (
            select(InspectionRow.__table__, SearchRow.final, SearchRow.human)
            .outerjoin(SearchRow, SearchRow.inspection_id == InspectionRow.id)
            .where(InspectionRow.id > last, InspectionRow.id <= end)
            .order_by(InspectionRow.id)
            .limit(_PAGE)
        )
        with database.reading() as session:
            rows = session.execute(page).mappings().all()
        if not rows:
            return
        for row in rows:
            times = {name: from_us(row[name]).isoformat(timespec="microseconds") for name in _TIMES}
            yield {**row, **times, "simulated": int(row["simulated"])}
        last = rows[-1]["id"]
