"""Proving the record whole: every link recomputed, and compared with what was noted elsewhere."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from workstation.records.anchors import Anchor
from workstation.records.chain import GENESIS, link
from workstation.records.database import Database
from workstation.records.errors import RecordsError
from workstation.records.hashed_columns import COLUMNS
from workstation.records.maps import unpack_map
from workstation.records.tables import (
    CHAINED,
    ChainedRow,
    ChainHeadRow,
    CompactMapRow,
    InspectionRow,
)

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain first fails."""

    station: str
    seq: int
    """Place of the first row that is wrong or missing."""
    reason: str
    """A sentence for people."""


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What `verify` found."""

    rows: int
    """Links that are sound."""
    tables: Mapping[str, int]
    """The same per table."""
    stations: int
    anchors: int
    """Anchors that fit."""
    breaks: tuple[Break, ...]
    """The first break of each chain that has one."""

    @property
    def sound(self) -> bool:
        """True when every chain is whole and every anchor fits."""
        return not self.breaks


def verify(database: Database, anchors: list[Anchor]) -> VerifyReport:
    """Recompute all chains up to where they stand now; writers may go on meanwhile.

    Raises
    ------
    RecordsError
        The database cannot be read.
    """
    ends, heads = _ends(database)
    anchored: defaultdict[str, list[Anchor]] = defaultdict(list)
    for anchor in anchors:
        anchored[anchor.station].append(anchor)
    tables: Counter[str] = Counter({table.__tablename__: 0 for table in CHAINED})
    fitting = 0
    breaks: list[Break] = []
    stations = sorted({*ends, *heads, *anchored})
    for station in stations:
        chain = _Chain(station, ends.get(station, 0), anchored[station])
        found = chain.check(database) or chain.check_head(heads.get(station))
        tables.update(chain.sound_tables)
        fitting += chain.fitting_anchors
        if found is not None:
            breaks.append(found)
        elif (bad_map := _first_wrong_map(database, station)) is not None:
            breaks.append(bad_map)
    return VerifyReport(
        rows=tables.total(),
        tables=dict(tables),
        stations=len(stations),
        anchors=fitting,
        breaks=tuple(breaks),
    )


class _Chain:
    """One station's chain on the way through it."""

    def __init__(self, station: str, end: int, anchors: list[Anchor]) -> None:
        self.sound_rows = 0
        self.sound_tables: Counter[str] = Counter()
        self.fitting_anchors = 0
        self._station = station
        self._end = end
        self._anchors = defaultdict(list)
        for anchor in anchors:
            self._anchors[anchor.seq].append(anchor)
        self._hash = GENESIS

    def check(self, database: Database) -> Break | None:
        pages = [_rows(database, table, self._station, self._end) for table in CHAINED]
        for seq, table, row in heapq.merge(*pages, key=lambda entry: entry[0]):
            expected = self.sound_rows + 1
            if seq < expected:
                return self._break(seq, f"There are two rows with number {seq}: one was added.")
            if seq > expected:
                missing = f"row {expected}" if seq == expected + 1 else f"rows {expected}-{seq - 1}"
                return self._break(expected, f"Missing from the chain: {missing}.")
            if (found := self._check_row(table, row)) is not None:
                return found
        past = [anchor for seq in self._anchors if seq > self._end for anchor in self._anchors[seq]]
        if past:
            last = max(past, key=lambda anchor: anchor.seq)
            return self._break(
                self._end + 1,
                f"The end of the chain is missing: it has {self._end} rows, and an anchor of "
                f"{last.at} says that it had {last.seq}.",
            )
        return None

    def check_head(self, head: tuple[int, str] | None) -> Break | None:
        """Compare the head kept for appending with the last row."""
        if (head or (0, GENESIS)) == (self._end, self._hash):
            return None
        at = 0 if head is None else head[0]
        return self._break(
            min(at, self._end) + 1,
            f"The chain has {self._end} rows, and its head says {at}: rows were removed from its "
            "end, or added behind the program's back.",
        )

    def _check_row(self, table: str, row: Mapping[str, Any]) -> Break | None:
        seq, version = row["seq"], row["hash_version"]
        if table not in COLUMNS.get(version, {}):
            reason = f"Row {seq} ({table} {row['id']}) has the unknown hash version {version}."
            return self._break(seq, reason)
        if link(self._hash, table, row, version=version) != row["hash"]:
            return self._break(
                seq,
                f"Row {seq} ({table} {row['id']}) is not what was written: it was changed, or one "
                "before it was exchanged.",
            )
        for anchor in self._anchors.get(seq, ()):
            if anchor.hash != row["hash"]:
                return self._break(
                    seq,
                    f"The chain up to row {seq} is not the one of which the anchor of {anchor.at} "
                    "was taken: it was written anew.",
                )
            self.fitting_anchors += 1
        self._hash = row["hash"]
        self.sound_rows += 1
        self.sound_tables[table] += 1
        return None

    def _break(self, seq: int, reason: str) -> Break:
        return Break(station=self._station, seq=seq, reason=reason)


def _ends(database: Database) -> tuple[dict[str, int], dict[str, tuple[int, str]]]:
    """Give the last place of each chain, and each head, as they stand at one moment."""
    ends: dict[str, int] = {}
    with database.reading() as session:
        for table in CHAINED:
            last = select(table.station, func.max(table.seq)).group_by(table.station)
            for station, seq in session.execute(last):
                ends[station] = max(seq, ends.get(station, 0))
        heads = {
            head.station: (head.seq, head.hash) for head in session.scalars(select(ChainHeadRow))
        }
    return ends, heads


def _first_wrong_map(database: Database, station: str) -> Break | None:
    """Find the first stored anomaly map that is not the one whose hash was recorded.

    A map that is not there is no break: its retention is its own, its hash stays.
    """
    last = 0
    while True:
        page = (
            select(CompactMapRow, InspectionRow.seq, InspectionRow.compact_map_sha256)
            .join(InspectionRow, InspectionRow.id == CompactMapRow.inspection_id)
            .where(InspectionRow.station == station, InspectionRow.seq > last)
            .order_by(InspectionRow.seq)
            .limit(_PAGE)
        )
        with database.reading() as session:
            rows = session.execute(page).all()
        for row, seq, sha256 in rows:
            if _map_sha256(row) != sha256:
                reason = f"The anomaly map of inspection {row.inspection_id} was changed."
                return Break(station=station, seq=seq, reason=reason)
        if len(rows) < _PAGE:
            return None
        last = rows[-1].seq


def _map_sha256(row: CompactMapRow) -> str | None:
    try:
        return unpack_map(row)[1]
    except RecordsError:
        return None


def _rows(
    database: Database, table: type[ChainedRow], station: str, end: int
) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Give a table's rows of one station up to place `end`, in short looks of one page each."""
    last = 0
    while True:
        page = (
            select(table.__table__)
            .where(table.station == station, table.seq > last, table.seq <= end)
            .order_by(table.seq)
            .limit(_PAGE)
        )
        with database.reading() as session:
            rows = session.execute(page).mappings().all()
        for row in rows:
            yield row["seq"], table.__tablename__, dict(row)
        if len(rows) < _PAGE:
            return
        last = rows[-1]["seq"]
