"""Cancelling Activities between steps, never inside one.

A task that is cancelled in the middle of a transaction leaves its connection in the hands of the
driver's thread: on SQLite the write lock may then stay taken until the garbage collector finds
the statement. So the body of an Activity runs in a task that nothing cancels; it is told by
`activity.is_cancelled()` and stops where it is safe to.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from models.documents import EngineRequest, EngineResult
from services.documents import Parser

Value = TypeVar("Value")


class CancelBetweenSteps(Interceptor):
    """Lets a cancelled Activity go on until it stops by itself."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap the next interceptor of the chain."""
        return _Uninterrupted(super().intercept_activity(next))


class _Uninterrupted(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        return await to_its_end(super().execute_activity(input))


async def to_its_end(body: Coroutine[Any, Any, Value]) -> Value:
    """Return what `body` returns, however often the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(body)
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            continue
    return task.result()


def stop_if_cancelled() -> None:
    """Stop here if the Activity is cancelled: call it between two steps.

    Raises:
        asyncio.CancelledError: it is.
    """
    if activity.is_cancelled():
        raise asyncio.CancelledError("the Activity is cancelled")


class CancellableParser(Parser):
    """A parser that lets go of a file once the Activity that wants it is cancelled."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        """Have one file read.

        Raises:
            asyncio.CancelledError: the Activity was cancelled meanwhile; the parse is stopped.
        """
        reading = asyncio.ensure_future(self._parser.run(request, deadline_seconds))
        cancelled = asyncio.ensure_future(activity.wait_for_cancelled())
        try:
            await asyncio.wait({reading, cancelled}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                reading.cancel()
                await asyncio.wait({reading})
            return reading.result()
        finally:
            cancelled.cancel()
