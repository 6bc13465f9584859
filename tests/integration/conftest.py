"""Databases for the tests that need a ledger: SQLite always, Postgres where one is named."""

import os
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from sheaf.ledger.database import Database
from sheaf.ledger.many_rows import TABLES
from sheaf.ledger.migrate import migrate


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
    with tables_in_order(made):
        yield made
    await made.close()


@contextmanager
def tables_in_order(database: Database) -> Iterator[None]:
    """Have a transaction fail that comes to hold rows of tables in another order than all do."""

    def on_statement(connection: sa.Connection, _: object, text: str, *__: object) -> None:
        if found := _HOLDS.search(text):
            held = connection.info.setdefault("held", [])
            held += [] if found[found.lastindex or 0] in held else [found[found.lastindex or 0]]
            assert held == sorted(held, key=TABLES.index), f"rows are held in the order {held}"

    def on_begin(connection: sa.Connection) -> None:
        connection.info["held"] = []

    engine = database.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", on_statement)
    sa.event.listen(engine, "begin", on_begin)
    yield
    sa.event.remove(engine, "before_cursor_execute", on_statement)
    sa.event.remove(engine, "begin", on_begin)


_HOLDS = re.compile(r"UPDATE (\w+) SET|DELETE FROM (\w+)|FROM (\w+)[^()]*?FOR UPDATE", re.DOTALL)


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
