"""Which shift a moment belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from workstation.settings import ShiftSpan


@dataclass(frozen=True, slots=True)
class Shift:
    """One shift of one day."""

    name: str
    start: datetime
    """UTC, the first moment."""
    end: datetime
    """UTC, the first moment of the next shift."""


def shift_at(now: datetime, spans: Sequence[ShiftSpan], *, zone: tzinfo | None = None) -> Shift:
    """Give the shift in which `now` lies.

    Shifts begin by the clock on the wall: when clocks change during the night shift, it is an hour
    longer or shorter. A beginning that the clock skips lies where the clock jumped to.

    Parameters
    ----------
    now
        Timezone-aware.
    spans
        Cover the day without gap or overlap, as `Settings.shifts` does.
    zone
        The station's time zone; None: this computer's.
    """
    today = now.astimezone(zone).date()
    beginnings = sorted(
        (_instant(datetime.combine(today + timedelta(days=day), span.start), zone), span.name)
        for span in spans
        for day in (-2, -1, 0, 1, 2)
    )
    index = max(i for i, (start, _) in enumerate(beginnings) if start <= now)
    start, name = beginnings[index]
    return Shift(name=name, start=start, end=beginnings[index + 1][0])


def _instant(on_the_wall: datetime, zone: tzinfo | None) -> datetime:
    """Give the UTC moment at which the wall clock shows this; a time shown twice: the first."""
    # Without a zone, astimezone() itself asks the computer for the rules of that very day.
    aware = on_the_wall if zone is None else on_the_wall.replace(tzinfo=zone)
    return aware.astimezone(UTC)
