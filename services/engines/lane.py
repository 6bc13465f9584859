"""A lane: files that go through parser processes one after the other, in one process at a time.

Requests are sent ahead of their answers where files are short, so that a process has its next
file at hand while the worker looks at the last answer. A file is only ever blamed for what
happens while it is the oldest without an answer; those behind it go to the next process.
"""

import asyncio
import signal
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from models.documents import EngineFailure, EngineRequest, EngineResult
from models.failures import MAX_MESSAGE_CHARACTERS, FailureKind
from services.engines.frame_reader import FrameTooLargeError
from services.engines.frames import MAX_FRAME_BYTES
from services.engines.parser_process import ParserProcess, ProcessDiedError

MOST_AHEAD = 32
"""Most files sent ahead of the one that is being read."""

AHEAD_SECONDS = 0.2
"""Work that may wait in a process. Small files differ tenfold in what they take: with a quarter of
this, a process ran out of files each time that a few short ones followed each other. Behind a file
that turns out to be long, others are held up, but a job ends no later by it than by this."""

GATHER_SECONDS = 0.02
"""Longest that answers of short files are let gather, so that the worker looks at several at once:
each look costs it a tenth of a millisecond."""


@dataclass(frozen=True)
class Order:
    """One file to read."""

    request: EngineRequest
    deadline_seconds: float
    """Wall time from the moment the process turns to the file: neither the wait for a process nor
    the files before it count."""


class Orders(Protocol):
    """Where a lane gets its files."""

    @property
    def is_one_at_hand(self) -> bool:
        """Whether `take` has a file now; it may still be none that there is time for."""
        ...

    def take(self) -> Order | None:
        """Return the next file, which will then be read; None where none is at hand."""
        ...

    async def wait(self) -> bool:
        """Wait until a file is at hand; False once there will be none any more."""
        ...


class Listed:
    """Orders that are all known."""

    def __init__(self, orders: Iterable[Order]) -> None:
        self._orders = deque(orders)

    @property
    def is_one_at_hand(self) -> bool:
        """Whether one is left."""
        return bool(self._orders)

    def take(self) -> Order | None:
        """Return the next one."""
        return self._orders.popleft() if self._orders else None

    async def wait(self) -> bool:
        """Return whether one is left."""
        return self.is_one_at_hand


class Processes(Protocol):
    """Where a lane gets its processes."""

    async def take(self, stop: asyncio.Future[None] | None) -> ParserProcess:
        """Wait for a process, and return it once it is ready.

        Raises:
            ProcessDiedError: none could be started.
            OSError: the system has no process to give.
            asyncio.CancelledError: `stop` was done before.
        """
        ...

    def give_back(self, process: ParserProcess) -> None:
        """Take a process back, dead or alive; it has no request without an answer."""
        ...

    def is_worn(self, process: ParserProcess) -> bool:
        """Whether the process has had its share of files."""
        ...


