"""The tables of the record.

Five of them (`ChainedRow`) are a hash chain per station: their rows are appended, never changed and
never deleted. The others are derived from these, or hold what has a retention of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

RowId = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER is SQLite's own row number
Sha256 = String(64)
"""Hex digits."""


class Base(DeclarativeBase):
    """Times are UTC in integer microseconds; JSON is kept as the text that was hashed."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {int: BigInteger(), float: Double(), str: Text()}  # noqa: RUF012


class StationRow(Base):
    """A workstation at its place in the line."""

    __tablename__ = "station"

    name: Mapped[str] = mapped_column(primary_key=True)
    first_seen: Mapped[int]


class ChainHeadRow(Base):
    """The last link of a station's chain, kept at hand so that appending need not look for it."""

    __tablename__ = "chain_head"

    station: Mapped[str] = mapped_column(ForeignKey("station.name"), primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str] = mapped_column(Sha256)


class ChainedRow(Base):
    """A row of a station's hash chain."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    station: Mapped[str] = mapped_column(ForeignKey("station.name"))
    seq: Mapped[int]
    """Place in the station's chain, from 1, without gaps over all five tables."""
    hash_version: Mapped[int]
    """Which columns were hashed, in which order; see
    `workstation.records.hashed_columns`."""
    hash: Mapped[str] = mapped_column(Sha256)


