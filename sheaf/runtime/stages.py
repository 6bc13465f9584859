"""Stages that work at once, joined by queues, and end together.

A stage is a coroutine that reads some queues and writes others. When it ends, by whatever cause,
the queues it reads are closed, so that those before it stop, and those it writes are finished, so
that those behind it do what is still there. That is the one way by which they end: none is
cancelled in the middle of a step, which may be a transaction.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

from sheaf.runtime.bounded_queue import BoundedQueue

Queues = Sequence[BoundedQueue[Any]]


class Stages:
    """Stages from their start to the end of the last; the block ends when all have."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._queues: set[BoundedQueue[Any]] = set()
        self._writers: Counter[BoundedQueue[Any]] = Counter()
        self._error: BaseException | None = None
        self.resources = AsyncExitStack()
        """What stages hold open for each other; closed after the last has ended."""

    def start(
        self, stage: Coroutine[Any, Any, None], *, reads: Queues = (), writes: Queues = ()
    ) -> None:
        """Start a stage, before any other is waited for.

        Args:
            stage: ends by itself once what it reads is at its end, or what it writes is closed.
            reads: queues that no other stage reads.
            writes: queues that are finished with the last stage that writes them.
        """
        self._queues.update(reads, writes)
        self._writers.update(writes)
        self._tasks.append(asyncio.create_task(self._run(stage, reads, writes)))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Wait for all stages.

        Raises:
            BaseException: the first error of a stage, once all have ended.
        """
        is_cancelled = False
        if kind is not None:
            self._close()
        while not all(task.done() for task in self._tasks):
            try:
                await asyncio.wait(self._tasks)
            except asyncio.CancelledError:
                is_cancelled = True
                self._close()
        await self.resources.aclose()
        if is_cancelled:
            raise asyncio.CancelledError
        if kind is None and self._error is not None:
            raise self._error

    async def _run(self, stage: Coroutine[Any, Any, None], reads: Queues, writes: Queues) -> None:
        try:
            await stage
        except BaseException as error:  # noqa: BLE001 - raised where all stages have ended
            self._error = self._error or error
        finally:
            for queue in reads:
                queue.close()
            for queue in writes:
                self._writers[queue] -= 1
                if not self._writers[queue]:
                    queue.finish()

    def _close(self) -> None:
        for queue in self._queues:
            queue.close()
