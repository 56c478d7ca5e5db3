"""Opening the record: making it, bringing it up to date, and refusing what is not ours to touch."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.orm import Session

from workstation.records.chain import append
from workstation.records.database import Database
from workstation.records.errors import ForeignRecordError, NoRecordError, OutdatedRecordError
from workstation.records.tables import EventRow
from workstation.records.times import now_us
from workstation.records.words import EventKind


def open_record(url: str, *, station: str) -> Database:
    """Open the record for work; it is made where there is none and migrated where it is older.

    A migration is an event in the chain of `station`, in the same transaction.

    Raises
    ------
    ForeignRecordError
        The database was made by a newer Loupe, or by another program.
    RecordsError
        The database cannot be opened or changed.
    """
    database = Database(url)
    if _revision(database) != newest_revision():
        with database.restructuring(station) as connection:
            # Asked again under the lock: another process may just have done it.
            before = _checked_revision(connection)
            if before != newest_revision():
                _upgrade(connection)
                _note_migration(database, connection, station, before)
    return database


def open_existing_record(url: str) -> Database:
    """Open the record for reading; nothing is made or changed.

    Raises
    ------
    NoRecordError
        There is no record at this place.
    OutdatedRecordError
        It was made by an older Loupe and must be migrated first.
    ForeignRecordError
        The database was made by a newer Loupe, or by another program.
    """
    database = Database(url)
    if database.file is not None and not database.file.is_file():
        raise NoRecordError(
            f"There is no record at {database.file}: nothing was inspected with this data folder. "
            "Name the right one with --data-dir or LOUPE_DATA."
        )
    revision = _revision(database)
    if revision is None:
        raise NoRecordError(f"The database {database.url.database} holds no record yet.")
    if revision != newest_revision():
        raise OutdatedRecordError(
            f"The record {database.url.database} was made by an older Loupe. Open the workstation "
            "once, which brings it up to date."
        )
    return database


def newest_revision() -> str:
    """Give the revision of the schema that this program works with."""
    with as_file(_scripts()) as folder:
        head = ScriptDirectory(str(folder)).get_current_head()
    assert head is not None  # the package ships at least its first migration
    return head


def _revision(database: Database) -> str | None:
    with database.reading() as session:
        return _checked_revision(session.connection())


def _checked_revision(connection: Connection) -> str | None:
    """Read which revision the database has; None when it is empty."""
    revision = MigrationContext.configure(connection).get_current_revision()
    name = connection.engine.url.database
    if revision is None:
        if inspect(connection).get_table_names():
            raise ForeignRecordError(
                f"The database {name} holds tables that are not Loupe's. Name another one in the "
                "settings (database_url)."
            )
        return None
    with as_file(_scripts()) as folder:
        known = {script.revision for script in ScriptDirectory(str(folder)).walk_revisions()}
    if revision not in known:
        raise ForeignRecordError(
            f"The record {name} was made by a newer Loupe (schema {revision}). Install that "
            "version again, or name another data folder."
        )
    return revision


def _upgrade(connection: Connection) -> None:
    with as_file(_scripts()) as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _note_migration(
    database: Database, connection: Connection, station: str, before: str | None
) -> None:
    event = EventRow(
        station=station,
        happened_at=now_us(),
        person="local",
        kind=EventKind.SCHEMA_MIGRATED,
        detail=json.dumps({"from": before, "to": newest_revision()}),
    )
    with Session(connection, autoflush=False) as session:
        append(database, session, event)
        session.commit()


def _scripts() -> Traversable:
    return files("workstation.records") / "migrations"
