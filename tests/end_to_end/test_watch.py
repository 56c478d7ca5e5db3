"""The station without a window: real processes, watched folders, signals, and what may go wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import cv2
import pytest
from sqlalchemy import select

from engine.sources.base import FolderConfig, SimulatorConfig
from tests.end_to_end.conftest import Run, Station
from tests.end_to_end.processes import StationProcess
from tests.small_parts import good_image, save_good, save_png, spotted
from workstation.records.schema import open_existing_record
from workstation.records.tables import EventRow, NotInspectingRow

pytestmark = pytest.mark.slow

Start = Callable[..., StationProcess]

needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def start(station: Station) -> Iterator[Start]:
    """Start `loupe watch` as a process of its own; with a mode of `odd_station` as that."""
    running: list[StationProcess] = []

    def begin(
        *arguments: object, odd: str | None = None, json_lines: bool = True
    ) -> StationProcess:
        mode, module = (
            ((), "workstation") if odd is None else ((odd,), "tests.end_to_end.odd_station")
        )
        command = [*mode, "watch", "--data-dir", station.folder.root, *arguments]
        if json_lines:
            command.append("--json")
        running.append(StationProcess(*command, module=module))
        return running[-1]

    yield begin
    for process in running:
        process.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "line").mkdir()
    return tmp_path / "line"


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run.out.splitlines()]


def of_kind(run: Run, event: str) -> list[dict[str, Any]]:
    return [line for line in lines(run) if line["event"] == event]


def rows(station: Station, table: type[Any]) -> list[Any]:
    database = open_existing_record(station.folder.database_url)
    try:
        with database.reading() as session:
            return list(session.scalars(select(table).order_by(table.id)))
    finally:
        database.close()


# In this process


def test_until_the_folder_is_empty(station: Station, folder: Path) -> None:
    save_good(folder, 3, first=100)
    save_png(spotted(good_image(200)), folder / "part200.png")
    (folder / "torn.png").write_bytes(b"\x89PNG no more")
    watching = ("watch", "--release", station.release.id, "--folder", folder, "--until-empty")
    run = station.run(*watching, "--json")
    assert run.code == 3, run.err
    parts = of_kind(run, "part")
    assert len(parts) == 5
    assert {part["part_id"]: part["outcome"] for part in parts} == {
        row["part_id"]: row["outcome"] for row in station.rows()
    }
    (bad,) = (part for part in parts if part["outcome"] == "NG")
    limits = station.release.manifest.limits
    assert (bad["attempt"], bad["simulated"], bad["release"]) == (1, False, station.release.id)
    assert bad["score"] > bad["limits"]["t2"] == limits.t2
    assert bad["regions"][0]["peak"] > limits.pixel and bad["latency_ms"] > 0
    assert datetime.fromisoformat(bad["taken_at"]).utcoffset() is not None
    (fault,) = (part for part in parts if part["outcome"] == "fault")
    assert (fault["part_id"], fault["fault"], fault["score"]) == ("torn.png", "picture", None)
    assert "torn.png" in fault["reason"] and fault["number"] > 0
    (ended,) = of_kind(run, "ended")
    assert (ended["exit_code"], ended["parts"], ended["failure"]) == (3, 5, None)
    assert ended["outcomes"]["fault"] == 1
    assert lines(run)[-1] == ended
    states = [line["state"] for line in of_kind(run, "state")]
    assert states[-2:] == ["ContinuousExecution", "Halted"]
    assert station.settings.source == FolderConfig(path=folder)
    kinds = [str(row.kind) for row in rows(station, EventRow)]
    assert "started" in kinds and kinds[-1] == "stopped"
    again = station.run(*watching, "--json")
    assert (again.code, of_kind(again, "part")) == (0, [])
    assert station.verified()["sound"]


def test_a_number_of_simulated_parts_as_plain_lines(station: Station) -> None:
    command = ("watch", "--release", station.release.id, "--simulate", "ring", "--seed", 3)
    run = station.run(*command, "--interval-s", 0.01, "--parts", 3)
    assert run.code in (0, 3), run.err
    assert "All parts that were asked for are inspected." in run.out
    assert "parts 3" in run.out.splitlines()
    assert len(station.rows()) == 3
    source = SimulatorConfig(seed=3, interval_s=0.01)
    assert station.settings.source == source


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """One second of good parts."""
    path = tmp_path / "line.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (96, 72))
    for number in range(25):
        writer.write(good_image(number))
    writer.release()
    return path


def test_a_video_to_its_end(station: Station, video: Path) -> None:
    run = station.run("watch", "--release", station.release.id, "--video", video, "--json")
    assert run.code in (0, 3), run.err
    (ended,) = of_kind(run, "ended")
    assert ended["reason"] == "The source has no further picture."
    assert 0 < ended["parts"] <= 25
    assert {part["source"] for part in of_kind(run, "part")} == {"video"}
    assert len(station.rows()) == ended["parts"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--folder", "x", "--camera", "0"), "not both --folder and --camera"),
        (("--folder", "x", "--seed", 1), "--seed has an effect with --simulate only"),
        (("--camera", "0", "--until-empty"), "--until-empty has an effect"),
        (("--simulate", "cube"), "cube"),
        (("--parts", 0), "--parts"),
    ],
)
def test_what_is_not_understood(
    station: Station, arguments: tuple[object, ...], words: str
) -> None:
    run = station.run("watch", *arguments)
    assert (run.code, run.out) == (2, "")
    assert words in run.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing to watch"),
        (("--release", "ID", "--folder", "/nowhere/f", "--until-empty"), "no /nowhere/f"),
        (("--release", "/nowhere/r", "--folder", "x"), "holds no release"),
        (("--stream", "ftp://x"), "url"),
        (("--video", "/nowhere/v.mp4"), "v.mp4"),
    ],
)
def test_what_cannot_begin(station: Station, arguments: tuple[object, ...], words: str) -> None:
    station.set_to(None)
    given = [station.release.id if word == "ID" else word for word in arguments]
    run = station.run("watch", *given)
    assert run.code == 1
    assert words in run.err and "Traceback" not in run.err
    assert not station.folder.database.exists() or station.rows() == []


# Processes of their own


@needs_signals
def test_a_station_waits_for_more_and_holds_its_folder(
    station: Station, folder: Path, start: Start
) -> None:
    save_good(folder, 2, first=100)
    watch = start("--release", station.release.id, "--folder", folder)
    watch.until_parts(2)
    second = station.run("watch", "--folder", folder)
    assert (second.code, second.out) == (1, "")
    assert f"process {watch.process.pid} on " in second.err
    assert station.headless(2).code == 1, "nor with a window drawn into memory"
    assert len(station.rows()) == 2, "who only reads may read"
    assert station.verified()["sound"]
    assert station.run("records", "reindex").code == 0, "its transactions are short"
    save_good(folder, 1, first=500)
    watch.until_parts(3)
    watch.process.send_signal(signal.SIGTERM)
    assert watch.ended() == 0, watch.complaints
    assert watch.told[-1]["reason"] == "Ended by SIGTERM."
    assert station.verified()["sound"]
    assert station.run("watch", "--folder", folder, "--until-empty").code == 0


@needs_signals
@pytest.mark.parametrize("name", ["SIGINT", pytest.param("SIGHUP", marks=pytest.mark.slow)])
def test_the_part_in_hand_is_recorded(
    station: Station, folder: Path, start: Start, name: str
) -> None:
    if signal.getsignal(signal.Signals[name]) is signal.SIG_IGN:
        pytest.skip(f"the suite was started with {name} ignored, and so would the station be")
    save_good(folder, 3, first=100)
    command = ("--release", station.release.id, "--folder", folder, "--parts", 3)
    watch = start(*command, odd="held")
    watch.until(lambda: watch.complaints.count("in hand") == 1)
    watch.type("")
    watch.until(lambda: watch.complaints.count("in hand") == 2)
    watch.process.send_signal(signal.Signals[name])
    watch.until(lambda: any(line["event"] == "ending" for line in watch.told))
    assert len(watch.parts) == 1
    watch.type("")
    assert watch.ended() == 1, "three parts were asked for"
    assert watch.complained(f"Ended by {name} before all parts were inspected.")
    assert len(watch.parts) == len(station.rows()) == 2, "and none after it"
    assert station.verified()["sound"]
    assert watch.complained("imported for windows: []")


@needs_signals
@pytest.mark.slow
def test_a_code_typed_at_the_station_takes_a_part(
    station: Station, video: Path, start: Start
) -> None:
    command = ("--release", station.release.id, "--video", video, "--repeat", "--trigger", "line")
    watch = start(*command)  # nothing is too early: a line that does not run yet reads no line
    for number, code in enumerate(("4711", "4712", "4711"), start=1):
        watch.type(code)
        watch.until_parts(number)
    told = [(part["part_id"], part["attempt"]) for part in watch.parts]
    assert told == [("4711", 1), ("4712", 1), ("4711", 2)]
    watch.process.send_signal(signal.SIGTERM)
    assert watch.ended() in (0, 3)
    assert len(station.rows()) == len(watch.parts) == 3


@needs_signals
@pytest.mark.slow
def test_a_killed_station_goes_on_where_it_was(
    station: Station, folder: Path, start: Start
) -> None:
    save_good(folder, 2, first=100)
    command = ("--release", station.release.id, "--folder", folder)
    killed = start(*command)
    killed.until_parts(2)
    killed.process.kill()
    killed.ended()
    save_good(folder, 2, first=500)
    watch = start(*command)
    watch.until_parts(2)
    assert watch.complained("Taken over from a station that was cut off")
    watch.process.send_signal(signal.SIGTERM)
    assert watch.ended() == 0
    assert len(station.rows()) == 4, "none twice"
    assert station.verified()["sound"]
    (log,) = station.folder.logs.glob("loupe.log")
    assert f"process {killed.process.pid} on" in log.read_text("utf-8")
    reasons = [str(row.reason) for row in rows(station, NotInspectingRow)]
    assert reasons.count("not running") >= 1


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["broken", "talking"])
def test_an_engine_that_fails_ends_the_station(
    station: Station, folder: Path, start: Start, mode: str
) -> None:
    save_good(folder, 4, first=100)
    watch = start("--release", station.release.id, "--folder", folder, odd=mode)
    assert watch.ended() == 1
    assert watch.complained("Something went wrong that should not")
    assert watch.complained("a wire came loose")
    assert len(station.rows()) >= 2, "what was inspected is there"
    assert station.verified()["sound"]
    assert watch.told[-1]["exit_code"] == 1


@needs_signals
@pytest.mark.slow
def test_a_reader_that_goes_away_ends_the_station(
    station: Station, folder: Path, start: Start
) -> None:
    save_good(folder, 2, first=100)
    command = [sys.executable, "-m", "workstation", "watch", "--data-dir", station.folder.root]
    command += ["--release", station.release.id, "--folder", folder, "--json"]
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(90) == 1
    assert "The output cannot be written" in said and "Traceback" not in said
    assert station.verified()["sound"]


@needs_signals
@pytest.mark.slow
def test_a_terminal_gets_a_table(station: Station, folder: Path) -> None:
    import pty

    save_good(folder, 2, first=100)
    (folder / "torn.png").write_bytes(b"no picture")
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "workstation", "watch", "--data-dir", station.folder.root]
    command += ["--release", station.release.id, "--folder", folder, "--until-empty"]
    variables = os.environ | {"COLUMNS": "120", "LINES": "40", "TERM": "xterm"}
    process = subprocess.Popen(
        list(map(str, command)), stdout=terminal, stderr=terminal, env=variables
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            more = os.read(controller, 4096)
        except OSError:  # Linux: the last writer is gone
            break
        shown += more
    os.close(controller)
    assert process.wait(90) == 3
    last = shown.decode().rsplit("╭", 1)[1]
    for words in ("Loupe, station-1", "per minute", "OK 2", "fault 1", "torn.png", "skipped 0"):
        assert words in last
    assert "There is nothing new." in last
