"""Every moment has one shift, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.records.shifts import shift_at
from workstation.settings import DEFAULT_SHIFTS, ShiftSpan

BERLIN = ZoneInfo("Europe/Berlin")


def _berlin(*wall: int, fold: int = 0) -> datetime:
    return datetime(*wall, tzinfo=BERLIN, fold=fold)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("now", "name", "start", "end"),
    [
        (_berlin(2026, 5, 4, 6), "06-14", _berlin(2026, 5, 4, 6), _berlin(2026, 5, 4, 14)),
        (_berlin(2026, 5, 4, 13, 59), "06-14", _berlin(2026, 5, 4, 6), _berlin(2026, 5, 4, 14)),
        (_berlin(2026, 5, 4, 14), "14-22", _berlin(2026, 5, 4, 14), _berlin(2026, 5, 4, 22)),
        (_berlin(2026, 5, 4, 23), "22-06", _berlin(2026, 5, 4, 22), _berlin(2026, 5, 5, 6)),
        (_berlin(2026, 5, 5, 0, 30), "22-06", _berlin(2026, 5, 4, 22), _berlin(2026, 5, 5, 6)),
    ],
)
def test_shifts_of_a_plain_day(now: datetime, name: str, start: datetime, end: datetime) -> None:
    shift = shift_at(now, DEFAULT_SHIFTS, zone=BERLIN)
    assert (shift.name, shift.start, shift.end) == (name, start, end)
    assert shift.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("night", "hours"),
    [(_berlin(2026, 3, 29, 1), 7), (_berlin(2026, 5, 4, 1), 8), (_berlin(2026, 10, 25, 1), 9)],
)
def test_the_night_is_shorter_or_longer_when_clocks_change(night: datetime, hours: int) -> None:
    shift = shift_at(night, DEFAULT_SHIFTS, zone=BERLIN)
    assert shift.end - shift.start == timedelta(hours=hours)


def test_a_beginning_that_the_clock_shows_twice_is_the_first() -> None:
    spans = (
        ShiftSpan(name="a", start=time(2, 30), end=time(14)),
        ShiftSpan(name="b", start=time(14), end=time(2, 30)),
    )
    twice = [_berlin(2026, 10, 25, 2, 45, fold=fold) for fold in (0, 1)]
    assert [shift_at(now, spans, zone=BERLIN).name for now in twice] == ["a", "a"]


def test_one_span_may_be_the_whole_day() -> None:
    spans = (ShiftSpan(name="day", start=time(6), end=time(6)),)
    shift = shift_at(_berlin(2026, 5, 4, 5), spans, zone=BERLIN)
    assert (shift.start, shift.end) == (_berlin(2026, 5, 3, 6), _berlin(2026, 5, 4, 6))


_MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
_ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu",
     "Pacific/Apia", "America/Sao_Paulo"]
).map(ZoneInfo)  # fmt: skip


@st.composite
def _spans(draw: st.DrawFn) -> tuple[ShiftSpan, ...]:
    starts = sorted(draw(st.sets(st.times().map(lambda t: t.replace(microsecond=0)), min_size=1)))
    ends = [*starts[1:], starts[0]]
    return tuple(
        ShiftSpan(name=f"s{i}", start=start, end=end)
        for i, (start, end) in enumerate(zip(starts, ends, strict=True))
    )


@given(_MOMENTS, _ZONES, _spans())
def test_shifts_follow_each_other_without_gap_or_overlap(
    now: datetime, zone: ZoneInfo, spans: tuple[ShiftSpan, ...]
) -> None:
    shift = shift_at(now, spans, zone=zone)
    assert shift.start <= now < shift.end
    assert shift_at(shift.start, spans, zone=zone) == shift
    assert shift_at(shift.end - timedelta(microseconds=1), spans, zone=zone) == shift
    assert shift_at(shift.end, spans, zone=zone).start == shift.end


@given(_MOMENTS)
def test_without_a_zone_the_computers_own_is_used(now: datetime) -> None:
    shift = shift_at(now, DEFAULT_SHIFTS)
    assert shift.start <= now < shift.end
    assert shift.name.startswith(f"{shift.start.astimezone().hour:02}")
