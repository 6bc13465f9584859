"""Cancelling Activities between steps, never inside one.

A task that is cancelled in the middle of a transaction leaves its connection in the hands of the
driver's thread: on SQLite the write lock may then stay taken until the garbage collector finds
the statement. So the body of an Activity runs in a task that nothing cancels; it is told by
`activity.is_cancelled()` and stops where it is safe to.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from sheaf.contracts.documents import EngineResult
from sheaf.parser_pool.pool import ParserPool
from sheaf.parser_pool.requests import ParseRequests
from sheaf.processing.processor import Parser

Value = TypeVar("Value")

_CANCELLED: ContextVar[asyncio.Event | None] = ContextVar("cancelled", default=None)


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
    own = _CANCELLED.get()
    if activity.is_cancelled() or (own is not None and own.is_set()):
        raise asyncio.CancelledError("the Activity is cancelled")


@contextmanager
def cancelled_by(event: asyncio.Event) -> Iterator[None]:
    """Have what runs in the block stop also once this is set: one job of several in an Activity."""
    token = _CANCELLED.set(event)
    try:
        yield
    finally:
        _CANCELLED.reset(token)


async def wait_until_cancelled() -> None:
    """Wait until `stop_if_cancelled` would stop."""
    own = _CANCELLED.get()
    waits = [activity.wait_for_cancelled(), *([own.wait()] if own else [])]
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


class CancellableParser(Parser):
    """A parser that lets go of a file once the Activity that wants it is cancelled."""

    def __init__(self, pool: ParserPool) -> None:
        self._pool = pool

    async def run_many(
        self, project_id: str, requests: ParseRequests
    ) -> AsyncGenerator[EngineResult, None]:
        """Have files read; see `ParserPool.run_many`.

        Raises:
            asyncio.CancelledError: the Activity was cancelled meanwhile; the parse is stopped.
        """
        cancelled = asyncio.ensure_future(wait_until_cancelled())
        try:
            async with aclosing(self._pool.run_many(project_id, requests, cancelled)) as responses:
                async for response in responses:
                    yield response
        finally:
            cancelled.cancel()
