"""Heartbeats for Activities that wait on something else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

BEATS_PER_TIMEOUT = 4
"""Beats within one heartbeat timeout, so that three may be lost."""


@asynccontextmanager
async def heartbeating() -> AsyncIterator[None]:
    """Beat in the background while the block runs.

    The beats stop with the process, also when it is stopped by a signal: that is how a worker
    that hangs as a whole is noticed. They say nothing of the block. It comes to its end because
    all that it waits for is bounded: calls to file systems by `sheaf.runtime.file_calls`, the
    ledger by its patience, object stores and Temporal by their time-outs, a document by its
    deadline.
    """
    timeout = activity.info().heartbeat_timeout
    seconds = timeout.total_seconds() / BEATS_PER_TIMEOUT if timeout else 10.0

    async def beat() -> None:
        while True:
            # Not at once: most slices are over before, and each beat costs the server a write.
            await asyncio.sleep(seconds)
            activity.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
