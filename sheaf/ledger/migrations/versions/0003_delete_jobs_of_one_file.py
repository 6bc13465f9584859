"""Delete jobs of one file."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("jobs", sa.Column("deleted_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_items_reused_result_id",
        "items",
        ["result_id"],
        sqlite_where=sa.text("skip_reason IS NOT NULL"),
        postgresql_where=sa.text("skip_reason IS NOT NULL"),
    )
