"""Keeps the embedded profile running: one Temporal server, one worker and one API in a home.

A child that dies is started again after a pause that doubles up to half a minute. Stopping sends
SIGTERM first, worker and API before the server, and SIGKILL to what is left after the grace.
"""

import asyncio
import contextlib
import os
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from services.children import child_environment, python_command
from services.home import Home, Running
from services.temporal_server import (
    FIRST_PORT,
    UI_OFFSET,
    free_port,
    is_listening,
    server_command,
    temporal_binary,
)

log = structlog.get_logger(__name__)

LOOPBACK = "127.0.0.1"
START_SECONDS = 30
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
HEALTHY_SECONDS = 30
"""A child that ran for so long has its pause reset when it dies."""


_LOCAL = {"SHEAF_LOCAL_RECEIVERS": os.environ.get("SHEAF_LOCAL_RECEIVERS", "true")}
"""All of the profile is on one machine, and so may be who is told of events."""


class StartError(Exception):
    """A part of the embedded profile did not come up; the message names its log."""


@dataclass
class _Child:
    role: str
    command: list[str]
    environment: dict[str, str]
    process: Process | None = None


class Supervisor:
    """Starts, watches and stops the embedded profile's processes.

    Args:
        home: holds the lock while this runs.
        temporal_bin: binary of the server, or None for the installed one.
        stop_seconds: grace of a child after SIGTERM.
        api_port: where the API listens, or at the next free port.
    """

    def __init__(
        self, home: Home, temporal_bin: Path | None, stop_seconds: float, api_port: int
    ) -> None:
        self._home = home
        self._stop_seconds = stop_seconds
        recorded = home.recorded()
        before = int(recorded.temporal_address.rpartition(":")[2]) if recorded else FIRST_PORT
        self.port = free_port(before)
        self.api_port = free_port(api_port, offsets=(0,))
        binary = temporal_binary(temporal_bin)
        self._server = _Child(
            "temporal",
            server_command(binary, home.temporal_database, self.port),
            child_environment(),
        )
        self._worker = _Child(
            "worker",
            python_command("worker"),
            child_environment(
                SHEAF_HOME=str(home.root),
                SHEAF_READY_FILE=str(home.ready_file),
                TEMPORAL_ADDRESS=self.address,
                **_LOCAL,
            ),
        )
        self._api = _Child(
            "api",
            python_command("api.server"),
            child_environment(
                SHEAF_HOME=str(home.root),
                SHEAF_API_READY_FILE=str(home.api_ready_file),
                # Whoever wants to be reached by others says so with `sheaf serve`.
                SHEAF_API_HOST=LOOPBACK,
                SHEAF_API_PORT=str(self.api_port),
                TEMPORAL_ADDRESS=self.address,
                **_LOCAL,
            ),
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
        """Start again whatever dies, until cancelled."""
        await asyncio.gather(*(self._keep(child) for child in self._children))

    async def stop(self) -> None:
        """Stop the worker and the API, then the server; nothing is left running."""
        await asyncio.gather(self._end(self._worker), self._end(self._api))
        await self._end(self._server)
        self._home.clear_running()

    @property
    def _children(self) -> tuple[_Child, ...]:
        return (self._server, self._worker, self._api)

    async def _end(self, child: _Child) -> None:
        if child.process and child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()
            try:
                await asyncio.wait_for(child.process.wait(), self._stop_seconds)
            except TimeoutError:
                child.process.kill()
                await child.process.wait()

    async def _start_api(self) -> None:
        """Start the API; once more where another took its port in the seconds that it needs."""
        await self._spawn(self._api)
        try:
            await self._until(self._home.api_ready_file.exists, self._api)
        except StartError:
            assert self._api.process is not None
            port = free_port(self.api_port, offsets=(0,))
            if self._api.process.returncode is None or port == self.api_port:
                raise
            self.api_port = port
            self._api.environment["SHEAF_API_PORT"] = str(port)
            await self._spawn(self._api)
            await self._until(self._home.api_ready_file.exists, self._api)

    async def _spawn(self, child: _Child) -> None:
        with (self._home.logs / f"{child.role}.log").open("ab") as output:
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=child.environment,
                # Ctrl-C in the terminal reaches `sheaf up` alone, which stops them in order.
                start_new_session=True,
            )
        self._publish()

    def _publish(self) -> None:
        children = {child.role: child.process.pid for child in self._children if child.process}
        self._home.write_running(
            Running(
                pid=os.getpid(),
                children=children,
                temporal_address=self.address,
                ui_address=self.ui_address,
                api_address=self.api_address,
            )
        )

    async def _keep(self, child: _Child) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            began = time.monotonic()
            assert child.process is not None
            code = await child.process.wait()
            if time.monotonic() - began > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            log.warning("starting again", role=child.role, exit_code=code, pause_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
            await self._spawn(child)

    async def _until(self, is_up: Callable[[], bool], child: _Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_up():
            died = child.process is not None and child.process.returncode is not None
            if died or time.monotonic() > deadline:
                why = "ended at once" if died else f"is not up after {START_SECONDS} s"
                raise StartError(f"{child.role} {why}; see {self._home.logs / f'{child.role}.log'}")
            await asyncio.sleep(0.05)
