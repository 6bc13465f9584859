"""Know objects by their ETag."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("directory_files", sa.Column("etag", sa.String(255), nullable=True))