class InspectionRow(ChainedRow):
    """One frame taken for inspection, and how that ended."""

    __tablename__ = "inspection"
    __table_args__ = (
        UniqueConstraint("station", "seq"),
        # A part without a file has NULLs here, and NULLs never collide.
        UniqueConstraint(
            "station", "file_path", "file_size", "file_mtime_ns", "attempt", name="uq_file_key"
        ),
        # The attempts at a part without a file; lines that watch folders pay nothing for it.
        Index(
            "ix_inspection_part",
            "station", "part_id", "id",
            sqlite_where=text("file_path IS NULL"),
            postgresql_where=text("file_path IS NULL"),
        ),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    taken_at: Mapped[int]
    recorded_at: Mapped[int]
    source: Mapped[str]
    part_id: Mapped[str]
    frame_number: Mapped[int]
    attempt: Mapped[int]
    simulated: Mapped[bool]
    lot: Mapped[str]
    """Empty: none was named."""
    recipe: Mapped[str]
    """Part name of the recipe in use; empty: none."""
    person: Mapped[str]
    outcome: Mapped[str]
    """A word of `Outcome`."""
    fault_kind: Mapped[str | None]
    fault_reason: Mapped[str | None]
    score: Mapped[float | None]
    """None for a fault, like the limits, regions and stages."""
    t1: Mapped[float | None]
    t2: Mapped[float | None]
    pixel_limit: Mapped[float | None]
    release_id: Mapped[str | None]
    """None for a fault without a release."""
    regions: Mapped[str | None]
    """JSON: a list of `engine.types.Region` as objects."""
    stage_ms: Mapped[str | None]
    """JSON: milliseconds per stage."""
    source_sha256: Mapped[str | None] = mapped_column(Sha256)
    compact_map_sha256: Mapped[str | None] = mapped_column(Sha256)
    """Hash of the map in `CompactMapRow`; it stays when the map's retention has ended."""
    file_path: Mapped[str | None]
    """None, like size and time, where the part has no key: not a file, or a replay."""
    file_size: Mapped[int | None]
    file_mtime_ns: Mapped[int | None]
    health: Mapped[str | None]
    """JSON: a `engine.types.HealthReading` as an object; None where nothing was measured."""


class FeedbackRow(ChainedRow):
    """A person's verdict on an inspection, or the withdrawal of one."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("station", "seq"), {"sqlite_autoincrement": True})

    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspection.id"), index=True)
    given_at: Mapped[int]
    person: Mapped[str]
    verdict: Mapped[str | None]
    """A word of `FeedbackVerdict`; None for a withdrawal."""
    withdraws_id: Mapped[int | None] = mapped_column(ForeignKey("feedback.id"))
    """The feedback taken back; None for a verdict."""
    note: Mapped[str]


class PictureRow(ChainedRow):
    """What became of the picture of an inspection: a file is safe, or it is lost."""

    __tablename__ = "picture"
    __table_args__ = (UniqueConstraint("station", "seq"), {"sqlite_autoincrement": True})

    inspection_id: Mapped[int] = mapped_column(ForeignKey("inspection.id"), index=True)
    settled_at: Mapped[int]
    state: Mapped[str]
    """A word of `PictureState`."""
    path: Mapped[str | None]
    """Relative to the folder of pictures, with forward slashes; None, like hash and size, when
    lost."""
    sha256: Mapped[str | None] = mapped_column(Sha256)
    size_bytes: Mapped[int | None]
    reason: Mapped[str]
    """Why it is lost; empty when safe."""


class EventRow(ChainedRow):
    """Something that happened at the station."""

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("station", "seq"),
        Index(None, "station", "kind", "happened_at"),
        {"sqlite_autoincrement": True},
    )

    happened_at: Mapped[int]
    person: Mapped[str]
    kind: Mapped[str]
    """A word of `EventKind`."""
    detail: Mapped[str]
    """JSON object."""


class NotInspectingRow(ChainedRow):
    """A span of time in which the station stood still; written when it ends."""

    __tablename__ = "not_inspecting"
    __table_args__ = (
        UniqueConstraint("station", "seq"),
        Index(None, "station", "ended_at"),
        {"sqlite_autoincrement": True},
    )

    began_at: Mapped[int]
    ended_at: Mapped[int]
    """Never before `began_at`."""
    reason: Mapped[str]
    """A word of `NotInspectingReason`."""
    detail: Mapped[str]
    """A sentence for people; empty where the reason says all."""
    person: Mapped[str]


CHAINED: tuple[type[ChainedRow], ...] = (
    InspectionRow,
    FeedbackRow,
    PictureRow,
    EventRow,
    NotInspectingRow,
)


class CompactMapRow(Base):
    """The anomaly map at feature resolution; may be deleted by retention while its hash stays."""

    __tablename__ = "compact_map"

    inspection_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("inspection.id"), primary_key=True, autoincrement=False
    )
    height: Mapped[int]
    width: Mapped[int]
    dtype: Mapped[str]
    """``float16``, or ``float32`` where the values are too large for it."""
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """Little-endian rows, compressed by zlib."""


class SearchRow(Base):
    """Derived: an inspection with its final verdict, in the columns that people search by."""

    __tablename__ = "inspection_search"
    __table_args__ = (
        # The counts of a shift are answered from this index alone.
        Index(
            "ix_search_shift",
            "station", "simulated", "taken_at", "superseded", "machine", "final", "attempt",
        ),
        Index("ix_search_newest", "station", "simulated", "inspection_id"),
        Index("ix_search_part", "station", "part_id"),
        Index("ix_search_lot", "station", "lot", "taken_at"),
        Index("ix_search_final", "station", "final", "taken_at"),
        Index(
            "ix_search_waiting",
            "station", "simulated", "taken_at",
            sqlite_where=text("human IS NULL AND machine IN ('REVIEW', 'NG')"),
            postgresql_where=text("human IS NULL AND machine IN ('REVIEW', 'NG')"),
        ),
    )  # fmt: skip

    inspection_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("inspection.id"), primary_key=True, autoincrement=False
    )
    station: Mapped[str]
    taken_at: Mapped[int]
    part_id: Mapped[str]
    lot: Mapped[str]
    recipe: Mapped[str]
    release_id: Mapped[str]
    """Empty: none."""
    simulated: Mapped[bool]
    attempt: Mapped[int]
    superseded: Mapped[bool]
    """True when the same part was inspected again in a later attempt."""
    score: Mapped[float | None]
    machine: Mapped[str]
    """A word of `Outcome`."""
    human: Mapped[str | None]
    """The last standing `FeedbackVerdict`; None: nobody has said anything."""
    final: Mapped[str]
    """The last standing human OK or NG where there is one, else the machine's outcome."""


class HourlyCountRow(Base):
    """Derived: parts per hour of UTC, each counted by its last attempt."""

    __tablename__ = "hourly_count"
    __table_args__ = (Index("ix_hourly_count_lot", "station", "lot", "simulated"),)

    station: Mapped[str] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Whole hours since 1970."""
    lot: Mapped[str] = mapped_column(primary_key=True)
    recipe: Mapped[str] = mapped_column(primary_key=True)
    release_id: Mapped[str] = mapped_column(primary_key=True)
    simulated: Mapped[bool] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    """The machine's `Outcome`."""
    final: Mapped[str] = mapped_column(primary_key=True)
    """The final one."""
    first_attempt: Mapped[bool] = mapped_column(primary_key=True)
    """True where the last attempt is the first as well."""
    count: Mapped[int]
