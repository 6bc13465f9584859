"""Files that go through parser processes one after the other, in one process at a time.

Requests are sent ahead of their answers where files are short, so that a process has its next
file at hand while the worker looks at the last answer. A file is only ever blamed for what
happens while it is the oldest without an answer; those behind it go to the next process. Bytes that
answer no request may come from any file that the process has read: then the oldest is read again by
a process that has read none, where they can only be its own.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Protocol

import structlog

from sheaf.contracts.documents import EngineResult
from sheaf.contracts.failures import FailureKind, OutageError
from sheaf.parser_pool.frame_reader import ForeignFrameError
from sheaf.parser_pool.process import ParserProcess, ProcessDiedError
from sheaf.parser_pool.requests import ParseRequest, ParseRequests, ParseResponse
from sheaf.parser_pool.responses import death_of, failed_result, response_of

log = structlog.get_logger(__name__)

MOST_AHEAD = 32
"""Most files sent ahead of the one that is being read."""

AHEAD_SECONDS = 0.2
"""Work that may wait in a process. Small files differ tenfold in what they take: with a quarter of
this, a process ran out of files each time that a few short ones followed each other. Behind a file
that turns out to be long, others are held up, but a job ends no later by it than by this."""

GATHER_SECONDS = 0.02
"""Longest that answers of short files are let gather, so that the worker looks at several at once:
each look costs it a tenth of a millisecond."""

_PARSERS = "the parser processes"


def always() -> bool:
    """Whether to begin a file, for whoever has all of them read."""
    return True


class Processes(Protocol):
    """Where a pipeline gets its processes."""

    async def take(self, project_id: str, stop: asyncio.Future[None] | None) -> ParserProcess:
        """Wait for a process, and return it once it is ready.

        Args:
            project_id: whose files it is for; it has read none of another's, and never will.
            stop: ends the wait.

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


