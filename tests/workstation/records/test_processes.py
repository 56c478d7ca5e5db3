"""Several processes write at once, and one is killed: the chain stays whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from tests.workstation.records.conftest import STATION
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.schema import open_record
from workstation.records.tables import CompactMapRow, HourlyCountRow, InspectionRow, SearchRow
from workstation.records.verify import verify

pytestmark = pytest.mark.slow

_WRITER = f"""
import sys
from itertools import count
from tests.workstation.records.conftest import inspection
from workstation.records.schema import open_record
from workstation.records.store import Store
from workstation.records.words import EventKind
store = Store(open_record(sys.argv[1], station={STATION!r}), {STATION!r})
first, parts = int(sys.argv[2]), int(sys.argv[3])
for number in range(first, first + parts) if parts else count(first):
    store.record(inspection(number))
    store.add_event(EventKind.STARTED)
    print(number, flush=True)
"""


def _start(folder: DataFolder, first: int, parts: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, folder.database_url, str(first), str(parts)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _finish(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_two_processes_make_the_record_and_append_to_one_chain(folder: DataFolder) -> None:
    _finish([_start(folder, 0, 25), _start(folder, 1000, 25)])
    database = open_record(folder.database_url, station=STATION)
    report = verify(database, [])
    database.close()
    assert report.sound, report.breaks
    assert report.rows == 1 + 2 * 50


@pytest.mark.parametrize("parts_before", [1, 12])
def test_a_killed_writer_leaves_whole_transactions(folder: DataFolder, parts_before: int) -> None:
    process = _start(folder, 0, 0)
    assert process.stdout is not None
    announced = [int(next(process.stdout)) for _ in range(parts_before)]
    process.kill()
    announced += [int(line) for line in process.stdout]
    process.wait()
    database = open_record(folder.database_url, station=STATION)
    assert verify(database, []).sound
    assert len(announced) <= _count(database, InspectionRow) <= len(announced) + 1
    assert _count(database, InspectionRow) == _count(database, SearchRow)
    assert _count(database, InspectionRow) == _count(database, CompactMapRow)
    with database.reading() as session:
        counted = session.scalar(select(func.sum(HourlyCountRow.count)))
    assert counted == _count(database, InspectionRow)
    database.close()


def _count(database: Database, table: type[InspectionRow | SearchRow | CompactMapRow]) -> int:
    with database.reading() as session:
        return session.scalars(select(func.count()).select_from(table)).one()
