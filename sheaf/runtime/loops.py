"""Loops beside a process's main work, which stop between their steps and never inside one.

A task that is cancelled in the middle of a transaction leaves its connection in the hands of the
driver's thread, and on SQLite the write lock with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

log = structlog.get_logger(__name__)


async def repeat(
    step: Callable[[], Awaitable[None]],
    seconds: float,
    stop: asyncio.Event,
    sooner: asyncio.Event | None = None,
) -> None:
    """Take a step, wait so long, and again, until `stop` is set.

    Args:
        step: one round; what it raises ends the loop.
        seconds: between the end of a step and the next one; a stop cuts it short.
        stop: is looked at between steps.
        sooner: cuts a wait short too, and is cleared at its end. What is set during a step counts.
    """
    while not stop.is_set():
        await step()
        await _wait(seconds, stop, sooner)


async def _wait(seconds: float, stop: asyncio.Event, sooner: asyncio.Event | None) -> None:
    waits = [asyncio.ensure_future(one.wait()) for one in (stop, sooner) if one]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
    if sooner:
        sooner.clear()


async def ended(loops: Sequence["asyncio.Task[None]"], grace_seconds: float) -> None:
    """Wait until loops that were told to stop have ended.

    Args:
        loops: as tasks; one that hangs in its step is cancelled there.
        grace_seconds: how long a step may still take.
    """
    if not loops:
        return
    _, pending = await asyncio.wait(loops, timeout=grace_seconds)
    for loop in pending:
        log.warning("a loop did not stop", loop=loop.get_name(), grace_seconds=grace_seconds)
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
