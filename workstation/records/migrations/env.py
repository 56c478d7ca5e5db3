"""Run by Alembic: works on the connection it is handed, inside the transaction begun there."""

from alembic import context

from workstation.records.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
