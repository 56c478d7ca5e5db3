"""A shift on the line, from the command to the record, as it is lived at the station."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.releases.folder import write_release
from engine.sources.base import FolderConfig, ReplayConfig, SimulatorConfig
from engine.types import EngineState
from tests.end_to_end.conftest import HeldRecord, Person, Run, Station
from tests.small_parts import (
    fitted,
    good_image,
    good_pictures,
    save_good,
    save_png,
    small_recipe,
    spotted,
    the_release,
)
from workstation.main_window import MainWindow

pytestmark = pytest.mark.slow

Act = Callable[..., Person]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Eight good parts, three with a spot, and a file that is no picture."""
    folder = tmp_path / "line"
    save_good(folder, 8, first=100)
    for number in range(3):
        save_png(spotted(good_image(200 + number)), folder / f"part{number + 200}.png")
    (folder / "part300.png").write_bytes(b"\x89PNG no more")
    return folder


def _counts(station: Station) -> Counter[str]:
    return Counter(row["outcome"] for row in station.rows())


# A shift without a window


def test_every_picture_of_a_replay_is_recorded(station: Station, pictures: Path) -> None:
    station.set_to(ReplayConfig(path=pictures))
    run = station.headless(12)
    assert run.code == 0, run.err
    counts = _counts(station)
    assert (counts["fault"], counts.total()) == (1, 12)
    rejected = {row["part_id"] for row in station.rows() if row["outcome"] == "NG"}
    assert rejected >= {"part200.png", "part201.png", "part202.png"}
    assert [run.figures[name] for name in ("parts", "ok", "review", "ng", "fault")] == [
        str(counts.total() if name == "parts" else counts[name])
        for name in ("parts", "OK", "REVIEW", "NG", "fault")
    ]
    assert sorted(row["part_id"] for row in station.rows()) == sorted(
        path.name for path in pictures.iterdir()
    )
    assert station.verified()["sound"]
    for row in station.rows():
        if row["outcome"] != "fault":
            assert (row["release_id"], row["recipe"]) == (station.release.id, "plate")
    kept = [path for path in station.folder.pictures.rglob("*") if path.is_file()]
    assert len(kept) >= 4, "pictures of NG, REVIEW and faults"


def test_the_summary_is_a_label_and_a_figure_on_each_line(
    station: Station, pictures: Path, tmp_path: Path
) -> None:
    station.set_to(ReplayConfig(path=pictures))
    page = tmp_path / "shots" / "page.png"
    run = station.headless(5, "--screenshot", page)
    labels = [line.rsplit(" ", 1)[0] for line in run.out.splitlines()]
    assert labels[:7] == [
        "parts",
        "ok",
        "review",
        "ng",
        "fault",
        "latency p50 ms",
        "latency p95 ms",
    ]
    assert run.figures["database"] == station.folder.database_url
    assert run.figures["parts"] == "5"
    assert 0 < float(run.figures["latency p50 ms"]) <= float(run.figures["latency p95 ms"])
    shot = cv2.imdecode(np.fromfile(page, np.uint8), cv2.IMREAD_COLOR)
    assert shot is not None and shot.shape[0] >= 600 and shot.std() > 5


def test_a_replay_that_ends_early_ends_the_run(station: Station, pictures: Path) -> None:
    station.set_to(ReplayConfig(path=pictures))
    run = station.headless(50)
    assert (run.code, run.figures["parts"]) == (0, "12")


def test_the_simulator_is_inspected_too(station: Station) -> None:
    station.set_to(SimulatorConfig())
    run = station.headless(4)
    assert (run.code, run.figures["parts"]) == (0, "4")
    assert {row["simulated"] for row in station.rows()} <= {"1", "true", "True", "yes"}
    assert station.settings.source == SimulatorConfig(), "the pace a person chose is kept"
    again = station.headless(2)
    assert again.code == 0
    assert len({row["part_id"] for row in station.rows()}) == 6, "the line counts on"


def test_a_release_named_by_its_folder_is_kept_and_remembered(
    station: Station, pictures: Path, tmp_path: Path
) -> None:
    other = write_release(fitted(small_recipe(seed=4)), tmp_path / "other")
    station.set_to(ReplayConfig(path=pictures), release_id=None)
    run = station.headless(2, "--release", other.folder)
    assert (run.code, run.figures["release"]) == (0, other.id)
    assert station.settings.release_id == other.id
    run = station.headless(2)
    assert run.figures["release"] == other.id
    run = station.headless(2, "--release", station.release.id)
    assert run.figures["release"] == station.release.id


# A watched folder


