"""Heads of the hash chains, noted outside the database so that a cut tail is found."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workstation.records.database import Database
from workstation.records.tables import ChainHeadRow


@dataclass(frozen=True, slots=True)
class Anchor:
    """One line of the anchor file: how far a chain had come, and with which hash."""

    station: str
    seq: int
    hash: str
    at: str
    """UTC, ISO 8601."""


def write_anchor(database: Database, anchors: Path, *, station: str) -> Anchor | None:
    """Note the present head of the station's chain at the end of the file `anchors`.

    Returns
    -------
    Anchor or None
        None when the chain is still empty.

    Raises
    ------
    RecordsError
        The head cannot be read.
    OSError
        The file cannot be written.
    """
    with database.reading() as session:
        head = session.get(ChainHeadRow, station)
        if head is None or head.seq == 0:
            return None
        now = datetime.now(UTC).isoformat(timespec="seconds")
        anchor = Anchor(station=station, seq=head.seq, hash=head.hash, at=now)
    line = json.dumps(
        {"station": anchor.station, "seq": anchor.seq, "hash": anchor.hash, "at": anchor.at}
    )
    # A line cut off by a power failure must not swallow the one that follows.
    start = "\n" if _ends_within_a_line(anchors) else ""
    with anchors.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{start}{line}\n")
        file.flush()
        os.fsync(file.fileno())
    return anchor


def read_anchors(anchors: Path) -> tuple[list[Anchor], int]:
    """Read the anchors, and count the lines that are none.

    Raises
    ------
    OSError
        The file is there and cannot be read.
    """
    if not anchors.exists():
        return [], 0
    found: list[Anchor] = []
    damaged = 0
    for line in anchors.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            found.append(
                Anchor(
                    station=str(values["station"]),
                    seq=int(values["seq"]),
                    hash=str(values["hash"]),
                    at=str(values["at"]),
                )
            )
        except (ValueError, KeyError, TypeError):
            damaged += 1
    return found, damaged


def _ends_within_a_line(anchors: Path) -> bool:
    if not anchors.exists() or anchors.stat().st_size == 0:
        return False
    with anchors.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
