"""The first tables: the four chained ones, what is derived from them, and the compact maps."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SHA256 = sa.String(64)
_WAITING = sa.text("human IS NULL AND machine IN ('REVIEW', 'NG')")


def upgrade() -> None:
    """Make all tables of an empty database."""
    op.create_table(
        "station",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_station"),
    )
    op.create_table(
        "chain_head",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", _SHA256, nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.name"], name="fk_chain_head_station"),
        sa.PrimaryKeyConstraint("station", name="pk_chain_head"),
    )
    _create_inspection()
    _create_chained(
        "feedback",
        _cites_inspection("feedback"),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text()),
        sa.Column("withdraws_id", _ROW_ID),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["withdraws_id"], ["feedback.id"], name="fk_feedback_withdraws_id"),
    )
    op.create_index("ix_feedback_inspection_id", "feedback", ["inspection_id"])
    _create_chained(
        "picture",
        _cites_inspection("picture"),
        sa.Column("settled_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("path", sa.Text()),
        sa.Column("sha256", _SHA256),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("reason", sa.Text(), nullable=False),
    )
    op.create_index("ix_picture_inspection_id", "picture", ["inspection_id"])
    _create_chained(
        "event",
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
    )
    op.create_index(
        "ix_event_station_kind_happened_at", "event", ["station", "kind", "happened_at"]
    )
    op.create_table(
        "compact_map",
        _is_inspection("compact_map"),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("dtype", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_compact_map"),
    )
    _create_derived()


def _create_inspection() -> None:
    _create_chained(
        "inspection",
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("part_id", sa.Text(), nullable=False),
        sa.Column("frame_number", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("fault_kind", sa.Text()),
        sa.Column("fault_reason", sa.Text()),
        sa.Column("score", sa.Double()),
        sa.Column("t1", sa.Double()),
        sa.Column("t2", sa.Double()),
        sa.Column("pixel_limit", sa.Double()),
        sa.Column("release_id", sa.Text()),
        sa.Column("regions", sa.Text()),
        sa.Column("stage_ms", sa.Text()),
        sa.Column("source_sha256", _SHA256),
        sa.Column("compact_map_sha256", _SHA256),
        sa.Column("file_path", sa.Text()),
        sa.Column("file_size", sa.BigInteger()),
        sa.Column("file_mtime_ns", sa.BigInteger()),
        sa.UniqueConstraint(
            "station", "file_path", "file_size", "file_mtime_ns", "attempt", name="uq_file_key"
        ),
    )


def _create_derived() -> None:
    op.create_table(
        "inspection_search",
        _is_inspection("inspection_search"),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("part_id", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Double()),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("human", sa.Text()),
        sa.Column("final", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("inspection_id", name="pk_inspection_search"),
    )
    for name, columns in {
        "shift": ["simulated", "taken_at", "superseded", "machine", "final", "attempt"],
        "newest": ["simulated", "inspection_id"],
        "part": ["part_id"],
        "lot": ["lot", "taken_at"],
        "final": ["final", "taken_at"],
    }.items():
        op.create_index(f"ix_search_{name}", "inspection_search", ["station", *columns])
    op.create_index(
        "ix_search_waiting",
        "inspection_search",
        ["station", "simulated", "taken_at"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    key = ("station", "hour", "lot", "recipe", "release_id", "simulated", "outcome", "final")
    op.create_table(
        "hourly_count",
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("recipe", sa.Text(), nullable=False),
        sa.Column("release_id", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("final", sa.Text(), nullable=False),
        sa.Column("first_attempt", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(*key, "first_attempt", name="pk_hourly_count"),
    )
    op.create_index("ix_hourly_count_lot", "hourly_count", ["station", "lot", "simulated"])


def _create_chained(table: str, *columns: Any) -> None:
    """Make a table whose rows are links of a station's chain."""
    op.create_table(
        table,
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash_version", sa.BigInteger(), nullable=False),
        sa.Column("hash", _SHA256, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["station"], ["station.name"], name=f"fk_{table}_station"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("station", "seq", name=f"uq_{table}_station_seq"),
        sqlite_autoincrement=True,
    )


def _cites_inspection(table: str) -> sa.Column[int]:
    reference = sa.ForeignKey("inspection.id", name=f"fk_{table}_inspection_id")
    return sa.Column("inspection_id", _ROW_ID, reference, nullable=False)


def _is_inspection(table: str) -> sa.Column[int]:
    reference = sa.ForeignKey("inspection.id", name=f"fk_{table}_inspection_id")
    return sa.Column("inspection_id", _ROW_ID, reference, autoincrement=False, nullable=False)
