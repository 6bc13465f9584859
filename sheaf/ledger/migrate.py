"""Bringing the ledger's tables to the version that this code needs."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from sheaf.ledger.database import Database

if TYPE_CHECKING:
    from alembic.config import Config

_ADVISORY_LOCK = 7_305_512_019
"""Any number that only Sheaf uses: processes that start together migrate one after the other."""


REVISION = "0011"
"""The newest migration. It is written here so that a ledger which has it, as nearly all that are
opened have, is known by one row: to import Alembic takes longer than a command does."""

_VERSIONS = sa.table("alembic_version", sa.column("version_num"))


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


def _is_current(connection: sa.Connection) -> bool:
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return False
    return list(connection.scalars(sa.select(_VERSIONS.c.version_num))) == [REVISION]


def _upgrade(connection: sa.Connection) -> None:
    # Another process may have done it since, while this one waited for the lock.
    if _is_current(connection):
        return
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> "Config":
    """Return where the migrations lie."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config
