"""Keep ids and hashes as bytes, and of results only what their job does not say."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COMPACTED: dict[str, tuple[str, ...]] = {
    "directories": ("id",),
    "directory_files": ("id", "directory_id", "seen_by", "content_sha256"),
    "jobs": ("id", "directory_id"),
    "items": ("job_id", "file_id", "task_id", "result_id"),
    "attempts": ("job_id",),
    "results": ("id", "job_id", "file_id", "content_sha256"),
    "outbox": ("job_id",),
    "job_receivers": ("job_id",),
    "webhook_configs": ("job_id",),
}
"""Each holds `prefix-DIGITS`, a UUID, or the digits of a hash."""

OPTIONS = {
    "items": {"sqlite_with_rowid": False},
    "results": {"sqlite_with_rowid": False},
    "outbox": {"sqlite_autoincrement": True},
}
"""What SQLite does not tell of a table that is made anew."""

UNSETTLED = sa.text("status = 'pending' OR status = 'processing'")
EXCEPTIONS = sa.text("status = 'failed' OR status = 'skipped' OR status = 'cancelled'")


def upgrade() -> None:
    """Apply."""
    _drop_what_the_job_says()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, columns in COMPACTED.items():
        if is_sqlite:
            _compact_on_sqlite(table, columns)
        else:
            _compact_on_postgres(table, columns)
    _index_items()


def _drop_what_the_job_says() -> None:
    with op.batch_alter_table("results") as batch:
        batch.drop_index("ix_results_content_sha256_parameters_hash")
        for column in ("job_type", "parameters_hash", "engine_fingerprint"):
            batch.drop_column(column)
    op.drop_index("ix_items_job_id_status_ordinal", "items")


def _compact_on_sqlite(table: str, columns: tuple[str, ...]) -> None:
    connection: Any = op.get_bind().connection.dbapi_connection
    connection.create_function("sheaf_compact", 1, _compacted, deterministic=True)
    changes = ", ".join(f"{column} = sheaf_compact({column})" for column in columns)
    op.execute(f"UPDATE {table} SET {changes}")  # noqa: S608 - names of our own
    options = OPTIONS.get(table, {})
    with op.batch_alter_table(table, recreate="always", table_kwargs=options) as batch:
        for column in columns:
            batch.alter_column(column, type_=sa.LargeBinary())


def _compact_on_postgres(table: str, columns: tuple[str, ...]) -> None:
    for column in columns:
        digits = f"replace(regexp_replace({column}, '^[a-z]+-', ''), '-', '')"
        if table in {"items", "results"} and column in {"task_id", "result_id", "id"}:
            digits = f"replace({column}, '-', '')"
        op.execute(
            f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bytea USING decode({digits}, 'hex')"
        )


def _index_items() -> None:
    op.create_index("ix_results_content_sha256", "results", ["content_sha256"])
    columns = ["job_id", "status", "ordinal"]
    for name, condition in (
        ("ix_items_unsettled", UNSETTLED),
        ("ix_items_exceptions", EXCEPTIONS),
    ):
        op.create_index(name, "items", columns, sqlite_where=condition, postgresql_where=condition)


def _compacted(value: str | None) -> bytes | None:
    if value is None:
        return None
    prefix, _, rest = value.partition("-")
    is_prefixed = prefix in {"bjb", "dir", "dfl"}
    return bytes.fromhex((rest if is_prefixed else value).replace("-", ""))
