"""Keep results in packs."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("results", sa.Column("pack", sa.String(32), nullable=True))
    op.add_column("results", sa.Column("pack_offset", sa.BigInteger, nullable=True))
    op.add_column("results", sa.Column("pack_bytes", sa.BigInteger, nullable=True))
