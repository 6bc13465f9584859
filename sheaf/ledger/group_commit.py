"""Transactions of several callers as one.

What a transaction costs is mostly its statements' way to the database and back, whether they are of
one job or of twenty. So those who come while a transaction of their kind runs go together in the
next one. Whoever comes alone does not wait.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sheaf.rules.outside_faults import Blame, blame

Request = TypeVar("Request")
Answer = TypeVar("Answer")

MOST_TOGETHER = 100
"""Requests of one transaction: some milliseconds, so that other writers are not kept waiting."""


class GroupCommit(Generic[Request, Answer]):
    """Runs requests of one kind, one transaction at a time.

    Args:
        run: does what each request asks for, all in one transaction; answers in their order. What
            it raises has changed nothing.
    """

    def __init__(self, run: Callable[[Sequence[Request]], Awaitable[Sequence[Answer]]]) -> None:
        self._run = run
        self._waiting: deque[tuple[Request, asyncio.Future[Answer]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def __call__(self, request: Request) -> Answer:
        """Return the answer to a request, once the transaction with it has ended.

        Raises:
            Exception: what the request itself raises, or what keeps the database from answering.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        try:
            while self._waiting:
                count = min(MOST_TOGETHER, len(self._waiting))
                await self._answer([self._waiting.popleft() for _ in range(count)])
        finally:
            self._worker = None

    async def _answer(self, group: Sequence[tuple[Request, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._run([request for request, _ in group])
        except Exception as error:  # noqa: BLE001 - of whoever asked
            if len(group) > 1 and blame(error) is Blame.PROGRAM:
                # The fault of one of them, and of no other.
                for one in group:
                    await self._answer([one])
                return
            for _, future in group:
                _fail(future, error)
        else:
            for (_, future), answer in zip(group, answers, strict=True):
                # Whoever asked may have been cancelled meanwhile; what was committed for it stands.
                if not future.done():
                    future.set_result(answer)


def _fail(future: "asyncio.Future[Answer]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
