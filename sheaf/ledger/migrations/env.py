"""Alembic's entry: runs the migrations on the connection that `sheaf.ledger.migrate` opened."""

from alembic import context

from sheaf.ledger import webhook_tables  # noqa: F401 - its tables are of the metadata
from sheaf.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
