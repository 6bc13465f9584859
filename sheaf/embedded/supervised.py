"""One process that a supervisor keeps: started, asked whether it works, started again."""

import asyncio
import contextlib
import time
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from sheaf.embedded.home import Restarts
from sheaf.embedded.probes import Probe
from sheaf.runtime.tether import tethered

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
HEALTHY_SECONDS = 30
"""A child that ran for so long has its pause reset when it dies."""

PROBES_WITHIN_LIMIT = 8


@dataclass
class Child:
    """A process of one role, and what is known of it.

    Attributes:
        command: what it runs; it ends with this process.
        probe: says whether it works.
        limit_seconds: it is killed once it has not worked for so long.
        start_seconds: the same before it has worked for the first time.
    """

    role: str
    command: list[str]
    environment: dict[str, str]
    probe: Probe
    limit_seconds: float
    start_seconds: float
    process: Process | None = None
    restarts: Restarts = field(default_factory=Restarts)
    _started_at: float = 0.0
    _worked_at: float | None = None
    _why: str = ""

    @property
    def is_running(self) -> bool:
        """Whether there is a process that has not ended."""
        return self.process is not None and self.process.returncode is None

    async def spawn(self, logs: Path) -> None:
        """Start it, with its output at the end of `logs/ROLE.log`."""
        with (logs / f"{self.role}.log").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *tethered(self.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                # Ctrl-C in the terminal reaches `sheaf up` alone, which stops them in order.
                start_new_session=True,
            )
        self._started_at, self._worked_at, self._why = time.monotonic(), None, ""

    def works(self) -> None:
        """Note that it works, as its probe would."""
        self._worked_at = time.monotonic()

    async def end(self, grace_seconds: float) -> None:
        """Send SIGTERM, and SIGKILL after the grace; return when it has ended."""
        if self.process and self.is_running:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), grace_seconds)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()

    async def keep(self, logs: Path, on_start: Callable[[], None]) -> None:
        """Start it again whenever it ends, and end it when it hangs; until cancelled."""
        watching = asyncio.create_task(self._watch())
        try:
            await self._start_again_and_again(logs, on_start)
        finally:
            watching.cancel()

    async def _start_again_and_again(self, logs: Path, on_start: Callable[[], None]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            assert self.process is not None
            code = await self.process.wait()
            if time.monotonic() - self._started_at > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            why = self._why or f"it ended with code {code}"
            log.warning("starting again", role=self.role, why=why, pause_seconds=pause)
            self.restarts = self.restarts.another(why, time.time())
            is_started = False
            while not is_started:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                is_started = await self._is_spawned(logs)
            on_start()

    async def _is_spawned(self, logs: Path) -> bool:
        try:
            await self.spawn(logs)
        except OSError as error:
            # The machine has no process or file to give, for now.
            log.error("cannot be started", role=self.role, cause=str(error))  # noqa: TRY400
            return False
        return True

    async def _watch(self) -> None:
        pause = min(self.limit_seconds, self.start_seconds) / PROBES_WITHIN_LIMIT
        while True:
            await asyncio.sleep(pause)
            if self.is_running and not self._why:
                await self._look()

    async def _look(self) -> None:
        process = self.process
        found = await self.probe()
        if process is not self.process or not self.is_running:
            return
        if found is None:
            self.works()
            return
        now = time.monotonic()
        if self._worked_at is None:
            since, limit = self._started_at, self.start_seconds
        else:
            since, limit = self._worked_at, self.limit_seconds
        if now - since > limit:
            self._why = f"{found}, for {now - since:.0f} s"
            log.error("killed, since it hangs", role=self.role, why=self._why)
            assert process is not None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
