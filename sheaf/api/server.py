"""Entry point of an API process: `python -m sheaf.api.server`, or `sheaf serve`."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from sheaf.api.app import create_app
from sheaf.api.patience import patient
from sheaf.api.state import ApiState
from sheaf.composition import lazy_client
from sheaf.config import Settings
from sheaf.contracts.apis import Scope
from sheaf.embedded.home import Home
from sheaf.ledger.access.keys import KeyLedger
from sheaf.ledger.database import Database
from sheaf.ledger.migrate import migrate
from sheaf.observability import configure_logging
from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.runtime.liveness import beating

LOOPBACK = ("127.0.0.1", "::1", "localhost")
POOL_SIZE = 10
PATIENCE_SECONDS = 5
"""Clients are told 503 sooner than they give up, and come again."""
STALL_SECONDS = 20
"""The same of a store or a source root that does not answer, whose disk may be a busy one."""


class ServeError(Exception):
    """The API may not be served as it is set up; the message says what to do."""


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[ApiState]:
    """Open what the handlers share."""
    Home(settings.home).prepare()
    database = Database(settings.ledger_url, POOL_SIZE, PATIENCE_SECONDS)
    try:
        await migrate(database)
        await _keep_local_key(settings, database)
        state = ApiState.of(settings, database, await lazy_client())
        try:
            yield state
        finally:
            await state.views.close()
    finally:
        await database.close()


async def _keep_local_key(settings: Settings, database: Database) -> None:
    """Make the key of the embedded profile known, and refuse to serve strangers without keys."""
    keys, home = KeyLedger(database), Home(settings.home)
    if settings.api_host in LOOPBACK:
        if not await keys.keep(settings.project, "local", Scope.ADMIN, home.local_key()):
            # It was revoked, so another takes its place.
            home.forget_local_key()
            await keys.keep(settings.project, "local", Scope.ADMIN, home.local_key())
    elif not any(key.is_valid for key in await keys.all()):
        raise ServeError(
            f"others can reach {settings.api_host}, and there is no valid key. Make one with "
            "`sheaf keys create NAME`, or serve on 127.0.0.1."
        )


def serve(settings: Settings, on_ready: Callable[[int], None]) -> None:
    """Serve until SIGINT or SIGTERM; requests that run are finished.

    Args:
        settings: address, port, home and ledger.
        on_ready: called with the port once requests are taken.

    Raises:
        ServeError: the address is not loopback and there are no keys, or it is in use.
    """
    configure_logging()
    FILE_CALLS.stall_seconds = min(settings.stall_seconds, STALL_SECONDS)
    # Once for nothing: uvicorn logs what goes wrong in it, and returns as if nothing had.
    asyncio.run(_try_out(settings))
    app = create_app(lambda: _watched_state(settings))
    listener = listen(settings.api_host, settings.api_port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
        # Over our own limit of a query, so that its answer is ours.
        h11_max_incomplete_event_size=256 * 1024,
        http=patient(settings.api_client_seconds),
        timeout_graceful_shutdown=int(settings.shutdown_grace_seconds),
        server_header=False,
        # Would believe what any process of this machine says of a request; see
        # `sheaf.api.dependencies.link_base`.
        proxy_headers=False,
    )
    server = _Server(config, on_ready, listener.getsockname()[1])
    server.run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that takes connections; 0 takes a free port.

    Raises:
        ServeError: the address is in use, or not one of this machine.
    """
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        other = "another port with --port, or SHEAF_API_PORT"
        if error.errno != errno.EADDRINUSE:
            other = "others with --host and --port, or SHEAF_API_HOST and SHEAF_API_PORT"
        raise ServeError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose {other}"
        ) from error
    # asyncio does so for its own sockets alone; without it, the end of every answer waits 40 ms
    # for the client's acknowledgement of its beginning. What is accepted inherits it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


@asynccontextmanager
async def _watched_state(settings: Settings) -> AsyncIterator[ApiState]:
    async with beating(settings.liveness_seconds), open_state(settings) as state:
        yield state


async def _try_out(settings: Settings) -> None:
    async with open_state(settings):
        pass


class _Server(uvicorn.Server):
    """Says when it takes requests."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[int], None], port: int) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._port = port

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready(self._port)


def main() -> None:
    """Serve with the settings of the environment; SHEAF_API_READY_FILE is given the port."""
    ready_file = os.environ.get("SHEAF_API_READY_FILE")

    def write(port: int) -> None:
        if ready_file:
            Path(ready_file).write_text(str(port))

    try:
        serve(Settings(), write)
    except ServeError as error:
        sys.exit(f"sheaf: {error}")


if __name__ == "__main__":
    main()
