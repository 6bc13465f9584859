"""What callers are told while the database does not answer."""

import asyncio
import errno
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi

from sheaf.api.app import create_app
from sheaf.api.state import ApiState
from sheaf.ledger.database import Database
from sheaf.ledger.migrate import migrate
from sheaf.testing.tcp_proxy import tcp_proxy
from tests.api.conftest import Served
from tests.integration.conftest import fresh_postgres

PATIENCE_SECONDS = 0.2


@asynccontextmanager
async def over(served: Served, url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the same settings over another database, with the same key."""
    database = Database(url, patience_seconds=PATIENCE_SECONDS)
    state = ApiState.of(served.state.settings, database, served.state.client)
    app = create_app(lambda: (_ for _ in ()).throw(AssertionError))  # type: ignore[arg-type]
    app.state.sheaf = state
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": served.client.headers["Authorization"]}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://sheaf.test", headers=headers
    ) as client:
        yield client
    await database.close()


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def is_told_to_come_again(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and int(answer.headers["retry-after"]) > 0


async def test_a_writer_that_holds_sqlite_makes_writes_come_again_and_reads_go_on(
    served: Served,
) -> None:
    url = served.state.database.url
    path = url.removeprefix("sqlite+aiosqlite:///")
    async with over(served, url) as client:
        with closing(sqlite3.connect(path, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            asked = {"name": "in"}
            refused = await client.post("/api/v1/beta/directories", json=asked)
            assert is_told_to_come_again(refused)
            assert (await client.get("/api/v1/beta/directories")).json()["items"] == []
            writer.execute("ROLLBACK")
        assert (await client.post("/api/v1/beta/directories", json=asked)).status_code == 201


async def test_a_postgres_that_refuses_or_never_answers_is_a_503(served: Served) -> None:
    with silent_port() as silent:
        for port in (1, silent):
            url = f"postgresql+asyncpg://u:p@127.0.0.1:{port}/x"
            async with over(served, url) as client:
                assert is_told_to_come_again(await client.get("/api/v1/beta/directories"))


def of_postgres(kind: type[asyncpg.PostgresError]) -> sa.exc.DBAPIError:
    dbapi = AsyncAdapt_asyncpg_dbapi(asyncpg)
    return sa.exc.DBAPIError("SELECT 1", {}, dbapi.Error("said so", kind("said so")))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (of_postgres(asyncpg.AdminShutdownError), 503),
        (of_postgres(asyncpg.DiskFullError), 503),
        (of_postgres(asyncpg.UndefinedTableError), 500),
        (sa.exc.InterfaceError("SELECT 1", {}, Exception("connection is closed")), 503),
        (OSError(errno.EMFILE, "Too many open files"), 503),
        (OSError(errno.EIO, "Input/output error"), 503),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
    ],
    ids=repr,
)
async def test_whatever_passes_is_to_be_tried_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    async with over(served, served.state.database.url) as client:
        monkeypatch.setattr(Database, "read", fail)
        answer = await client.get("/api/v1/beta/directories")
    assert answer.status_code == status
    assert "SELECT" not in answer.text


@pytest.mark.postgres
async def test_a_postgres_that_falls_silent_is_a_503_until_it_answers_again(
    served: Served,
) -> None:
    direct = Database(await fresh_postgres(os.environ["SHEAF_TEST_POSTGRES_URL"]))
    await migrate(direct)
    assert direct.engine.url.port is not None
    with tcp_proxy(direct.engine.url.port) as proxy:
        url = direct.engine.url.set(host="127.0.0.1", port=proxy.port)
        async with (
            over(served, url.render_as_string(hide_password=False)) as client,
            asyncio.timeout(60),
        ):
            # The key is another ledger's; what matters is that this one was asked.
            assert (await client.get("/api/v1/beta/directories")).status_code == 401
            proxy.silence()
            asked = (client.get("/api/v1/beta/directories") for _ in range(30))
            assert all(map(is_told_to_come_again, await asyncio.gather(*asked)))
            proxy.heal()
            assert (await client.get("/api/v1/beta/directories")).status_code == 401
    await direct.close()
