"""SQLite's connections, with as few trips to their thread as a transaction needs.

aiosqlite runs each call in the connection's own thread, and SQLAlchemy makes four calls of a query:
a cursor, the statement, its rows, the cursor's end. A trip, with the event loop woken at its end,
takes longer than most of our statements. Here a statement is one trip, with its rows; BEGIN goes
along with the first statement after it, and nothing goes where no transaction was begun.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite
import sqlalchemy as sa

Value = TypeVar("Value")

CACHED_STATEMENTS = 512
"""Prepared statements that a connection keeps. We have more than the 128 of the driver."""

FETCHED = 1000
"""Rows that come with a statement's own trip; where there are more, they make further ones."""


def creator(url: str, patience_seconds: float) -> Callable[[], Awaitable[aiosqlite.Connection]]:
    """Return what makes connections to a ledger's file; see `create_async_engine`.

    Args:
        url: `sqlite+aiosqlite:///…`.
        patience_seconds: how long a writer waits for those of other processes.
    """
    made = sa.make_url(url)
    arguments, options = made.get_dialect()().create_connect_args(made)
    connect = partial(
        sqlite3.connect,
        *arguments,
        **options,
        timeout=patience_seconds,
        # The driver must not begin transactions by itself: the engine does.
        isolation_level=None,
        cached_statements=CACHED_STATEMENTS,
    )

    async def create() -> aiosqlite.Connection:
        connection = Connection(connect)
        # A process ends although a connection of its was not closed.
        connection._thread.daemon = True
        return await connection

    return create


class Connection(aiosqlite.Connection):
    """A connection whose cursors make one trip a statement."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=1)
        self._begin: str | None = None
        """The BEGIN that is to go with the next statement."""
        self._is_open = False
        """Whether a transaction may be open. Kept here: the thread may be in the middle of a
        statement whose caller was cancelled, and what the driver says of it is then too early."""

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """Return a cursor, of which the database knows nothing yet."""
        return Cursor(self)

    def begin(self, statement: str) -> None:
        """Begin a transaction with the next statement."""
        self._begin = statement

    async def run(self, call: Callable[[sqlite3.Connection], Value]) -> Value:
        """Call with the real connection, in its thread, after the BEGIN that is due."""
        begin, self._begin = self._begin, None
        self._is_open = self._is_open or begin is not None
        connection = self._conn

        def begin_and_call() -> Value:
            if begin:
                connection.execute(begin)
            return call(connection)

        try:
            answer: Value = await self._execute(begin_and_call)  # type: ignore[no-untyped-call]
        except sqlite3.Error:
            if begin and not connection.in_transaction:
                # Whoever goes on all the same must not do so outside of a transaction.
                self._begin, self._is_open = begin, False
            raise
        return answer

    async def commit(self) -> None:
        """Commit, if anything was done."""
        self._begin = None
        if self._is_open:
            await super().commit()
            self._is_open = False

    async def rollback(self) -> None:
        """Roll back, if anything was done."""
        self._begin = None
        if self._is_open:
            await super().rollback()
            self._is_open = False


class Cursor:
    """A statement and its rows, as SQLAlchemy's adapter of aiosqlite uses a cursor."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self._more: sqlite3.Cursor | None = None
        """What has the rows behind these; None once there are no others."""
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> Self:
        """Run a statement, and fetch its first rows, which mostly are all."""
        if sql.startswith("BEGIN"):
            self._connection.begin(sql)
            return self
        return await self._run(lambda cursor: cursor.execute(sql, parameters))  # type: ignore[arg-type]

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        """Run a statement for each row of parameters."""
        return await self._run(lambda cursor: cursor.executemany(sql, parameters))

    async def fetchone(self) -> Any:
        """Return the next row, or None."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows; fewer than `size`, or none, at the end."""
        size = size or self.arraysize
        while len(self._rows) < size and self._more:
            self._rows += await self._fetched(self._more, max(size, FETCHED))
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        if self._more:
            self._rows += await self._fetched(self._more, None)
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """Forget the rows that are left."""
        self._rows = []
        if more := self._more:
            self._more = None
            await self._connection.run(lambda _: more.close())

    async def _run(self, statement: Callable[[sqlite3.Cursor], object]) -> Self:
        def run(connection: sqlite3.Connection) -> tuple[sqlite3.Cursor, list[Any]]:
            cursor = connection.cursor()
            try:
                statement(cursor)
                rows = cursor.fetchmany(FETCHED) if cursor.description else []
            except BaseException:
                cursor.close()
                raise
            if len(rows) < FETCHED:
                cursor.close()
            return cursor, rows

        cursor, self._rows = await self._connection.run(run)
        self._more = cursor if len(self._rows) == FETCHED else None
        self.description, self.rowcount = cursor.description, cursor.rowcount
        self.lastrowid = cursor.lastrowid
        return self

    async def _fetched(self, cursor: sqlite3.Cursor, size: int | None) -> list[Any]:
        """Return rows behind those that are known; all where no size is given."""

        def fetch(_: sqlite3.Connection) -> list[Any]:
            rows = cursor.fetchall() if size is None else cursor.fetchmany(size)
            if size is None or len(rows) < size:
                cursor.close()
            return rows

        rows = await self._connection.run(fetch)
        if size is None or len(rows) < size:
            self._more = None
        return rows
