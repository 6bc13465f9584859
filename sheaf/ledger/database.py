"""The ledger's database: one engine, on SQLite or on Postgres.

SQLite runs in WAL mode and begins every writing transaction with BEGIN IMMEDIATE, so that a
writer waits for its turn at the start instead of failing in the middle. On Postgres the rows that
a transaction decides upon are locked with FOR UPDATE.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from sheaf.ledger.sqlite_driver import creator

Value = TypeVar("Value")

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another process's transaction; ours last milliseconds."""

IN_CHUNK = 500
"""Most values of one IN list: far under SQLite's 32,766 variables and still one short statement."""


def now_us() -> int:
    """Return the time in microseconds since the epoch."""
    return time.time_ns() // 1000


class Database:
    """Connections to the ledger.

    Args:
        url: `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`.
        pool_size: connections kept open; each concurrent slice uses one for milliseconds.
        patience_seconds: how long to wait for a connection, for the answer to a statement of
            Postgres, or for another writer of SQLite; TimeoutError or OperationalError after it.
        is_hurried: whether statements of Postgres are bounded at all.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 5,
        patience_seconds: float = BUSY_SECONDS,
        *,
        is_hurried: bool = True,
    ) -> None:
        self.url = url
        self._patience = patience_seconds
        self.is_sqlite = sa.make_url(url).get_backend_name() == "sqlite"
        self._turn: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self.is_sqlite else nullcontext()
        )
        if self.is_sqlite:
            self.engine = create_async_engine(
                url,
                async_creator=creator(url, patience_seconds),
                pool_size=pool_size,
                pool_timeout=patience_seconds,
            )
            _configure_sqlite(self.engine)
        else:
            # Its driver is imported where it is used: most homes have SQLite.
            from sheaf.ledger.postgres import create_postgres_engine

            self.engine = create_postgres_engine(
                url, pool_size, patience_seconds, is_hurried=is_hurried
            )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that only reads."""
        async with self._connected() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that writes; it commits when the block ends without an error."""
        # SQLite's writers poll for their turn, up to 100 ms apart: those of one process queue here.
        async with self._turn, self._connected() as connection:
            await connection.execution_options(sheaf_writes=True)
            async with connection.begin():
                yield connection

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection, within the patience also where one is free, broken and made anew.

        TimeoutError where there is none by then. On SQLite a thread of the driver must not be
        left in the middle; what it waits for has an end of its own.
        """
        connection = self.engine.connect()
        if self.is_sqlite:
            await connection.start()
        else:
            async with asyncio.timeout(self._patience):
                await connection.start()
        try:
            yield connection
        finally:
            # To its end: a connection that is not given back is missing in the pool.
            await asyncio.shield(connection.close())

    def unhurried(self) -> "Database":
        """Return other connections to the same ledger, for statements that may take long."""
        return Database(self.url, 1, self._patience, is_hurried=False)

    async def insert_or_find(self, make: Callable[[AsyncConnection], Awaitable[Value]]) -> Value:
        """Return what `make` finds or inserts in a transaction of its own.

        On Postgres two may look and both find nothing; the one whose insert comes second looks
        again, and finds the other's.
        """
        try:
            async with self.write() as connection:
                return await make(connection)
        except IntegrityError:
            async with self.write() as connection:
                return await make(connection)

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _configure_sqlite(engine: AsyncEngine) -> None:
    @sa.event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # NORMAL syncs at checkpoints: after a power loss the last commits may be missing, and the
        # conditional end of a job dispatches their items again.
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("sheaf_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def chunks(values: Sequence[Value], size: int = IN_CHUNK) -> list[Sequence[Value]]:
    """Cut a list into runs of at most `size`, in order."""
    return [values[start : start + size] for start in range(0, len(values), size)]
