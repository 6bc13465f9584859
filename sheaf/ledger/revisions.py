"""Which revision of its tables a ledger is at, and which ones this version of Sheaf knows."""

from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sheaf.ledger import migrations
from sheaf.ledger.database import Database


async def revision_of(database: Database) -> str | None:
    """Return the revision that the ledger is at; None while it has no tables."""
    async with database.read() as connection:
        return await connection.run_sync(
            lambda inner: MigrationContext.configure(inner).get_current_revision()
        )


def known_revisions() -> list[str]:
    """Return the revisions that this version can bring a ledger to, newest first."""
    (folder,) = migrations.__path__
    scripts = ScriptDirectory(str(Path(folder)))
    return [script.revision for script in scripts.walk_revisions()]
