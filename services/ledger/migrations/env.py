"""Alembic's entry: runs the migrations on the connection that `services.ledger.migrate` opened."""

from alembic import context

from services.ledger import webhook_schema  # noqa: F401 - its tables are of the metadata
from services.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by copying it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
