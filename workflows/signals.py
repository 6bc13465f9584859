"""Signals from one Workflow to another, which no cancel may reach."""

import asyncio
from collections.abc import Awaitable

from temporalio.exceptions import FailureError


async def is_heard(signal: Awaitable[None]) -> bool:
    """Wait until a Signal is delivered; False where its Workflow has ended.

    The Signal is shielded from a cancel of this Workflow, which is raised here at once. Without
    that the SDK would take the cancel for one of the Signal: the Workflow would never hear of it,
    and where the Signal's answer came in the same task, every replay would end in a
    nondeterminism error.
    """
    return await asyncio.shield(asyncio.create_task(_send(signal)))


async def _send(signal: Awaitable[None]) -> bool:
    try:
        await signal
    except FailureError:
        return False
    return True
