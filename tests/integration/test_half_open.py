"""A Postgres that stops to answer without closing anything: nothing waits for it without end."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import sqlalchemy as sa

from sheaf.ledger import postgres
from sheaf.ledger.database import Database
from sheaf.ledger.migrate import migrate
from sheaf.rules.outside_faults import is_outside_fault
from sheaf.testing.tcp_proxy import TcpProxy, tcp_proxy
from tests.integration.conftest import fresh_postgres

pytestmark = pytest.mark.postgres

PATIENCE_SECONDS = 1.0
FOR_EVER = 20.0
"""Far over every bound there is: whoever takes that long, hangs."""
SLEEP = sa.text("SELECT pg_sleep(600)")
ONE = sa.text("SELECT 1")


@pytest_asyncio.fixture
async def direct() -> AsyncIterator[Database]:
    """An empty database, past the proxy."""
    made = Database(await fresh_postgres(os.environ["SHEAF_TEST_POSTGRES_URL"]))
    yield made
    await made.close()


@pytest.fixture
def proxy(direct: Database) -> Iterator[TcpProxy]:
    port = direct.engine.url.port
    assert port is not None
    with tcp_proxy(port) as made:
        yield made


@pytest_asyncio.fixture
async def database(direct: Database, proxy: TcpProxy) -> AsyncIterator[Database]:
    url = direct.engine.url.set(host="127.0.0.1", port=proxy.port)
    made = Database(url.render_as_string(hide_password=False), 3, PATIENCE_SECONDS)
    yield made
    async with asyncio.timeout(FOR_EVER):
        await made.close()


async def read(database: Database, query: sa.TextClause = ONE) -> object:
    async with database.read() as connection:
        return await connection.scalar(query)


async def is_away(database: Database, query: sa.TextClause = ONE) -> None:
    """The database must be told to be away, by a fault that passes, before for ever."""
    async with asyncio.timeout(FOR_EVER):
        with pytest.raises(Exception) as raised:  # noqa: PT011 - judged by the one rule
            await read(database, query)
    assert is_outside_fault(raised.value), repr(raised.value)


async def test_a_statement_that_is_never_answered_ends(database: Database, proxy: TcpProxy) -> None:
    waiting = [asyncio.create_task(is_away(database, SLEEP)) for _ in range(3)]
    await asyncio.sleep(0.3)
    proxy.silence()
    await asyncio.gather(*waiting)


async def test_whoever_comes_while_it_is_silent_is_told_and_all_goes_on_after_it(
    database: Database, proxy: TcpProxy
) -> None:
    assert await asyncio.gather(*(read(database) for _ in range(3))) == [1, 1, 1]
    proxy.silence()
    # More than there are connections, in two rounds: also those that had to wait for one.
    for _ in range(2):
        await asyncio.gather(*(is_away(database) for _ in range(20)))
    proxy.heal()
    async with asyncio.timeout(FOR_EVER):
        assert await asyncio.gather(*(read(database) for _ in range(20))) == [1] * 20


async def test_a_commit_that_is_never_answered_ends_and_the_next_is_heard(
    database: Database, direct: Database, proxy: TcpProxy
) -> None:
    async with direct.write() as connection:
        await connection.execute(sa.text("CREATE TABLE noted (n int)"))

    async def note() -> None:
        async with database.write() as connection:
            await connection.execute(sa.text("INSERT INTO noted VALUES (1)"))
            proxy.silence()
            await asyncio.sleep(0.1)

    async with asyncio.timeout(FOR_EVER):
        with pytest.raises(Exception) as raised:  # noqa: PT011 - judged by the one rule
            await note()
    assert is_outside_fault(raised.value), repr(raised.value)
    proxy.heal()
    async with asyncio.timeout(FOR_EVER), database.write() as connection:
        await connection.execute(sa.text("INSERT INTO noted VALUES (2)"))
    assert await read(direct, sa.text("SELECT count(*) FROM noted WHERE n = 2")) == 1


async def test_a_cancelled_wait_for_a_silent_server_ends(
    database: Database, proxy: TcpProxy
) -> None:
    waiting = asyncio.create_task(read(database, SLEEP))
    await asyncio.sleep(0.3)
    proxy.silence()
    waiting.cancel()
    async with asyncio.timeout(FOR_EVER):
        await asyncio.wait({waiting})
    assert waiting.cancelled()
    proxy.heal()
    async with asyncio.timeout(FOR_EVER):
        assert await read(database) == 1


async def test_the_server_ends_what_a_silent_client_left_and_its_locks(
    database: Database, direct: Database, proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with direct.write() as connection:
        await connection.execute(sa.text("CREATE TABLE locked AS SELECT 1 AS n"))
    monkeypatch.setattr(postgres, "IDLE_TRANSACTION_SECONDS", 1)
    holder = Database(database.url, 1, PATIENCE_SECONDS)
    locking = sa.text("SELECT n FROM locked FOR UPDATE")
    async with holder.engine.connect() as connection:
        await connection.execute(locking)
        proxy.silence()  # The client is there still, as far as the server knows.
        async with asyncio.timeout(FOR_EVER), direct.write() as other:
            assert await other.scalar(locking) == 1
        await connection.invalidate()
    await holder.close()


async def is_locked(database: Database, locking: sa.TextClause) -> bool:
    """Whether the lock was to be had this time; a wait in vain is a fault that passes."""
    try:
        async with database.write() as connection:
            return await connection.scalar(locking) == 1
    except (sa.exc.DBAPIError, TimeoutError) as error:
        if not is_outside_fault(error):
            raise
        return False


async def test_a_client_that_falls_silent_before_it_runs_a_statement_keeps_no_lock(
    direct: Database, proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "IDLE_TRANSACTION_SECONDS", 1)
    async with direct.write() as connection:
        await connection.execute(sa.text("CREATE TABLE locked AS SELECT 1 AS n"))
    url = direct.engine.url.set(host="127.0.0.1", port=proxy.port)
    holder = Database(url.render_as_string(hide_password=False), 1, PATIENCE_SECONDS)
    waiter = Database(direct.url, 2, PATIENCE_SECONDS)
    locking = sa.text("SELECT n FROM locked FOR UPDATE")
    async with holder.engine.connect() as connection:
        await connection.execute(locking)
        raw = await connection.get_raw_connection()
        await raw.driver_connection.prepare("SELECT 2")  # type: ignore[union-attr]
        proxy.silence()
        async with asyncio.timeout(FOR_EVER):
            while not await is_locked(waiter, locking):
                pass
        await connection.invalidate()
    await holder.close()
    await waiter.close()


async def test_every_wait_of_a_connection_has_its_end(direct: Database) -> None:
    bounded = (
        *("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"),
        *("tcp_user_timeout", "tcp_keepalives_idle"),
    )
    for name in bounded:
        assert await read(direct, sa.text(f"SHOW {name}")) not in {"0", None}
    unhurried = direct.unhurried()
    assert await read(unhurried, sa.text("SHOW statement_timeout")) == "0"
    await unhurried.close()


async def test_migrations_take_as_long_as_they_do(
    direct: Database, proxy: TcpProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = direct.url
    hasty = Database(url, 1, 0.3)

    async with direct.write() as blocker:
        # Whoever migrates waits for this one, longer than for any statement.
        await blocker.execute(sa.text("SELECT pg_advisory_xact_lock(7305512019)"))
        migrating = asyncio.create_task(migrate(hasty))
        await asyncio.sleep(1)
        assert not migrating.done()
    await migrating
    await hasty.close()
