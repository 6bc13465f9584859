"""Cancelling Activities between steps, never inside one.

A task that is cancelled in the middle of a transaction leaves its connection in the hands of the
driver's thread: on SQLite the write lock may then stay taken until the garbage collector finds
the statement. So the body of an Activity runs in a task that nothing cancels; it is told by
`activity.is_cancelled()` and stops where it is safe to.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from temporalio import activity
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

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


@asynccontextmanager
async def cancellation() -> AsyncGenerator[asyncio.Future[None], None]:
    """Give a future that is done once `stop_if_cancelled` would stop."""
    cancelled = asyncio.ensure_future(_wait_until_cancelled())
    try:
        yield cancelled
    finally:
        cancelled.cancel()


async def _wait_until_cancelled() -> None:
    own = _CANCELLED.get()
    waits = [activity.wait_for_cancelled(), *([own.wait()] if own else [])]
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