class RequestPipeline:
    """The way of some files through processes.

    It has a process only while a file is there to be read: what waits for files, waits for them
    without one.

    Args:
        processes: gives them.
        project_id: whose files these are.
        requests: taken as there is room for them, and not before; closed with the last.
        begins: asked before each file, once there is a process for it; after a no, those that were
            sent are answered, and nothing more is begun.
        stop: once it is done, what runs is killed, nothing more is waited for, and whoever waits
            for a response gets a CancelledError.
    """

    def __init__(
        self,
        processes: Processes,
        project_id: str,
        requests: ParseRequests,
        begins: Callable[[], bool] = always,
        stop: asyncio.Future[None] | None = None,
    ) -> None:
        self._processes = processes
        self._project_id = project_id
        self._requests = requests
        self._begins = begins
        self._stop = stop
        self._group: deque[ParseRequest] = deque()
        """What is left of the group that was taken last."""
        self._redone: deque[ParseRequest] = deque()
        """To be read again: their process died over another file."""
        self._sent: dict[bytes, ParseRequest] = {}
        """Without a response, the oldest first, by the nonces that their answers will bear."""
        self._process: ParserProcess | None = None
        self._began = 0.0
        self._turned = 0.0
        self._answered = 0

    async def responses(self) -> AsyncGenerator[ParseResponse, None]:
        """Yield one response a request; every fault of a file is a failure.

        They come in the order of the requests, but are to be told by their ids.

        Raises:
            OutageError: there is no process for the next file, or its process was ended here
                before it had read the file. That is no file's fault: it is as good as not begun.
        """
        if self._stop is not None:
            self._stop.add_done_callback(self._stopped)
        try:
            while await self._is_more():
                try:
                    if not await self._send():
                        break
                except (ProcessDiedError, OSError) as error:
                    if self._next() is None:
                        break
                    raise OutageError(_PARSERS, f"one could not start: {error}") from error
                if (response := await self._receive()) is not None:
                    yield response
            self._leave_if_stopped()
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

    def _leave_if_stopped(self) -> None:
        if self._is_stopped:
            raise asyncio.CancelledError("the parse was stopped")

    def _stopped(self, stop: asyncio.Future[None]) -> None:
        if stop.cancelled():
            return
        self._requests.close()
        if self._process is not None:
            self._process.kill()

    @property
    def _is_one_at_hand(self) -> bool:
        return bool(self._redone or self._group or len(self._requests))

    async def _is_more(self) -> bool:
        """Whether a file has no response yet; waits for the next without a process."""
        if self._sent or self._is_one_at_hand:
            return True
        # While nothing is open here, other slices may have the process.
        self._let_go()
        began = time.monotonic()
        is_one = await self._requests.wait()
        if self._began:
            self._began += time.monotonic() - began
        return is_one

    async def _send(self) -> bool:
        """Send what there is room for; False when nothing is left without a response."""
        room = 1 + self._ahead() - len(self._sent)
        if not self._is_refill_due(room) or not self._is_one_at_hand:
            return bool(self._sent)
        batch: list[ParseRequest] = []
        # First a process, then the file: what was taken counts as begun, and is read in any case.
        while len(batch) < room and await self._has_process() and (request := self._next()):
            batch.append(request)
        if batch:
            assert self._process is not None
            if not self._sent:
                self._turned = time.monotonic()
            nonces = self._process.send([_frame(request) for request in batch])
            self._sent.update(zip(nonces, batch, strict=True))
        return bool(self._sent)

    def _is_refill_due(self, room: int) -> bool:
        """Whether the process has less than half of what it may have at hand."""
        return not self._sent or room >= len(self._sent)

    def _next(self) -> ParseRequest | None:
        if self._redone:
            return self._redone.popleft()
        if not self._is_one_at_hand:
            return None
        if not self._begins():
            self._group.clear()
            self._requests.close()
            return None
        if not self._group:
            self._group.extend(self._requests.take() or ())
        return self._group.popleft()

    async def _has_process(self) -> bool:
        """Make sure of a process that may take a file; False while a worn one still answers."""
        process = self._process
        if process is not None and process.is_alive and not self._processes.is_worn(process):
            return True
        # Its answers come from it alone, also where it is worn or dead.
        if self._sent:
            return False
        self._let_go()
        asked = time.monotonic()
        self._process = await self._processes.take(self._project_id, self._stop)
        now = time.monotonic()
        self._began = self._began + now - asked if self._began else now
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

    async def _receive(self) -> ParseResponse | None:
        """Return the response to the oldest request; None where its file is to be read again."""
        process = self._process
        assert process is not None
        nonce, request = next(iter(self._sent.items()))
        result: EngineResult | None
        try:
            result = await response_of(process, nonce, request, self._gathering())
        except ProcessDiedError:
            was_killed = process.was_killed
            result = await death_of(process, request)
            if was_killed and not self._is_stopped:
                raise OutageError(_PARSERS, "their pool was closed") from None
        except ForeignFrameError:
            result = self._stray(process)
        response = None
        if result is not None:
            response = self._response(self._sent.pop(nonce), result)
        self._leave_if_stopped()
        if not process.is_alive:
            # In their order: the next is the oldest now, and the first to be blamed.
            self._redone.extendleft(reversed(self._sent.values()))
            self._sent.clear()
        return response

    def _response(self, request: ParseRequest, result: EngineResult) -> ParseResponse:
        now = time.monotonic()
        seconds, self._turned = now - self._turned, now
        self._answered += 1
        return ParseResponse(request.id, result, seconds)

    def _stray(self, process: ParserProcess) -> EngineResult | None:
        """Return what bytes that answer no request mean for the oldest file."""
        log.warning(
            "stray_bytes_from_parser", project=self._project_id, files_read=process.files_answered
        )
        # Any file that it has read may have left them; this one is read again by a new process.
        if process.files_answered:
            return None
        message = "the parser process sent what is no answer to the request for this file"
        return failed_result(FailureKind.CRASHED, message)


def _frame(request: ParseRequest) -> bytes:
    return request.engine_request.model_dump_json(exclude_defaults=True).encode()
