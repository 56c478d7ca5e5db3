"""One database: connections, transactions and locks. All that differs between dialects is here."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from workstation.records.errors import RecordsError
from workstation.records.tables import ChainedRow

BUSY_TIMEOUT_S = 2.0
"""How long a writer waits for another one; each holds the lock for some milliseconds.

A part that waits twice, for its row and then for the fault that there is none, must still be done
before the watchdog takes the engine for hung.
"""

_SWITCH_AGAIN_S = 0.01

WAL_BACKSTOP_PAGES = 16_000
"""About 64 MB: where a writer checkpoints by itself, should the maintenance thread be gone."""


class Database:
    """Short sessions on pooled connections; may be used from any thread and several processes.

    Raises
    ------
    RecordsError
        The URL is not understood, or needs a driver that is not installed.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            self._engine = _engine(self.url)
        except (ArgumentError, ModuleNotFoundError) as error:
            raise RecordsError(
                f"The database of the settings (database_url) cannot be used: {error}. Correct it, "
                "or take it out to use the embedded database."
            ) from error
        self._writer = self._engine.execution_options(loupe_begin="BEGIN IMMEDIATE")
        self._bare = self._engine.execution_options(loupe_begin=None)

    @property
    def embedded(self) -> bool:
        """True for SQLite."""
        return self._engine.dialect.name == "sqlite"

    @property
    def file(self) -> Path | None:
        """The embedded database's file; None for a server."""
        return Path(self.url.database) if self.embedded and self.url.database else None

    @property
    def wal_bytes(self) -> int:
        """Size of the write-ahead log; 0 where there is none."""
        wal = self.file and self.file.with_name(self.file.name + "-wal")
        return wal.stat().st_size if wal and wal.exists() else 0

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open one consistent look at the record; keep it short, or the log cannot shrink.

        Raises
        ------
        RecordsError
            The database cannot be read.
        """
        with _spoken("read", self.url.database), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self, station: str) -> Iterator[Session]:
        """Open one transaction that appends to the station's chain; commits when the block ends.

        Writers of one station wait for each other here, so that each sees the chain's true head.

        Raises
        ------
        RecordsError
            The transaction failed and has left nothing behind.
        """
        with (
            _spoken("written", self.url.database),
            Session(self._writer, autoflush=False, expire_on_commit=False) as session,
            session.begin(),
        ):
            self._lock_chain(session.connection(), station)
            yield session

    @contextmanager
    def restructuring(self, station: str) -> Iterator[Connection]:
        """Open a transaction that may change tables and append to the station's chain.

        Raises
        ------
        RecordsError
            The transaction failed and has left nothing behind.
        """
        with _spoken("brought up to date", self.url.database), self._writer.begin() as connection:
            self._lock_chain(connection, "")  # no station's name: one at a time for all of them
            self._lock_chain(connection, station)
            yield connection

    def next_id(self, session: Session, table: type[ChainedRow]) -> int:
        """Give the number the next row of `table` will have; it is hashed before it is inserted."""
        if self.embedded:
            newest = session.scalar(select(func.max(table.id)))
            return (newest or 0) + 1
        sequence = select(func.nextval(func.pg_get_serial_sequence(table.__tablename__, "id")))
        return int(session.scalars(sequence).one())

    def checkpoint(self, *, shrink: bool = False) -> None:
        """Move the write-ahead log into the database file; with `shrink`, cut the log as well.

        Writers are not held up, save for a moment by `shrink`. Nothing to do for a server.
        """
        if not self.embedded:
            return
        mode = "TRUNCATE" if shrink else "PASSIVE"
        with _spoken("written", self.url.database), self._bare.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})")

    def _lock_chain(self, connection: Connection, station: str) -> None:
        """Wait for the other writers of this chain; SQLite's writers have done so at BEGIN."""
        if not self.embedded:
            lock = text("SELECT pg_advisory_xact_lock(:key)")
            connection.execute(lock, {"key": _lock_key(station)})

    def close(self) -> None:
        """Give back all connections; the next use opens new ones."""
        self._engine.dispose()


def _engine(url: URL) -> Engine:
    """Make the engine; for SQLite, with the settings on which the record's promises rest."""
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # Transactions are begun below: the driver's own way knows no BEGIN IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous=FULL")  # an announced verdict survives the mains plug
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA wal_autocheckpoint={WAL_BACKSTOP_PAGES}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer takes the lock at once: one that read first and then wanted to write would be
        # refused when another had written in between.
        # A checkpoint runs in no transaction at all.
        begin = connection.get_execution_options().get("loupe_begin", "BEGIN")
        if begin is not None:
            connection.exec_driver_sql(begin)

    return engine


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """Keep a write-ahead log; waits for others who switch the same new file at this moment."""
    give_up_at = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # Of two that switch at once SQLite refuses one without waiting: both hold a read lock.
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # low byte: the plain code
            if not busy or time.monotonic() > give_up_at:
                raise
            time.sleep(_SWITCH_AGAIN_S)


def _lock_key(station: str) -> int:
    """Give the 64-bit key of the advisory lock that guards a station's chain."""
    digest = hashlib.sha256(b"loupe chain " + station.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@contextmanager
def _spoken(what: str, database: str | None) -> Iterator[None]:
    """Turn the database's errors into a sentence for people."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise RecordsError(
            f"The record {database} could not be {what}: {cause}. Check that its disk has room, "
            "that its folder may be written, and that no other program holds it."
        ) from error
