"""Find the results that items of a file have reused."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_items_reused_file_id",
        "items",
        ["file_id"],
        sqlite_where=sa.text("skip_reason IS NOT NULL"),
        postgresql_where=sa.text("skip_reason IS NOT NULL"),
    )
