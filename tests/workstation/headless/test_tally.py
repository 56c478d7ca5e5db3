"""What is counted of a run, and the figures it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.types import Verdict
from tests.fakes import FakeClock, a_fault, an_inspection
from workstation.headless.tally import Tally
from workstation.records.words import Outcome


@pytest.fixture
def tally() -> Tally:
    return Tally(clock=FakeClock())


def test_each_line_of_the_summary_is_a_label_and_a_figure(tally: Tally) -> None:
    for number, verdict in enumerate((Verdict.OK, Verdict.OK, Verdict.REVIEW, Verdict.NG), start=1):
        assert tally.add(an_inspection(verdict, number=number)) == Outcome.of(verdict)
    assert tally.add(a_fault(5)) is Outcome.FAULT
    text = tally.summary(database="sqlite:///x.db", release="r1", screenshot=Path("page.png"))
    assert text.splitlines() == [
        "parts 5",
        "ok 2",
        "review 1",
        "ng 1",
        "fault 1",
        "latency p50 ms 23.1",
        "latency p95 ms 23.1",
        "release r1",
        "database sqlite:///x.db",
        "screenshot page.png",
    ]


def test_without_an_inspection_there_is_no_latency(tally: Tally) -> None:
    tally.add(a_fault())
    assert tally.latency_ms() is None
    assert tally.summary(database="d", release=None).splitlines() == [
        "parts 1",
        "ok 0",
        "review 0",
        "ng 0",
        "fault 1",
        "release -",
        "database d",
    ]


def test_the_pace_is_of_now() -> None:
    clock = FakeClock()
    tally = Tally(clock=clock)
    assert tally.parts_per_min() is None
    for number in range(1, 4):
        tally.add(an_inspection(number=number))
        clock.go_on(2.0)
    assert tally.parts_per_min() == pytest.approx(30.0)
