"""`sheaf migrate`: the ledger's tables as this version needs them."""

import asyncio
from typing import Annotated

import sqlalchemy as sa
import typer

from sheaf.cli.faults import Fault
from sheaf.cli.output import console, print_json
from sheaf.cli.session import load_settings
from sheaf.config import Settings
from sheaf.embedded.home import Home
from sheaf.ledger.database import Database
from sheaf.ledger.migrate import migrate as apply_missing
from sheaf.ledger.revisions import known_revisions, revision_of


def migrate(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Bring the ledger to the newest schema; where it has that already, nothing is changed.

    The ledger is the one of SHEAF_DATABASE_URL, else the home's. Workers, the API and every
    command that opens the ledger do the same: this is for doing it before any of them starts.
    It needs no Temporal, and may run in several places at once.

    \b
    Examples:
      sheaf migrate
      SHEAF_DATABASE_URL=postgresql+asyncpg://sheaf@postgres/sheaf sheaf migrate --json
    """
    settings = load_settings()
    database = _opened(settings)
    shown = database.engine.url.render_as_string(hide_password=True)
    try:
        before, after = asyncio.run(_migrate(database))
    except OSError as error:
        raise Fault(f"{shown} does not answer: {error}", code=4) from error
    except sa.exc.DBAPIError as error:
        raise Fault(f"{shown} cannot be migrated: {error.orig}") from error
    if as_json:
        print_json({"ledger": shown, "from": before, "to": after})
        return
    done = f"migrated from revision {before} to {after}" if before else f"made at revision {after}"
    said = f"at revision {after} already" if before == after else done
    console.print(f"{shown}: {said}", soft_wrap=True, markup=False)


def _opened(settings: Settings) -> Database:
    if not settings.database_url:
        Home(settings.home).prepare()
    try:
        return Database(settings.ledger_url)
    except (sa.exc.ArgumentError, ImportError) as error:
        # Not the URL, which may hold a password.
        message = "SHEAF_DATABASE_URL is no postgresql+asyncpg:// or sqlite+aiosqlite:// URL"
        raise Fault(message, code=2) from error


async def _migrate(database: Database) -> tuple[str | None, str | None]:
    """Return the revision before and after."""
    try:
        before = await revision_of(database)
        if before and before not in known_revisions():
            raise Fault(
                f"the ledger is at revision {before}, which this version does not know: a newer "
                "version has migrated it. Run that one, or restore a backup from before it."
            )
        await apply_missing(database)
        return before, await revision_of(database)
    finally:
        await database.close()
