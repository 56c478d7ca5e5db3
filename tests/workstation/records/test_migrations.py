"""A record that an older Loupe made is brought up to date, and stays the record that it was.

``made_by_0001.sql`` is the dump of a record written by the program of the first schema: 15 links,
among them 7 inspections, feedback and its withdrawal, a picture safe and one lost.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from tests.workstation.records.conftest import STATION, inspection
from workstation.paths import DataFolder
from workstation.records.anchors import Anchor
from workstation.records.database import Database
from workstation.records.errors import OutdatedRecordError, RecordsError
from workstation.records.reindex import reindex
from workstation.records.schema import open_existing_record, open_record
from workstation.records.statistics import Statistics
from workstation.records.store import Store
from workstation.records.tables import Base, HourlyCountRow, InspectionRow, SearchRow
from workstation.records.verify import verify

LINKS = 15
HEAD = "b96d830301f681043fdcc216703c3f296121b92b56ec60a52d7f63b05e4172ed"


@pytest.fixture(scope="session")
def old_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of a record of the first schema, to be copied."""
    path = tmp_path_factory.mktemp("old") / "loupe.db"
    dump = Path(__file__).with_name("made_by_0001.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump)
    return path


@pytest.fixture
def old_folder(folder: DataFolder, old_record: Path) -> DataFolder:
    shutil.copyfile(old_record, folder.database)
    return folder


@pytest.fixture
def migrated(old_folder: DataFolder) -> Iterator[Database]:
    database = open_record(old_folder.database_url, station=STATION)
    yield database
    database.close()


def _content(database: Database, *tables: type[Base]) -> list[list[tuple[Any, ...]]]:
    with database.reading() as session:
        return [
            sorted(tuple(row) for row in session.execute(select(table.__table__)))
            for table in tables
        ]


def test_nothing_is_lost_on_the_way(old_folder: DataFolder) -> None:
    with closing(sqlite3.connect(old_folder.database)) as connection:
        tables = ("inspection", "feedback", "picture", "event", "compact_map", "inspection_search")
        before = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    open_record(old_folder.database_url, station=STATION).close()
    with closing(sqlite3.connect(old_folder.database)) as connection:
        for name, rows in before.items():
            after = connection.execute(f"SELECT * FROM {name}").fetchall()
            assert [row[: len(rows[0])] for row in after[: len(rows)]] == rows
            assert len(after) == len(rows) + (name == "event")  # the migration itself


def test_a_migration_that_ends_half_way_leaves_the_old_record(
    old_folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(RecordsError, match="brought up to date"):
        patch.setattr("workstation.records.schema._note_migration", _disk_full)
        open_record(old_folder.database_url, station=STATION)
    with pytest.raises(OutdatedRecordError):
        open_existing_record(old_folder.database_url)
    database = open_record(old_folder.database_url, station=STATION)
    assert verify(database, []).rows == LINKS + 1
    database.close()


def _disk_full(*_: object) -> None:
    raise OperationalError("INSERT", None, sqlite3.OperationalError("disk is full"))


def test_the_tables_are_those_of_the_models(migrated: Database) -> None:
    with migrated.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_a_new_column_that_is_filled_in_an_old_row_breaks_its_link(
    migrated: Database, old_folder: DataFolder
) -> None:
    assert verify(migrated, []).sound
    with closing(sqlite3.connect(old_folder.database)) as connection, connection:
        connection.execute("UPDATE inspection SET health = '{}' WHERE id = 1")
    assert not verify(migrated, []).sound


def test_the_chain_verifies_over_both_versions(migrated: Database) -> None:
    store = Store(migrated, STATION)
    store.record(inspection(20))
    store.record(inspection(21, keyed=False, source="camera"))
    anchor = Anchor(station=STATION, seq=LINKS, hash=HEAD, at="2026-03-02T12:00:00+00:00")
    report = verify(migrated, [anchor])
    assert report.sound, report.breaks
    assert (report.rows, report.anchors) == (LINKS + 3, 1)
    with migrated.reading() as session:
        versions = session.execute(text("SELECT hash_version FROM inspection ORDER BY id"))
        assert [version for (version,) in versions] == [1] * 7 + [2] * 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE inspection SET health = '{}' WHERE id = 8",
        "UPDATE inspection SET health = NULL, hash_version = 1 WHERE id = 8",
        "UPDATE inspection SET hash_version = 2 WHERE id = 1",
    ],
)
def test_a_version_cannot_be_exchanged(migrated: Database, change: str) -> None:
    Store(migrated, STATION).record(inspection(20))
    with migrated.writing(STATION) as session:
        session.execute(text(change))
    (found,) = verify(migrated, []).breaks
    assert "changed" in found.reason


def test_an_old_part_is_read_without_health(migrated: Database, old_folder: DataFolder) -> None:
    part = Statistics(migrated, STATION, pictures=old_folder.pictures).inspection(2)
    assert (part.part_id, part.health) == ("part-0002", None)


def test_what_is_derived_stays_as_it_was(migrated: Database) -> None:
    before = _content(migrated, SearchRow, HourlyCountRow)
    assert reindex(migrated) == 7
    assert _content(migrated, SearchRow, HourlyCountRow) == before


def test_an_old_record_is_not_read_before_it_is_up_to_date(old_folder: DataFolder) -> None:
    with pytest.raises(OutdatedRecordError, match="Open the workstation"):
        open_existing_record(old_folder.database_url)


def test_the_migrations_are_written_for_postgresql_too() -> None:
    out = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": out}
    )
    with Operations.context(context):
        for name in ("0001_first_tables", "0002_health_and_standstill"):
            import_module(f"workstation.records.migrations.versions.{name}").upgrade()
    made = out.getvalue()
    for table in ("inspection", "feedback", "picture", "event", "not_inspecting"):
        assert f"CREATE TABLE {table} (\n    id BIGSERIAL NOT NULL" in made
    assert "ALTER TABLE inspection ADD COLUMN health TEXT" in made
    assert (
        "CREATE INDEX ix_inspection_part ON inspection (station, part_id, id) "
        "WHERE file_path IS NULL" in made
    )


def test_parts_of_the_first_schema_are_found_again(migrated: Database) -> None:
    """The index of parts without a file holds the rows that were there before it."""
    store = Store(migrated, STATION)
    with migrated.reading() as session:
        old = session.scalars(select(InspectionRow).where(InspectionRow.simulated)).one()
    simulated = inspection(4, keyed=False, simulated=True).frame.origin
    assert (old.part_id, store.next_attempt(simulated)) == ("part-0004", 2)