class Lane:
    """The way of some files through processes.

    It has a process only while a file is there to be read: what waits for files, waits for them
    without one.

    Args:
        processes: gives them.
        orders: taken as there is room for them, and not before.
        stop: once it is done, what runs is killed, and whoever waits for an answer gets a
            CancelledError.
    """

    def __init__(
        self, processes: Processes, orders: Orders, stop: asyncio.Future[None] | None = None
    ) -> None:
        self._processes = processes
        self._orders = orders
        self._stop = stop
        self._again: deque[Order] = deque()
        self._sent: deque[Order] = deque()
        self._process: ParserProcess | None = None
        self._began = 0.0
        self._answered = 0

    async def answers(self) -> AsyncGenerator[EngineResult, None]:
        """Yield one result an order, in their order; every fault of a file is a failure."""
        if self._stop is not None:
            self._stop.add_done_callback(self._stopped)
        try:
            while await self._is_more():
                try:
                    if not await self._send():
                        return
                except (ProcessDiedError, OSError) as error:
                    if self._next() is None:
                        return
                    message = f"a parser process could not start: {error}"
                    yield failed(FailureKind.UNAVAILABLE, message)
                    continue
                yield await self._receive()
        finally:
            if self._stop is not None:
                self._stop.remove_done_callback(self._stopped)
            if self._process is not None and self._sent:
                # Nobody waits for these answers, which would else meet other requests.
                self._process.kill()
            self._let_go()

    @property
    def _is_stopped(self) -> bool:
        return self._stop is not None and self._stop.done() and not self._stop.cancelled()

    def _stopped(self, stop: asyncio.Future[None]) -> None:
        if self._process is not None and not stop.cancelled():
            self._process.kill()

    async def _is_more(self) -> bool:
        """Whether a file has no answer yet; waits for the next without a process."""
        if self._sent or self._again or self._orders.is_one_at_hand:
            return True
        self._let_go()
        began = time.monotonic()
        is_one = await self._orders.wait()
        if self._began:
            self._began += time.monotonic() - began
        return is_one

    async def _send(self) -> bool:
        """Send what there is room for; False when nothing is left without an answer."""
        room = 1 + self._ahead() - len(self._sent)
        if self._sent and room < len(self._sent):
            return True  # Half of what it has at hand is still there.
        frames: list[bytes] = []
        while len(frames) < room and await self._has_process() and (order := self._next()):
            frames.append(order.request.model_dump_json(exclude_defaults=True).encode())
            self._sent.append(order)
        if frames:
            assert self._process is not None
            self._process.send(frames)
        return bool(self._sent)

    def _next(self) -> Order | None:
        return self._again.popleft() if self._again else self._orders.take()

    async def _has_process(self) -> bool:
        """Make sure of a process that may take a file; False while a worn one still answers."""
        process = self._process
        if process is not None and process.is_alive and not self._processes.is_worn(process):
            return True
        if self._sent:
            return False
        self._let_go()
        self._process = await self._processes.take(self._stop)
        self._began = self._began or time.monotonic()
        return True

    def _let_go(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            self._processes.give_back(process)

    def _ahead(self) -> int:
        mean = self._mean()
        return 0 if mean is None else min(MOST_AHEAD, int(AHEAD_SECONDS / max(mean, 1e-6)))

    def _mean(self) -> float | None:
        """Return the seconds that a file has taken so far; None before the first."""
        if not self._answered:
            return None
        return (time.monotonic() - self._began) / self._answered

    def _gathering(self) -> float:
        """Return how long to let answers gather: until the process has half of its files left."""
        mean = self._mean()
        return 0.0 if mean is None else min(GATHER_SECONDS, mean * (len(self._sent) // 2))

    async def _receive(self) -> EngineResult:
        process = self._process
        assert process is not None
        order = self._sent[0]
        try:
            result = await _answer(process, order, self._gathering())
        except ProcessDiedError:
            result = await _death_of(process, order)
        self._sent.popleft()
        self._answered += 1
        if self._is_stopped:
            raise asyncio.CancelledError("the parse was stopped")
        if not process.is_alive:
            self._again.extendleft(reversed(self._sent))
            self._sent.clear()
        return result


async def _answer(process: ParserProcess, order: Order, gathering: float) -> EngineResult:
    try:
        async with asyncio.timeout(order.deadline_seconds):
            frame = await process.receive(gathering)
        return _decoded(frame)
    except TimeoutError:
        process.kill()
        message = f"over the time allowed for one file ({order.deadline_seconds:g} s)"
        return failed(FailureKind.TIMEOUT, message)
    except FrameTooLargeError:
        process.kill()
        return failed(FailureKind.TOO_LARGE, f"the result is over {MAX_FRAME_BYTES} bytes")
    except _BadFrameError as error:
        process.kill()
        return failed(FailureKind.CRASHED, str(error))


async def _death_of(process: ParserProcess, order: Order) -> EngineResult:
    # A process that only closed its pipe gets no time to linger.
    was_killed = process.was_killed
    code = await process.wait()
    process.kill()
    if was_killed:
        return failed(FailureKind.UNAVAILABLE, "the parser pool was closed")
    if process.ran_out_of_memory():
        mebibytes = process.memory_bytes // 2**20
        message = f"the document needs more memory than is allowed ({mebibytes} MiB)"
        return failed(FailureKind.TOO_LARGE, message)
    if code == -signal.SIGXCPU:
        seconds = order.request.cpu_seconds
        message = f"over the processor time allowed for one file ({seconds} s)"
        return failed(FailureKind.TIMEOUT, message)
    return failed(FailureKind.CRASHED, f"parser process died: {_cause(code)}")


class _BadFrameError(Exception):
    """The answer of a process is not an EngineResult."""


def _decoded(frame: bytes) -> EngineResult:
    if not frame:
        raise _BadFrameError("the parser process sent an empty answer")
    try:
        result = EngineResult.model_validate_json(frame)
    except ValidationError as error:
        raise _BadFrameError("the parser process sent a malformed answer") from error
    if result.document is None and result.failure is None:
        raise _BadFrameError("the parser process sent neither a document nor a failure")
    return result


def _cause(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def failed(kind: FailureKind, message: str) -> EngineResult:
    """Return a failure as the result of a file."""
    failure = EngineFailure(kind=kind, message=message[:MAX_MESSAGE_CHARACTERS])
    return EngineResult(failure=failure)
