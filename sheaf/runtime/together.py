"""Calls that run together and end together."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

Value = TypeVar("Value")


async def together(calls: Iterable[Coroutine[Any, Any, Value]]) -> list[Value]:
    """Return what calls return, in their order; they run at once.

    Where one fails, the others are cancelled, and have ended when its error is raised: none goes
    on in the background, as `asyncio.gather` lets them, holding files and connections.

    Raises:
        Exception: the first error.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as raised:
        raise raised.exceptions[0] from None
    return [task.result() for task in tasks]
