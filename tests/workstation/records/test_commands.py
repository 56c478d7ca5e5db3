"""`loupe records` as a person types it."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.types import HealthReading, Verdict
from tests.workstation.records.conftest import NOON, STATION, fault, inspection
from workstation.cli.records import app
from workstation.paths import DataFolder
from workstation.records.anchors import write_anchor
from workstation.records.database import Database
from workstation.records.export import COLUMNS, STANDSTILL_COLUMNS
from workstation.records.store import Store
from workstation.records.words import FeedbackVerdict, NotInspectingReason
from workstation.settings import Settings, save_settings


def _run(folder: DataFolder, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data-dir", str(folder.root)])


@pytest.fixture
def shift(store: Store, folder: DataFolder) -> Store:
    save_settings(Settings(station=STATION), folder.settings)
    store.lot = 'L7, "late"\nhalf'
    store.record(inspection(1))
    store.give_feedback(store.record(inspection(2, Verdict.NG)), FeedbackVerdict.OK)
    store.record_fault(fault(3))
    return store


def test_export_writes_one_line_per_inspection(folder: DataFolder, shift: Store) -> None:
    result = _run(folder, "export")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["outcome"], row["human"], row["final"]) for row in rows] == [
        ("OK", "", "OK"),
        ("NG", "OK", "OK"),
        ("fault", "", "fault"),
    ]
    assert rows[0]["taken_at"] == NOON.isoformat()
    assert rows[0]["lot"] == 'L7, "late"\nhalf'
    assert (rows[0]["score"], rows[2]["score"]) == ("1.5", "")
    assert len(rows[0]["hash"]) == 64


def test_export_to_a_file_is_whole(folder: DataFolder, shift: Store, tmp_path: Path) -> None:
    out = tmp_path / "parts.csv"
    result = _run(folder, "export", "--out", str(out), "--json")
    assert json.loads(result.stdout) == {"rows": 3, "file": str(out)}
    assert out.read_bytes().decode("utf-8") == _run(folder, "export").stdout
    assert sorted(file.name for file in tmp_path.iterdir()) == ["data", "parts.csv"]


def test_export_gives_the_health_of_each_picture(folder: DataFolder, shift: Store) -> None:
    health = HealthReading(
        values={"brightness": 118.4, "sharpness": 840.25, "score": 9.9, "unknown": 1.0},
        sigmas={"brightness": -3.5, "sharpness": 0.5},
        warning="The light is low.",
    )
    shift.record(replace(inspection(4), health=health))
    unmeasured, *_, measured = csv.DictReader(io.StringIO(_run(folder, "export").stdout))
    assert (measured["brightness"], measured["brightness_sigma"]) == ("118.4", "-3.5")
    assert (measured["sharpness"], measured["clipped"]) == ("840.25", "")
    assert measured["health_warning"] == "The light is low."
    assert json.loads(measured["health"])["values"] == health.values
    assert measured["score"] == "1.5"  # the record's own columns are not overwritten
    assert (unmeasured["brightness"], unmeasured["health"]) == ("", "")


def test_export_of_the_spans_without_inspection(
    folder: DataFolder, shift: Store, tmp_path: Path
) -> None:
    shift.add_not_inspecting(
        NOON, NOON + timedelta(seconds=90.5), NotInspectingReason.LOCKED, 'Nobody, "yet"'
    )
    result = _run(folder, "export", "--not-inspecting")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert list(row) == list(STANDSTILL_COLUMNS)
    assert (row["began_at"], row["seconds"]) == (NOON.isoformat(), "90.5")
    assert (row["reason"], row["detail"], row["person"]) == ("locked", 'Nobody, "yet"', "local")
    out = tmp_path / "spans.csv"
    told = _run(folder, "export", "--not-inspecting", "--out", str(out)).stdout
    assert told == f"1 span without inspection in {out}\n"
    assert out.read_bytes().decode("utf-8") == result.stdout
    assert "1 span without inspection among them" in _run(folder, "verify").stdout
    assert json.loads(_run(folder, "verify", "--json").stdout)["tables"]["not_inspecting"] == 1


def test_export_goes_page_by_page(
    folder: DataFolder, shift: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _run(folder, "export").stdout
    monkeypatch.setattr("workstation.records.export._PAGE", 2)
    assert _run(folder, "export").stdout == whole


def test_verify_says_that_all_is_well(folder: DataFolder, shift: Store, database: Database) -> None:
    write_anchor(database, folder.anchors, station=STATION)
    result = _run(folder, "verify")
    assert result.exit_code == 0
    assert result.stdout == (
        "5 rows of 1 station are sound, 0 spans without inspection among them; 1 anchor fits.\n"
    )


def test_verify_names_the_break_and_exits_with_1(folder: DataFolder, shift: Store) -> None:
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("UPDATE inspection SET outcome = 'OK'")
    result = _run(folder, "verify")
    assert result.exit_code == 1
    assert "'press 4' is broken at row 3" in result.stderr
    report = json.loads(_run(folder, "verify", "--json").stdout)
    assert (report["sound"], report["breaks"][0]["seq"]) == (False, 3)


def test_reindex_rebuilds_and_leaves_an_event(folder: DataFolder, shift: Store) -> None:
    result = _run(folder, "reindex", "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"inspections": 3})
    assert "6 rows" in _run(folder, "verify").stdout


@pytest.mark.parametrize("command", ["export", "verify", "reindex"])
def test_without_a_record_a_sentence_and_nothing_made(tmp_path: Path, command: str) -> None:
    folder = DataFolder(tmp_path / "nothing here")
    result = _run(folder, command)
    assert result.exit_code == 1
    assert "There is no record at" in result.stderr
    assert not folder.root.exists()


def test_json_needs_a_file(folder: DataFolder, shift: Store) -> None:
    assert _run(folder, "export", "--json").exit_code == 2
