"""Admit jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INDEXES = (
    (
        "ix_jobs_waiting",
        ["is_small", "project_id", "priority", "created_at", "id"],
        "admitted_at IS NULL AND completed_at IS NULL",
    ),
    (
        "ix_jobs_open",
        ["is_small", "project_id", "admitted_by", "admitted_at"],
        "admitted_at IS NOT NULL AND completed_at IS NULL",
    ),
)


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "jobs", sa.Column("is_small", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "jobs", sa.Column("priority", sa.SmallInteger(), nullable=False, server_default="3")
    )
    op.add_column("jobs", sa.Column("admitted_at", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("admitted_by", sa.String(64), nullable=True))
    # A job that is open had its Workflow started when it was created.
    op.execute("UPDATE jobs SET admitted_at = created_at WHERE completed_at IS NULL")
    for name, columns, condition in _INDEXES:
        op.create_index(
            name,
            "jobs",
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    # Whoever admits holds this row, so that two workers do not give the same place away.
    op.execute("INSERT INTO leases (name, holder, expires_at) VALUES ('admission', '', 0)")
