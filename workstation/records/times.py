"""Times as the record keeps them: integer microseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

HOUR_US = 3_600_000_000


def to_us(moment: datetime) -> int:
    """Give an aware `moment` as microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Give the UTC time of so many microseconds since 1970, exactly."""
    return _EPOCH + microseconds * _MICROSECOND


def now_us() -> int:
    """Give the present time as the record keeps it."""
    return to_us(datetime.now(UTC))
