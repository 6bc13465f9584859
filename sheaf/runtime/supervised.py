"""One process that another one keeps: started, asked whether it works, started again, ended."""

import asyncio
import contextlib
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from sheaf.runtime.tether import tethered

Probe = Callable[[], Awaitable[str | None]]
"""Returns None where a process works, else why it is taken not to, in a few words."""

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30
HEALTHY_SECONDS = 30
"""A child that ran for so long has its pause reset when it dies."""

PROBES_WITHIN_LIMIT = 8


@dataclass(frozen=True)
class Restarts:
    """How often a child was started again, and the last time."""

    count: int = 0
    last_at: float = 0.0
    """Seconds since the epoch."""
    last_why: str = ""

    def another(self, why: str, at: float) -> "Restarts":
        """Return these and one more."""
        return Restarts(self.count + 1, at, why)


@dataclass(frozen=True)
class Watch:
    """How it is found out that a child hangs.

    Attributes:
        probe: says whether it works.
        limit_seconds: it is killed once it has not worked for so long.
        start_seconds: the same before it has worked for the first time.
    """

    probe: Probe
    limit_seconds: float
    start_seconds: float


@dataclass
class Child:
    """A process of one role, and what is known of it.

    Attributes:
        command: what it runs; it ends with this process.
        log_file: its output goes to the end of this file; None has it go where ours does.
        watch: None for one that is not asked whether it works.
    """

    role: str
    command: list[str]
    environment: dict[str, str]
    log_file: Path | None = None
    watch: Watch | None = None
    process: Process | None = None
    restarts: Restarts = field(default_factory=Restarts)
    _started_at: float = float("-inf")
    _worked_at: float | None = None
    _why: str = ""

    @property
    def is_running(self) -> bool:
        """Whether there is a process that has not ended."""
        return self.process is not None and self.process.returncode is None

    @property
    def age_seconds(self) -> float:
        """How long ago it was started last, or was tried to be; infinite where it never was."""
        return time.monotonic() - self._started_at

    async def spawn(self) -> None:
        """Start it.

        Raises:
            OSError: the machine has no process or file to give.
        """
        self._started_at, self._worked_at, self._why = time.monotonic(), None, ""
        with self.log_file.open("ab") if self.log_file else contextlib.nullcontext() as output:
            self.process = await asyncio.create_subprocess_exec(
                *tethered(self.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                # Ctrl-C in the terminal reaches this process alone, which stops them in order.
                start_new_session=True,
            )

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
                with contextlib.suppress(ProcessLookupError):
                    self.process.kill()
                await self.process.wait()

    async def keep(self, on_start: Callable[[], None]) -> None:
        """Start it again whenever it ends, and end it when it hangs; until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._start_again_and_again(on_start))
            if self.watch:
                group.create_task(self._look_again_and_again(self.watch))

    async def _start_again_and_again(self, on_start: Callable[[], None]) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            assert self.process is not None
            code = await self.process.wait()
            if self.age_seconds > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            why = self._why or f"it ended with code {code}"
            log.warning("starting again", role=self.role, why=why, pause_seconds=pause)
            self.restarts = self.restarts.another(why, time.time())
            is_started = False
            while not is_started:
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
                is_started = await self._is_spawned()
            on_start()

    async def _is_spawned(self) -> bool:
        try:
            await self.spawn()
        except OSError as error:
            # The machine has no process or file to give, for now.
            log.error("cannot be started", role=self.role, cause=str(error))  # noqa: TRY400
            return False
        return True

    async def _look_again_and_again(self, watch: Watch) -> None:
        pause = min(watch.limit_seconds, watch.start_seconds) / PROBES_WITHIN_LIMIT
        while True:
            await asyncio.sleep(pause)
            if self.is_running and not self._why:
                await self._look(watch)

    async def _look(self, watch: Watch) -> None:
        process = self.process
        try:
            found = await watch.probe()
        except Exception:
            # Nothing is known of the child then, and what keeps all of them must not end.
            log.exception("cannot be asked whether it works", role=self.role)
            return
        if process is not self.process or not self.is_running:
            return
        if found is None:
            self.works()
            return
        now = time.monotonic()
        if self._worked_at is None:
            since, limit = self._started_at, watch.start_seconds
        else:
            since, limit = self._worked_at, watch.limit_seconds
        if now - since > limit:
            self._why = f"{found}, for {now - since:.0f} s"
            log.error("killed, since it hangs", role=self.role, why=self._why)
            assert process is not None
            with contextlib.suppress(ProcessLookupError):
                process.kill()
