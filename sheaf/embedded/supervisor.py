"""Keeps the embedded profile running: one Temporal server, one worker and one API in a home.

A child that dies or hangs is started again after a pause that doubles up to half a minute. Stopping
sends SIGTERM first, worker and API before the server, and SIGKILL to what is left after the grace.
When this process is killed, its children go with it.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from sheaf.embedded.home import Home, Running
from sheaf.embedded.probes import beats, lives, serves
from sheaf.embedded.temporal_server import (
    FIRST_PORT,
    UI_OFFSET,
    free_port,
    is_listening,
    server_command,
    temporal_binary,
)
from sheaf.runtime.children import child_environment, python_command
from sheaf.runtime.supervised import Child, Watch

log = structlog.get_logger(__name__)

PUBLISH_SECONDS = 5
LOOPBACK = "127.0.0.1"
START_SECONDS = 30

LOADING_SECONDS = 120
"""Time for a worker or an API that is started again to show life; it may have to wait for Temporal
or migrate the ledger."""

BACKUP_SECONDS = 5
"""Worker and API end themselves when their event loops stand still, and say in their logs where.
From outside they are killed so much later, where they cannot even do that."""

_LOCAL = {"SHEAF_LOCAL_RECEIVERS": os.environ.get("SHEAF_LOCAL_RECEIVERS", "true")}
"""All of the profile is on one machine, and so may be who is told of events."""


class StartError(Exception):
    """A part of the embedded profile did not come up; the message names its log."""


class Supervisor:
    """Starts, watches and stops the embedded profile's processes.

    Args:
        home: holds the lock while this runs.
        temporal_bin: binary of the server, or None for the installed one.
        stop_seconds: grace of a child after SIGTERM.
        api_port: where the API listens, or at the next free port.
        liveness_seconds: a child that does not work for so long is started again.
    """

    def __init__(
        self,
        home: Home,
        temporal_bin: Path | None,
        stop_seconds: float,
        api_port: int,
        liveness_seconds: float,
    ) -> None:
        self._home = home
        self._is_published = False
        self._stop_seconds = stop_seconds
        recorded = home.recorded()
        before = int(recorded.temporal_address.rpartition(":")[2]) if recorded else FIRST_PORT
        self.port = free_port(before)
        self.api_port = free_port(api_port, offsets=(0,))
        binary = temporal_binary(temporal_bin)
        patience = liveness_seconds + BACKUP_SECONDS
        self._server = Child(
            "temporal",
            server_command(binary, home.temporal_database, self.port),
            child_environment(SHEAF_HOME=str(home.root)),
            home.log_file("temporal"),
            Watch(serves(self.address), liveness_seconds, max(liveness_seconds, START_SECONDS)),
        )
        self._worker = Child(
            "worker",
            python_command("worker"),
            child_environment(
                SHEAF_HOME=str(home.root),
                SHEAF_READY_FILE=str(home.ready_file),
                TEMPORAL_ADDRESS=self.address,
                **_LOCAL,
            ),
            home.log_file("worker"),
            Watch(beats(home.ready_file), patience, LOADING_SECONDS),
        )
        self._api = Child(
            "api",
            python_command("sheaf.api.server"),
            child_environment(
                SHEAF_HOME=str(home.root),
                SHEAF_API_READY_FILE=str(home.api_ready_file),
                # Whoever wants to be reached by others says so with `sheaf serve`.
                SHEAF_API_HOST=LOOPBACK,
                SHEAF_API_PORT=str(self.api_port),
                TEMPORAL_ADDRESS=self.address,
                **_LOCAL,
            ),
            home.log_file("api"),
            Watch(lives(lambda: self.api_address), patience, LOADING_SECONDS),
        )

    @property
    def address(self) -> str:
        """Where the Temporal server listens."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def ui_address(self) -> str:
        """Where the Temporal UI is."""
        return f"http://{LOOPBACK}:{self.port + UI_OFFSET}"

    @property
    def api_address(self) -> str:
        """Where the API is."""
        return f"http://{LOOPBACK}:{self.api_port}"

    async def start(self) -> None:
        """Start all three and return when the worker takes work and the API requests.

        Raises:
            StartError: one of them did not come up in time.
        """
        self._home.ready_file.unlink(missing_ok=True)
        self._home.api_ready_file.unlink(missing_ok=True)
        await self._spawn(self._server)
        await self._until(lambda: is_listening(self.port), self._server)
        await self._spawn(self._worker)
        await self._start_api()
        await self._until(self._home.ready_file.exists, self._worker)

    async def watch(self) -> None:
        """Start again whatever dies or hangs, until cancelled."""
        keeping = (child.keep(self._publish) for child in self._children)
        await asyncio.gather(self._publish_late(), *keeping)

    async def stop(self) -> None:
        """Stop the worker and the API, then the server; nothing is left running."""
        await asyncio.gather(*(child.end(self._stop_seconds) for child in self._children[1:]))
        await self._server.end(self._stop_seconds)
        self._home.clear_running()

    @property
    def _children(self) -> tuple[Child, ...]:
        return (self._server, self._worker, self._api)

    async def _start_api(self) -> None:
        """Start the API; once more where another took its port in the seconds that it needs."""
        await self._spawn(self._api)
        try:
            await self._until(self._home.api_ready_file.exists, self._api)
        except StartError:
            port = free_port(self.api_port, offsets=(0,))
            if self._api.is_running or port == self.api_port:
                raise
            self.api_port = port
            self._api.environment["SHEAF_API_PORT"] = str(port)
            await self._spawn(self._api)
            await self._until(self._home.api_ready_file.exists, self._api)

    async def _spawn(self, child: Child) -> None:
        await child.spawn()
        self._publish()

    def _publish(self) -> None:
        """Say in the home what runs; on a full disk, later: nothing stops for that."""
        try:
            self._home.write_running(self._running())
            self._is_published = True
        except OSError as error:
            self._is_published = False
            log.warning("cannot say what runs", cause=str(error))

    async def _publish_late(self) -> None:
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            if not self._is_published:
                self._publish()

    def _running(self) -> Running:
        children = {child.role: child.process.pid for child in self._children if child.process}
        return Running(
            pid=os.getpid(),
            children=children,
            temporal_address=self.address,
            ui_address=self.ui_address,
            api_address=self.api_address,
            restarts={child.role: child.restarts for child in self._children},
        )

    async def _until(self, is_up: Callable[[], bool], child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_up():
            died = not child.is_running
            if died or time.monotonic() > deadline:
                why = "ended at once" if died else f"is not up after {START_SECONDS} s"
                raise StartError(f"{child.role} {why}; see {child.log_file}")
            await asyncio.sleep(0.05)
        child.works()
