"""Transactions on SQLite take few trips to the connection's thread, and are whole all the same."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from sheaf.ledger.database import Database
from sheaf.ledger.sqlite_driver import FETCHED

NUMBERS = sa.Table("numbers", sa.MetaData(), sa.Column("n", sa.Integer, primary_key=True))
COUNT = sa.select(sa.func.count()).select_from(NUMBERS)


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(f"sqlite+aiosqlite:///{tmp_path / 'ledger.db'}", patience_seconds=0.2)
    async with made.write() as connection:
        await connection.run_sync(NUMBERS.metadata.create_all)
    yield made
    await made.close()


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    made: list[None] = []
    execute: Any = aiosqlite.Connection._execute

    async def counted(self: aiosqlite.Connection, *arguments: Any) -> Any:
        made.append(None)
        return await execute(self, *arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return made


async def numbers(database: Database) -> int:
    async with database.read() as connection:
        return int(await connection.scalar(COUNT) or 0)


async def test_a_statement_with_its_rows_is_one_trip_and_an_end_is_another(
    database: Database, trips: list[None]
) -> None:
    async with database.write() as connection:
        await connection.execute(NUMBERS.insert(), [{"n": n} for n in range(3)])
        rows = await connection.scalars(sa.select(NUMBERS.c.n).order_by(NUMBERS.c.n))
        assert rows.all() == [0, 1, 2]
    assert len(trips) == 3
    trips.clear()
    assert await numbers(database) == 3
    assert len(trips) == 2


@pytest.mark.parametrize("count", [0, 1, FETCHED - 1, FETCHED, FETCHED + 1, 3 * FETCHED])
async def test_all_rows_come_however_many(database: Database, count: int) -> None:
    async with database.write() as connection:
        if count:
            await connection.execute(NUMBERS.insert(), [{"n": n} for n in range(count)])
        query = sa.select(NUMBERS.c.n).order_by(NUMBERS.c.n)
        assert (await connection.scalars(query)).all() == list(range(count))
        async with connection.stream(query) as rows:
            assert [n async for (n,) in rows] == list(range(count))


async def test_rows_come_as_they_are_asked_for(database: Database, trips: list[None]) -> None:
    async with database.write() as connection:
        await connection.execute(NUMBERS.insert(), [{"n": n} for n in range(5 * FETCHED)])
        trips.clear()
        query = sa.select(NUMBERS.c.n).order_by(NUMBERS.c.n)
        async with connection.stream(query) as rows:
            assert (await anext(rows)).n == 0
            assert len(trips) == 1
            assert [(await anext(rows)).n for _ in range(FETCHED)] == list(range(1, FETCHED + 1))
            assert len(trips) == 2
        assert (await connection.scalars(query.limit(2))).all() == [0, 1]


async def test_a_transaction_of_no_statements_is_no_trip(
    database: Database, trips: list[None]
) -> None:
    async with database.write():
        pass
    assert not trips


async def test_what_fails_in_the_middle_leaves_nothing_behind(database: Database) -> None:
    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(NUMBERS.insert().values(n=1))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        await write()
    assert await numbers(database) == 0


async def test_whoever_goes_on_after_a_begin_that_failed_is_in_a_transaction(
    database: Database, tmp_path: Path
) -> None:
    async def write(other: sqlite3.Connection) -> None:
        async with database.write() as connection:
            with pytest.raises(OperationalError, match="locked"):
                await connection.execute(NUMBERS.insert().values(n=1))
            other.execute("ROLLBACK")
            await connection.execute(NUMBERS.insert().values(n=2))
            raise RuntimeError("in the middle")

    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RuntimeError):
            await write(other)
    assert await numbers(database) == 0


async def test_a_statement_whose_caller_is_cancelled_leaves_no_transaction_open(
    database: Database,
) -> None:
    many = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300000) "

    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(sa.text(f"INSERT INTO numbers {many} SELECT n FROM c"))

    for _ in range(5):
        task = asyncio.create_task(write())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with database.write() as connection:
            assert await connection.scalar(COUNT) == 0
