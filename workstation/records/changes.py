"""What was changed at the station last, in words: for the message that asks why so many alarms."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from workstation.records.tables import EventRow
from workstation.records.times import from_us
from workstation.records.words import EventKind


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was changed, and after which parts may be judged otherwise."""

    kind: EventKind
    at: datetime
    """UTC."""
    person: str
    words: str
    """Such as "limit 3.20 → 3.40"."""

    def said(self, now: datetime, *, zone: tzinfo | None = None) -> str:
        """Say it within a sentence: "limit 3.20 → 3.40 at 14:02 by local".

        On another day than `now` (timezone-aware) the date is said as well. `zone` is the station's
        time zone; None: this computer's.
        """
        at = self.at.astimezone(zone)
        day = "" if at.date() == now.astimezone(zone).date() else f" on {at:%Y-%m-%d}"
        return f"{self.words}{day} at {at:%H:%M} by {self.person}"


def recent_changes(session: Session, station: str, n: int) -> list[Change]:
    """Give the last `n` changes of limit, lot, release, source or device, newest first."""
    newest = (
        select(EventRow)
        .where(EventRow.station == station, EventRow.kind.in_(_CHANGES))
        .order_by(EventRow.id.desc())
        .limit(n)
    )
    return [_change(row) for row in session.scalars(newest)]


def _change(row: EventRow) -> Change:
    kind = EventKind(row.kind)
    what, named = _CHANGES[kind]
    detail = json.loads(row.detail)
    old, new = (named(detail.get(side)) for side in ("old", "new"))
    return Change(
        kind=kind,
        at=from_us(row.happened_at),
        person=row.person,
        words=f"{what} set anew ({new})" if old == new else f"{what} {old} → {new}",
    )


def _word(value: object) -> str:
    return "none" if value in (None, "") else str(value)


def _limit(value: float | None) -> str:
    return "none" if value is None else f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def _source(config: Mapping[str, Any] | None) -> str:
    """Name a source by its kind and place; never by a URL, which may hold a password."""
    if config is None:
        return "none"
    place = config.get("device") or urlsplit(config.get("url") or "").hostname
    place = place or PurePath(config.get("path") or "").name
    return " ".join(word for word in (config.get("kind", "source"), place) if word)


_CHANGES: Mapping[EventKind, tuple[str, Callable[[Any], str]]] = {
    EventKind.LIMIT_CHANGED: ("limit", _limit),
    EventKind.LOT_CHANGED: ("lot", _word),
    EventKind.RELEASE_ACTIVATED: ("release", _word),
    EventKind.SOURCE_CHANGED: ("source", _source),
    EventKind.DEVICE_CHANGED: ("device", _word),
}
"""What is said of each kind; the details hold `old` and `new`."""
