"""The tables come from the migrations, from empty, and are those that the program expects."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select, text

from tests.workstation.records.conftest import STATION
from workstation.paths import DataFolder
from workstation.records.database import Database
from workstation.records.errors import (
    ForeignRecordError,
    NoRecordError,
    OutdatedRecordError,
    RecordsError,
)
from workstation.records.schema import newest_revision, open_existing_record, open_record
from workstation.records.tables import Base, EventRow


def test_the_migrations_give_the_tables_of_the_models(database: Database) -> None:
    with database.reading() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_indexes_and_keys_are_those_of_the_models(
    database: Database, folder: DataFolder
) -> None:
    made = Database(f"sqlite:///{folder.root.as_posix()}/models.db")
    with made.restructuring(STATION) as connection:
        Base.metadata.create_all(connection)

    def shape(of: Database) -> set[tuple[str, str]]:
        query = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")
        with of.reading() as session:
            return {(name, sql) for name, sql in session.execute(query).all()}

    assert shape(database) == shape(made)


def test_a_migration_is_an_event_of_the_chain(database: Database) -> None:
    with database.reading() as session:
        event = session.scalars(select(EventRow)).one()
        assert event.kind == "schema migrated"
        assert json.loads(event.detail) == {"from": None, "to": newest_revision()}


def test_opening_again_changes_nothing(database: Database, folder: DataFolder) -> None:
    again = open_record(folder.database_url, station=STATION)
    with again.reading() as session:
        assert len(session.scalars(select(EventRow)).all()) == 1
    again.close()


def test_the_promises_of_sqlite_are_kept(database: Database) -> None:
    with database.reading() as session:
        settings = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 2000,
    }  # fmt: skip


def test_many_may_open_a_new_database_at_once(folder: DataFolder) -> None:
    """Two that change a new file's journal at once: SQLite refuses one without any waiting."""
    at_once = Barrier(8)

    def look(number: int) -> None:
        database = Database(f"sqlite:///{folder.database}-{number // 8}")
        at_once.wait()
        with database.reading() as session:
            session.execute(text("SELECT 1"))
        database.close()

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(look, range(8 * 10)):
            pass


@pytest.mark.parametrize("opening", ["work", "reading"])
def test_a_newer_record_is_refused_with_a_sentence(
    database: Database, folder: DataFolder, opening: str
) -> None:
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ForeignRecordError, match="newer Loupe"):
        if opening == "work":
            open_record(folder.database_url, station=STATION)
        else:
            open_existing_record(folder.database_url)


def test_another_programs_database_is_left_alone(folder: DataFolder) -> None:
    with closing(sqlite3.connect(folder.database)) as connection, connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(ForeignRecordError, match="not Loupe's"):
        open_record(folder.database_url, station=STATION)


def test_a_file_that_is_no_database_is_a_sentence(folder: DataFolder) -> None:
    folder.database.write_bytes(b"certainly not a database" * 100)
    with pytest.raises(RecordsError, match="not a database"):
        open_record(folder.database_url, station=STATION)


@pytest.mark.parametrize("url", ["loupe.db", "oracle9i://x", "postgresql+pg8000://host/loupe"])
def test_a_database_url_that_cannot_be_used_is_a_sentence(url: str) -> None:
    with pytest.raises(RecordsError, match="database_url"):
        Database(url)


def test_reading_creates_nothing(folder: DataFolder) -> None:
    with pytest.raises(NoRecordError, match="no record"):
        open_existing_record(folder.database_url)
    assert not folder.database.exists()


def test_reading_an_empty_database_says_so(folder: DataFolder) -> None:
    folder.database.touch()
    with pytest.raises(NoRecordError):
        open_existing_record(folder.database_url)


def test_reading_an_older_record_says_what_to_do(
    database: Database, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workstation.records.schema.newest_revision", lambda: "0003")
    with pytest.raises(OutdatedRecordError, match="Open the workstation"):
        open_existing_record(folder.database_url)


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(RecordsError), database.writing(STATION) as session:
        session.execute(text("DELETE FROM event"))
        session.execute(text("SELECT * FROM no_such_table"))
    with database.reading() as session:
        assert len(session.scalars(select(EventRow)).all()) == 1
