"""What callers are told while the database does not answer."""

import socket
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import httpx

from api.app import create_app
from api.state import ApiState
from services.ledger.database import Database
from tests.api.conftest import Served

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
