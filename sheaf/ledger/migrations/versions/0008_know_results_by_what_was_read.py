"""Know results by what of their file's name was believed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EXTENSIONS = (
    *(".csv", ".tsv", ".tab", ".md", ".markdown"),
    *(".eml", ".html", ".htm", ".json", ".ipynb"),
)
"""As the rule had them when this was written."""


def upgrade() -> None:
    """Apply; results that are there are of the names that their files have now."""
    op.add_column(
        "results", sa.Column("name_hint", sa.String(16), nullable=False, server_default="")
    )
    update = sa.text(
        "UPDATE results SET name_hint = :extension WHERE file_id IN "
        "(SELECT id FROM directory_files WHERE lower(display_name) LIKE :pattern)"
    )
    for extension in EXTENSIONS:
        # A name that is nothing but an extension has none.
        op.execute(update.bindparams(extension=extension, pattern=f"_%{extension}"))
