"""Entry point of an API process: `python -m api.server`, or `sheaf serve`."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.envconfig import ClientConfig

from api.app import create_app
from api.state import ApiState
from config import Settings
from models.apis import Scope
from observability import configure_logging
from services.home import Home
from services.ledger.database import Database
from services.ledger.keys import KeyLedger
from services.ledger.migrate import migrate

LOOPBACK = ("127.0.0.1", "::1", "localhost")
POOL_SIZE = 10


class ServeError(Exception):
    """The API may not be served as it is set up; the message says what to do."""


async def lazy_client() -> Client:
    """Return a client that connects at its first call, so that the API can start before Temporal.

    Server and namespace come from the environment, as for a worker; no request chooses them.
    """
    connection = ClientConfig.load_client_connect_config()
    connection.setdefault("target_host", "127.0.0.1:7233")
    return await Client.connect(**connection, data_converter=pydantic_data_converter, lazy=True)


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[ApiState]:
    """Open what the handlers share."""
    Home(settings.home).prepare()
    database = Database(settings.ledger_url, pool_size=POOL_SIZE)
    try:
        await migrate(database)
        await _keep_local_key(settings, database)
        yield ApiState.of(settings, database, await lazy_client())
    finally:
        await database.close()


async def _keep_local_key(settings: Settings, database: Database) -> None:
    """Make the key of the embedded profile known, and refuse to serve strangers without keys."""
    keys = KeyLedger(database)
    if settings.api_host in LOOPBACK:
        secret = Home(settings.home).local_key()
        await keys.keep(settings.project, "local", Scope.ADMIN, secret)
    elif not await keys.all():
        raise ServeError(
            f"SHEAF_API_HOST is {settings.api_host}, which others can reach, and there is no key. "
            "Make one with `sheaf keys create NAME`, or serve on 127.0.0.1."
        )


def serve(settings: Settings, ready_file: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM; requests that run are finished.

    Args:
        settings: address, port, home and ledger.
        ready_file: written with the port once requests are taken.

    Raises:
        ServeError: the address is not loopback and there are no keys, or it is in use.
    """
    configure_logging()
    app = create_app(lambda: open_state(settings))
    try:
        listener = socket.create_server((settings.api_host, settings.api_port))
    except OSError as error:
        raise ServeError(
            f"cannot listen on {settings.api_host}:{settings.api_port}: {error.strerror}; "
            "set SHEAF_API_PORT to another port"
        ) from error
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
        server_header=False,
    )
    server = _Server(config, ready_file, listener.getsockname()[1])
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it takes requests."""

    def __init__(self, config: uvicorn.Config, ready_file: Path | None, port: int) -> None:
        super().__init__(config)
        self._ready_file = ready_file
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._ready_file and self.started:
            self._ready_file.write_text(str(self._port))


def main() -> None:
    """Serve with the settings of the environment."""
    ready_file = os.environ.get("SHEAF_API_READY_FILE")
    serve(Settings(), Path(ready_file) if ready_file else None)


if __name__ == "__main__":
    main()
