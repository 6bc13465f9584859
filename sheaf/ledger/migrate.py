"""Bringing the ledger's tables to the version that this code needs."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sheaf.ledger.database import Database

_ADVISORY_LOCK = 7_305_512_019
"""Any number that only Sheaf uses: processes that start together migrate one after the other."""


async def migrate(database: Database) -> None:
    """Apply the migrations that are missing. Safe when several processes do it at once."""
    if await is_current(database):
        return
    unhurried = database.unhurried()
    try:
        async with unhurried.write() as connection:
            if not database.is_sqlite:
                lock = sa.text("SELECT pg_advisory_xact_lock(:key)")
                await connection.execute(lock, {"key": _ADVISORY_LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await unhurried.close()


async def is_current(database: Database) -> bool:
    """Return whether nothing is missing."""
    async with database.read() as connection:
        return await connection.run_sync(_is_current)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config


def _is_current(connection: sa.Connection) -> bool:
    heads = set(ScriptDirectory.from_config(_config()).get_heads())
    return set(MigrationContext.configure(connection).get_current_heads()) == heads


def _upgrade(connection: sa.Connection) -> None:
    if not _is_current(connection):
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
