"""The health of each picture, the spans without inspection, attempts at parts without a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NO_FILE = sa.text("file_path IS NULL")


def upgrade() -> None:
    """Add to the first tables; no row that stands there is touched."""
    op.add_column("inspection", sa.Column("health", sa.Text()))
    op.create_index(
        "ix_inspection_part",
        "inspection",
        ["station", "part_id", "id"],
        sqlite_where=_NO_FILE,
        postgresql_where=_NO_FILE,
    )
    op.create_table(
        "not_inspecting",
        sa.Column("id", _ROW_ID, nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash_version", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["station"], ["station.name"], name="fk_not_inspecting_station"),
        sa.PrimaryKeyConstraint("id", name="pk_not_inspecting"),
        sa.UniqueConstraint("station", "seq", name="uq_not_inspecting_station_seq"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_not_inspecting_station_ended_at", "not_inspecting", ["station", "ended_at"])
