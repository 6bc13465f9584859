"""The process that tells receivers, as the worker keeps it."""

import asyncio
import contextlib
import time
from asyncio.subprocess import PIPE, Process

import structlog

from sheaf.runtime.children import child_environment, python_command

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 5.0
"""Between two starts of one that dies."""


class WebhookProcess:
    """A child that is started when it is needed first, and again when it has died.

    It ends with this process, however that ends: its standard input is a pipe from here.

    Args:
        grace_seconds: how long it has to finish what is on its way.
    """

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._process: Process | None = None
        self._started_at = float("-inf")

    async def ensure(self) -> None:
        """Start the process unless it runs."""
        if self._process and self._process.returncode is None:
            return
        if time.monotonic() - self._started_at < PAUSE_SECONDS:
            return
        if self._process:
            log.warning("the webhook worker died", code=self._process.returncode)
        self._started_at = time.monotonic()
        self._process = await asyncio.create_subprocess_exec(
            *python_command("webhook_worker"), stdin=PIPE, env=child_environment()
        )

    async def stop(self) -> None:
        """End the process, gently first."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), self._grace_seconds + 5)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
