"""What a run without a window tells: one figure a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.types import EngineState, FitStep, Verdict
from tests.fakes import a_fault, an_inspection
from workstation.headless import HeadlessReport


@pytest.fixture
def report(qtbot: QtBot) -> HeadlessReport:
    return HeadlessReport(5)


def test_each_line_is_a_label_and_a_figure(report: HeadlessReport) -> None:
    for number, verdict in enumerate((Verdict.OK, Verdict.OK, Verdict.REVIEW, Verdict.NG), start=1):
        report.inspected(number, an_inspection(verdict, number=number))
    report.faulted(5, a_fault(5))
    report.close()
    text = report.summary(database="sqlite:///x.db", release="r1", screenshot=Path("page.png"))
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


def test_without_an_inspection_there_is_no_latency(report: HeadlessReport) -> None:
    report.faulted(0, a_fault())
    report.close()
    text = report.summary(database="d", release=None, screenshot=None)
    assert text.splitlines() == [
        "parts 1",
        "ok 0",
        "review 0",
        "ng 0",
        "fault 1",
        "release -",
        "database d",
    ]


def test_what_goes_wrong_is_told_on_the_error_stream(
    qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    report = HeadlessReport(2)
    report.fit_progressed(FitStep("Looking", 1, 2, None))
    report.fit_ended(None, "")
    report.faulted(1, a_fault())
    report.state_changed(EngineState.CONTINUOUS_EXECUTION, "Inspecting.")
    report.state_changed(EngineState.ERROR, "The folder is gone.")
    report.close()
    report.state_changed(EngineState.ERROR, "Nobody listens any more.")
    said = capsys.readouterr()
    assert said.out == ""
    assert "fault: The picture is cut off after 12 kB." in said.err
    assert "waiting: The folder is gone." in said.err
    assert "Inspecting." not in said.err and "Nobody" not in said.err
