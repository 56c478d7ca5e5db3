"""A warning is said once per episode, and the figure stays while it lasts."""

from dataclasses import replace

import pytest

from engine.picture_health.baseline import HealthBaseline, Usual
from engine.picture_health.numbers import COMPARISONS, HealthNumber
from engine.types import FaultKind, HealthReading, Verdict
from tests.fakes import a_fault, an_inspection
from tests.workstation.inspection.conftest import FACTS, Line
from workstation.inspection.health_watch import OVER_AFTER, SHORT, HealthWatch
from workstation.inspection.page import InspectPage
from workstation.records.words import EventKind

USUAL = {
    name: Usual(mean=comparison.scale(0.2), sigma=max(comparison.floor, 0.01))
    for name, comparison in COMPARISONS.items()
}
BASELINE = HealthBaseline(pictures=50, usual=USUAL)
DARK = "The picture is too dark: 90 of 255 where 110 is usual. Check the light."


def a_reading(warning: str = "", **sigmas: float) -> HealthReading:
    return HealthReading(
        values={}, sigmas=dict.fromkeys(map(str, HealthNumber), 0.0) | sigmas, warning=warning
    )


@pytest.fixture
def watch() -> HealthWatch:
    watch = HealthWatch()
    watch.judge_by(BASELINE)
    return watch


def test_every_number_has_a_short_name() -> None:
    assert set(SHORT) == set(HealthNumber)


def test_a_warning_is_news_once_per_episode(watch: HealthWatch) -> None:
    dark = a_reading(DARK, brightness=-3.4)
    assert watch.took(dark) == [DARK]
    assert watch.words == "light −3.4 σ"
    assert watch.took(a_reading()) == []
    assert watch.words == ""
    assert watch.took(dark) == []
    for _ in range(OVER_AFTER):
        watch.took(a_reading())
    assert watch.took(dark) == [DARK]


def test_a_drift_is_told_when_it_begins_and_when_it_ends(watch: HealthWatch) -> None:
    said: list[str] = []
    for _ in range(60):
        said += watch.took(a_reading(brightness=-2.5))
    assert len(said) == 1
    assert "light" in said[0]
    assert watch.words.startswith("light −2.")
    assert [drift.number for drift in watch.drifts] == [HealthNumber.BRIGHTNESS]
    for _ in range(60):
        said += watch.took(a_reading())
    assert len(said) == 2
    assert watch.words == ""


def test_only_another_baseline_begins_anew(watch: HealthWatch) -> None:
    for _ in range(60):
        watch.took(a_reading(brightness=-2.5))
    watch.judge_by(BASELINE.model_copy())  # as after a moved limit
    assert watch.drifts
    watch.judge_by(BASELINE.model_copy(update={"pictures": 51}))
    assert not watch.drifts
    watch.judge_by(None)
    assert watch.took(a_reading(brightness=-2.5)) == []


def test_the_page_shows_the_figure_and_tells_the_sentence(line: Line, page: InspectPage) -> None:
    line.run()
    line.worker.release_changed.emit(replace(FACTS, health=BASELINE))
    dark = a_reading(DARK, brightness=-3.4)
    for number in (1, 2):
        line.worker.inspected.emit(number, an_inspection(Verdict.OK, number=number, health=dark))
    page.refresh()
    assert page.top.health_words == "light −3.4 σ"
    assert line.shown.messages.newest.words == DARK
    assert line.shown.messages.newest.act
    line.controller.afterwards.finish()
    ((kind, detail),) = line.record.events
    assert (kind, detail["sentence"]) == (EventKind.LIGHT_WARNED, DARK)


def test_a_picture_that_is_no_good_is_told_as_a_fault_and_not_twice(line: Line) -> None:
    line.run()
    line.worker.release_changed.emit(replace(FACTS, health=BASELINE))
    for number in (1, 2):
        fault = replace(
            a_fault(number),
            kind=FaultKind.HEALTH,
            reason=DARK,
            health=a_reading(DARK, brightness=-9.0),
        )
        line.worker.faulted.emit(number, fault)
    assert len(line.shown.messages) == 1
    assert line.shown.messages.newest.words == f"Part 000002: {DARK}"
    assert line.shown.messages.newest.times == 2
    assert line.record.events == []
    assert line.shown.health.words == "light −9.0 σ"