def test_a_watched_folder_over_a_restart(station: Station, tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    save_good(folder, 29, first=100)
    (folder / "torn.png").write_bytes(save_png(good_image(1), tmp_path / "x.png").read_bytes()[:99])
    station.set_to(None)
    first = station.headless(12, "--watch", folder)
    assert (first.code, first.figures["parts"]) == (0, "12")
    assert station.settings.source == FolderConfig(path=folder)
    second = station.headless(18)
    assert (second.code, second.figures["parts"]) == (0, "18")
    rows = station.rows()
    assert len(rows) == 30
    assert len({row["part_id"] for row in rows}) == 30, "none twice"
    (fault,) = (row for row in rows if row["outcome"] == "fault")
    assert fault["part_id"] == "torn.png"
    assert (folder / "torn.png").exists(), "left in place"
    assert station.verified()["sound"]
    save_good(folder, 1, first=500)
    third = station.headless(1)
    assert third.figures["parts"] == "1"
    assert station.rows()[-1]["part_id"] == "part500.png", "none is inspected again"


# What cannot run says so


def _said(run: Run) -> str:
    (sentence,) = (line for line in run.err.splitlines() if line.startswith("loupe: "))
    assert "Traceback" not in run.err
    return sentence


def test_a_wrong_release_on_the_command_line(station: Station, pictures: Path) -> None:
    station.set_to(ReplayConfig(path=pictures))
    for wish in ("0123456789abcdef", pictures, "/nowhere/release"):
        run = station.headless(2, "--release", wish)
        assert (run.code, run.out) == (1, "")
        assert "holds no release" in _said(run)
    assert station.settings.release_id == station.release.id


def _damage(station: Station, what: str) -> None:
    blob = station.release.blob_path(station.release.manifest.blobs["method"])
    match what:
        case "missing":
            station.set_to(station.settings.source, release_id="0123456789abcdef")
        case "blob missing":
            blob.unlink()
        case "blob changed":
            blob.write_bytes(blob.read_bytes()[:-1])


@pytest.mark.parametrize("what", ["missing", "blob missing", "blob changed"])
def test_a_damaged_release_ends_a_headless_run(station: Station, pictures: Path, what: str) -> None:
    station.set_to(ReplayConfig(path=pictures))
    _damage(station, what)
    run = station.headless(2)
    assert (run.code, run.out) == (1, "")
    assert "elease" in _said(run)
    assert station.rows() == []


def test_a_fit_that_fails_ends_a_headless_run(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.running.demo_pictures", lambda: good_pictures(2))
    station.set_to(SimulatorConfig(), release_id=None)
    run = station.headless(2)
    assert (run.code, run.out) == (1, "")
    assert "at least 5 good pictures" in _said(run)


def test_a_source_that_cannot_be_opened_ends_a_headless_run(
    station: Station, tmp_path: Path
) -> None:
    station.set_to(ReplayConfig(path=tmp_path / "nowhere"))
    run = station.headless(2)
    assert (run.code, run.out) == (1, "")
    assert "nowhere" in _said(run)


# Ending


def _send(number: int, *, when: threading.Event, then: Callable[[], object]) -> threading.Thread:
    def send() -> None:
        assert when.wait(30)
        os.kill(os.getpid(), number)
        then()

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("headless", [True, False])
def test_a_signal_ends_the_program_in_order(
    station: Station,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    headless: bool,
) -> None:
    station.set_to(ReplayConfig(path=pictures, repeat=True), running=True)
    held = HeldRecord(monkeypatch, at=3)
    before = signal.getsignal(number)
    sender = _send(number, when=held.reached, then=held.let_go)
    run = station.headless(100_000) if headless else station.run()
    sender.join()
    assert signal.getsignal(number) == before
    assert run.code == (1 if headless else 0)
    if headless:
        assert f"Ended by {signal.Signals(number).name}" in _said(run)
    assert len(station.rows()) >= 3
    assert station.verified()["sound"]
    assert station.settings.running, "the next start goes on"


def test_closing_the_window_with_a_frame_in_flight(
    station: Station, pictures: Path, monkeypatch: pytest.MonkeyPatch, person: Act
) -> None:
    station.set_to(ReplayConfig(path=pictures, repeat=True), running=True)
    held = HeldRecord(monkeypatch, at=4)

    def close(window: MainWindow) -> None:
        window.close()
        assert window.isVisible(), "until the engine has ended"
        held.let_go()

    someone = person(lambda _: held.reached.is_set(), close)
    run = station.run()
    assert (run.code, someone.acted) == (0, True)
    assert len(station.rows()) == 4, "the frame in flight is recorded, and no further one"
    assert station.verified()["sound"]


def test_a_restart_keeps_counters_and_goes_on(
    station: Station, pictures: Path, person: Act
) -> None:
    station.set_to(ReplayConfig(path=pictures), running=False)
    station.headless(12)
    counted: list[int] = []

    def look(window: MainWindow) -> None:
        counted.append(window._line.counters.counts.parts)
        window.close()

    person(lambda window: window._line.state is EngineState.READY, look)
    assert station.run().code == 0
    assert counted == [12]
    station.set_to(ReplayConfig(path=pictures), running=True)
    person(lambda window: window._line.counters.counts.parts == 24, look)
    assert station.run().code == 0
    assert counted == [12, 24]
    assert len(station.rows()) == 24


@pytest.mark.parametrize("what", ["missing", "blob changed"])
def test_the_window_opens_with_a_damaged_release_and_does_not_judge(
    station: Station, pictures: Path, person: Act, what: str
) -> None:
    station.set_to(ReplayConfig(path=pictures), running=True)
    _damage(station, what)
    said: list[str] = []

    def look(window: MainWindow) -> None:
        assert window._line.state is EngineState.INITIALIZED
        newest = window._line.messages.newest
        said.append("" if newest is None else newest.words)
        window.close()

    person(lambda window: window._line.settled and window._line.messages.newest, look)
    assert station.run().code == 0
    assert "release" in said[0].lower()
    assert station.rows() == []


# The first start


@pytest.mark.slow
def test_the_first_start_fits_the_demo_and_inspects(
    run_main: Callable[..., Run], tmp_path: Path
) -> None:
    run = run_main("--headless", "--parts", 20, "--data-dir", tmp_path / "data")
    assert run.code == 0, run.err
    assert run.figures["parts"] == "20"
    assert int(run.figures["ok"]) > int(run.figures["ng"])
    assert (tmp_path / "data" / "operator-page.png").exists()
    settings = json.loads((tmp_path / "data" / "settings.json").read_text())
    assert settings["release_id"] == run.figures["release"]
    assert the_release().manifest.id != run.figures["release"]
