"""Databases for the tests that need a ledger: SQLite always, Postgres where one is named."""

import os
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from services.ledger.database import Database
from services.ledger.migrate import migrate


@pytest_asyncio.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty ledger, migrated; on Postgres in a schema of its own."""
    if request.param == "sqlite":
        made = Database(f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}")
        await migrate(made)
        yield made
        await made.close()
        return
    made = Database(await fresh_postgres(os.environ["SHEAF_TEST_POSTGRES_URL"]))
    await migrate(made)
    yield made
    await made.close()


async def fresh_postgres(server: str) -> str:
    """Make a database on a server; return its URL."""
    url = sa.make_url(server)
    name = f"test_{uuid.uuid4().hex}"
    admin = Database(url.render_as_string(hide_password=False))
    async with admin.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(sa.text(f"CREATE DATABASE {name}"))
    await admin.close()
    return url.set(database=name).render_as_string(hide_password=False)
