"""Pictures reach the archive whole, or are counted as lost; the line goes on either way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from sqlalchemy import select

from engine.types import Verdict
from tests.workstation.records.conftest import STATION, fault, inspection
from workstation.paths import DataFolder
from workstation.records.archive import clean_up, picture_path
from workstation.records.database import Database
from workstation.records.images import PictureWriter
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.tables import PictureRow

Rows = Callable[..., list[PictureRow]]


@pytest.fixture
def writer(database: Database, folder: DataFolder) -> Iterator[PictureWriter]:
    writer = PictureWriter(folder.pictures, database, STATION)
    yield writer
    writer.close()


@pytest.fixture
def line(database: Database, writer: PictureWriter) -> Store:
    return Store(database, STATION, writer)


def test_a_files_bytes_are_kept_as_they_were(
    line: Store, writer: PictureWriter, rows: Rows, folder: DataFolder
) -> None:
    number = line.record(inspection(1, Verdict.NG, original=b"as found"))
    assert writer.close()
    (row,) = rows(select(PictureRow))
    assert (row.inspection_id, row.state, row.size_bytes) == (number, "safe", 8)
    assert row.sha256 == hashlib.sha256(b"as found").hexdigest()
    assert row.path is not None and row.path.startswith("archive/2026/03/02/120000_123456Z_press-4")
    assert (folder.pictures / row.path).read_bytes() == b"as found"
    assert (writer.safe, writer.lost, writer.waiting) == (1, 0, 0)


def test_a_picture_without_a_file_is_kept_without_loss(
    line: Store, writer: PictureWriter, database: Database, folder: DataFolder
) -> None:
    given = inspection(7, Verdict.REVIEW, keyed=False)
    number = line.record(given)
    writer.close()
    statistics = Statistics(database, STATION, pictures=folder.pictures)
    path = statistics.inspection(number).picture
    assert path is not None and path.suffix == ".png"
    stored = cv2.imread(str(path))
    assert stored is not None
    np.testing.assert_array_equal(stored[:, :, ::-1], given.frame.image)


def test_ok_pictures_are_not_kept_and_undecodable_bytes_are(
    line: Store, writer: PictureWriter, rows: Rows, folder: DataFolder
) -> None:
    line.record(inspection(1, Verdict.OK, original=b"good"))
    number = line.record_fault(fault(2))
    writer.close()
    (row,) = rows(select(PictureRow))
    assert row.inspection_id == number
    assert row.path is not None
    assert (folder.pictures / row.path).read_bytes() == b"no picture"


def test_a_folder_that_cannot_be_written_costs_pictures_not_parts(
    line: Store, writer: PictureWriter, rows: Rows, folder: DataFolder
) -> None:
    (folder.pictures / "archive").write_bytes(b"a file where the archive should be")
    line.record(inspection(1, Verdict.NG))
    line.record(inspection(2, Verdict.NG))
    writer.close()
    assert (writer.safe, writer.lost) == (0, 2)
    assert {(row.state, row.path) for row in rows(select(PictureRow))} == {("lost", None)}
    assert all("could not be written" in row.reason for row in rows(select(PictureRow)))


class _HeldDisk:
    """Stands in for writing to the disk: holds the writer until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached = threading.Event()
        self.let_go = threading.Event()
        monkeypatch.setattr("workstation.records.images.write_whole", self._write)

    def _write(self, *_: object) -> None:
        self.reached.set()
        self.let_go.wait(20)


def test_a_full_queue_loses_pictures_and_says_so(
    database: Database, folder: DataFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = _HeldDisk(monkeypatch)
    writer = PictureWriter(folder.pictures, database, STATION, capacity=2)
    line = Store(database, STATION, writer)
    ids = [line.record(inspection(number, Verdict.NG)) for number in range(4)]
    assert writer.lost == 2
    lost = rows(select(PictureRow))
    assert [row.inspection_id for row in lost] == ids[2:]
    assert all("slower than the line" in row.reason for row in lost)
    disk.let_go.set()
    assert writer.close()
    assert (writer.safe, writer.lost, writer.waiting) == (2, 2, 0)


def test_large_pictures_are_bounded_by_their_bytes(
    database: Database, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = _HeldDisk(monkeypatch)
    writer = PictureWriter(folder.pictures, database, STATION, capacity_bytes=200)
    line = Store(database, STATION, writer)
    for number in range(3):
        line.record(inspection(number, Verdict.NG))  # 144 bytes each
    assert (writer.waiting, writer.lost) == (1, 2)
    disk.let_go.set()
    writer.close()


def test_what_is_left_at_the_end_is_recorded_as_lost(
    database: Database, folder: DataFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = _HeldDisk(monkeypatch)
    writer = PictureWriter(folder.pictures, database, STATION)
    line = Store(database, STATION, writer)
    line.record(inspection(1, Verdict.NG))
    assert disk.reached.wait(20)
    waiting = line.record(inspection(2, Verdict.NG))
    assert not writer.close(timeout_s=0.05)
    (row,) = rows(select(PictureRow))
    assert (row.inspection_id, row.state) == (waiting, "lost")
    assert "ended before" in row.reason
    after = line.record(inspection(3, Verdict.NG))  # a part may still come while things end
    assert [row.inspection_id for row in rows(select(PictureRow))] == [waiting, after]
    disk.let_go.set()
    assert writer.close()


def test_half_written_files_of_an_earlier_run_are_removed(folder: DataFolder) -> None:
    incoming = folder.pictures / "archive" / ".incoming"
    incoming.mkdir(parents=True)
    half, other = incoming / ".0123.part", incoming / "notes.txt"
    for file in (half, other):
        file.touch()
    assert clean_up(folder.pictures) == 1
    assert (half.exists(), other.exists()) == (False, True)


@pytest.mark.parametrize("part_id", ["../../etc/passwd", 'a/b\\c:d*e?"f<g>h|i', "x" * 300, "", "…"])
def test_names_are_safe_on_every_system(part_id: str, tmp_path: Path) -> None:
    path = picture_path(
        taken_at=datetime(2026, 3, 2, tzinfo=UTC),
        station="press 4/left",
        part_id=part_id,
        outcome="NG",
        sha256="ab" * 32,
        suffix=".tar/..",
    )
    assert path.parts[:4] == ("archive", "2026", "03", "02")
    assert len(path.parts) == 5
    assert not set(path.name) & set('/\\:*?"<>| ')
    assert len(path.name) < 160
    assert path.name.endswith("_abababababab.bin")
