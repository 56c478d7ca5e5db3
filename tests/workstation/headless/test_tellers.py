"""What a terminal, a log and another program are told of the same run."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from engine.releases.folder import Release
from engine.sources.base import SourceStatus
from engine.types import EngineState, FitStep, HealthReading, Verdict
from tests.fakes import FakeClock, a_fault, an_inspection
from tests.small_parts import the_release
from tests.workstation.headless.conftest import FakeRunning
from workstation.headless import json_fields
from workstation.headless.bars import Bars
from workstation.headless.json_lines import JsonLines
from workstation.headless.lines import PlainLines
from workstation.headless.live_table import LiveTable
from workstation.headless.output import PatientOutput
from workstation.headless.report import Report, RunEnd, Teller
from workstation.headless.tally import Tally
from workstation.records.words import Outcome
from workstation.running import RunningStation


def a_release() -> Release:
    return Release(Path("nowhere"), the_release().manifest)


def a_run(running: FakeRunning, teller: Teller, tally: Tally) -> None:
    """Let the engine say a bit of everything."""
    report = Report(teller, tally)
    report.follow(cast(RunningStation, running))
    worker = running.worker
    worker.state_changed.emit(EngineState.INITIALIZED, "A recipe is being fitted.")
    for done in (1, 2):
        worker.fit_progressed.emit(FitStep("Looking", done, 2, None))
    worker.fit_ended.emit(None, "")
    worker.release_changed.emit(a_release())
    worker.state_changed.emit(EngineState.CONTINUOUS_EXECUTION, "Inspecting.")
    for _ in range(2):
        worker.source_changed.emit(SourceStatus("camera", "It runs [x].", True, skipped=3))
    worker.inspected.emit(1, an_inspection(Verdict.NG, number=1))
    worker.faulted.emit(0, a_fault(2))
    running.told.emit("The settings could not be saved.")
    worker.state_changed.emit(EngineState.ERROR, "The camera is gone.")
    teller.refresh()
    teller.ending("Ended by SIGTERM.")
    running.ended.emit()
    assert not report._timer.isActive()
    teller.ended(RunEnd("Ended by SIGTERM.", "A wire came loose.", 1, "parts 2\nng 1"))


def test_a_part_is_one_plain_line_whatever_it_is_called() -> None:
    out = io.StringIO()
    found = an_inspection(Verdict.OK, number=1)
    origin = replace(found.frame.origin, part_id="two\nlines \x1b[31m")
    found = replace(found, frame=replace(found.frame, origin=origin))
    PlainLines(out.write).part(1, found, Outcome.OK)
    assert len(out.getvalue().splitlines()) == 1
    assert r"two\nlines \x1b[31m" in out.getvalue()


def test_plain_lines(running: FakeRunning, capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    a_run(running, PlainLines(out.write), Tally())
    stamped, summary = out.getvalue().splitlines()[:-2], out.getvalue().splitlines()[-2:]
    words = [line.split("  ", 1)[1] for line in stamped]
    assert words[0] == "Initialized: A recipe is being fitted."
    assert words[1] == "Fitting: Looking", "each stage once"
    assert words[2].startswith(f"Release {the_release().manifest.id} of plate judges: review limit")
    assert words[3] == "ContinuousExecution: Inspecting."
    assert words[4].endswith("23.1 ms") and "  NG      score " in words[4]
    assert "  fault   The picture is cut off" in words[5]
    assert words[6:] == ["Error: The camera is gone.", "Ended by SIGTERM."]
    assert summary == ["parts 2", "ng 1"]
    said = capsys.readouterr()
    assert said.out == ""
    assert "could not be written to the record yet" in said.err
    assert "loupe: The settings could not be saved." in said.err
    assert said.err.splitlines()[-1] == "loupe: A wire came loose."


def told_in_json(running: FakeRunning) -> list[dict[str, Any]]:
    out = io.StringIO()
    a_run(running, JsonLines(out.write), Tally())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_lines(running: FakeRunning, capsys: pytest.CaptureFixture[str]) -> None:
    told = told_in_json(running)
    events = ["state", "release", "state", "source", "part", "part", "message", "state"]
    assert [line["event"] for line in told] == [*events, "ending", "ended"]
    verdict, fault = told[4], told[5]
    assert verdict["outcome"] == "NG" and verdict["score"] > verdict["limits"]["t2"]
    assert (verdict["fault"], verdict["reason"], verdict["warning"]) == (None, None, None)
    assert (fault["number"], fault["outcome"], fault["fault"]) == (0, "fault", "picture")
    assert "cut off" in fault["reason"] and fault["score"] is None and fault["regions"] == []
    assert verdict.keys() == fault.keys()
    assert told[3]["skipped"] == 3
    assert told[-1]["outcomes"] == {"OK": 0, "REVIEW": 0, "NG": 1, "fault": 1}
    assert (told[-1]["exit_code"], told[-1]["failure"]) == (1, "A wire came loose.")
    assert "A wire came loose." in capsys.readouterr().err


def test_every_json_field_is_explained(running: FakeRunning) -> None:
    paragraphs = (json_fields.__doc__ or "").split("\n\n")[1:]
    explained = {text.split(":", 1)[0].strip(): text for text in paragraphs}
    for line in told_in_json(running):
        for field in line.keys() - {"event", "at"}:
            assert field in explained[line["event"]], f"{line['event']}.{field}"


def test_a_drift_is_told_with_the_verdict() -> None:
    reading = HealthReading(values={}, sigmas={}, warning="The light fades.")
    out = io.StringIO()
    found = an_inspection(Verdict.OK)
    object.__setattr__(found, "health", reading)
    JsonLines(out.write).part(1, found, Tally().add(found))
    assert json.loads(out.getvalue())["warning"] == "The light fades."


def test_the_table_stands_still_and_holds_all(running: FakeRunning) -> None:
    stream = io.StringIO()
    lost: list[str] = []
    out = PatientOutput(stream, lost=lost.append)
    tally = Tally(clock=FakeClock())
    a_run(running, LiveTable(out, tally, title="Loupe, press 4"), tally)
    out.finish()
    last = stream.getvalue().rsplit("╭", 1)[1]
    for words in (
        "Loupe, press 4",
        "Error: The camera is gone.",
        "It runs [x].",
        "skipped 3",
        "NG 1",
        "fault 1",
        "p99 23.1",
        "The settings could not be saved.",
        "Ended by SIGTERM.",
    ):
        assert words in last
    assert lost == []


def test_bars_keep_to_the_error_stream_until_the_summary(
    running: FakeRunning, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = Bars(2)
    a_run(running, bars, Tally())
    bars.state(EngineState.ERROR, "Nobody listens any more.")
    said = capsys.readouterr()
    assert said.out == ""
    assert "fault: The picture is cut off after 12 kB." in said.err
    assert "waiting: The camera is gone." in said.err
    assert "Inspecting." not in said.err and "Nobody" not in said.err
    bars.ended(RunEnd("", "", 0, "parts 2"))
    assert capsys.readouterr().out == "parts 2\n"
