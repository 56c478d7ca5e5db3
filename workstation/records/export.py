"""The record as tables for other programs: the inspections, or the spans without inspection."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from sqlalchemy import RowMapping, Select, func, select

from engine.picture_health.numbers import HealthNumber
from workstation.records.database import Database
from workstation.records.tables import ChainedRow, InspectionRow, NotInspectingRow, SearchRow
from workstation.records.times import from_us

_PAGE = 1000

_HEALTH = tuple(f"{name}{of}" for name in HealthNumber for of in ("", "_sigma"))
_AS_RECORDED = (
    "station", "part_id", "lot", "recipe", "outcome", "score", "t1", "t2", "pixel_limit",
    "release_id", "source", "simulated", "attempt", "frame_number", "person", "fault_kind",
    "fault_reason", "regions", "stage_ms", "source_sha256", "compact_map_sha256", "file_path",
    "file_size", "file_mtime_ns", "health", "seq", "hash_version", "hash",
)  # fmt: skip

COLUMNS = (
    "id", "taken_at", "recorded_at", "final", "human", *_AS_RECORDED, "health_warning", *_HEALTH,
)  # fmt: skip
"""The header. Times are UTC, ISO 8601; an empty cell means that there is no such value. The numbers
of `health` stand in columns of their own as well, each with its distance from the good pictures."""

STANDSTILL_COLUMNS = (
    "id", "began_at", "ended_at", "seconds", "station", "reason", "detail", "person", "seq",
    "hash_version", "hash",
)  # fmt: skip
"""The header of the spans without inspection."""


def export_inspections(database: Database, file: TextIO) -> int:
    """Write all inspections as CSV, up to the one that is the last now.

    Returns
    -------
    int
        Lines written below the header.

    Raises
    ------
    RecordsError
        The database cannot be read.
    OSError
        The file cannot be written.
    """
    rows = select(InspectionRow.__table__, SearchRow.final, SearchRow.human).outerjoin(
        SearchRow, SearchRow.inspection_id == InspectionRow.id
    )
    lines = (_inspection(row) for row in _rows(database, InspectionRow, rows))
    return _write(file, COLUMNS, lines)


def export_standstills(database: Database, file: TextIO) -> int:
    """Write all spans without inspection as CSV; otherwise as `export_inspections`."""
    rows = select(NotInspectingRow.__table__)
    lines = (_standstill(row) for row in _rows(database, NotInspectingRow, rows))
    return _write(file, STANDSTILL_COLUMNS, lines)


def _inspection(row: RowMapping) -> dict[str, Any]:
    health = json.loads(row["health"] or "{}")
    return {
        **health.get("values", {}),
        **{f"{name}_sigma": sigma for name, sigma in health.get("sigmas", {}).items()},
        **row,
        "taken_at": _time(row["taken_at"]),
        "recorded_at": _time(row["recorded_at"]),
        "simulated": int(row["simulated"]),
        "health_warning": health.get("warning"),
    }


def _standstill(row: RowMapping) -> dict[str, Any]:
    return {
        **row,
        "began_at": _time(row["began_at"]),
        "ended_at": _time(row["ended_at"]),
        "seconds": (row["ended_at"] - row["began_at"]) / 1e6,
    }


def _time(microseconds: int) -> str:
    return from_us(microseconds).isoformat(timespec="microseconds")


def _write(file: TextIO, columns: Sequence[str], lines: Iterator[dict[str, Any]]) -> int:
    writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    written = 0
    for line in lines:
        writer.writerow(line)
        written += 1
    return written


def _rows(database: Database, table: type[ChainedRow], wanted: Select[Any]) -> Iterator[RowMapping]:
    """Give the rows of `table` in the order of their numbers, in short looks of one page each."""
    with database.reading() as session:
        end = session.scalar(select(func.max(table.id))) or 0
    last = 0
    while last < end:
        page = wanted.where(table.id > last, table.id <= end).order_by(table.id).limit(_PAGE)
        with database.reading() as session:
            rows = session.execute(page).mappings().all()
        if not rows:
            return
        yield from rows
        last = rows[-1]["id"]
