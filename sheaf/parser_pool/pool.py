"""A pool of parser processes: one file at a time in each, killed at its deadline.

The engines are native code that reads hostile bytes: they can hang, abort or eat all memory, and
PDFium takes one lock a process. So every parse runs in a process of its own, which may die
without harm, and which is replaced after many files, or once it holds much memory: native code
seldom gives all of it back.

A process is its project's until it ends. One that idles gives way to another project's where there
is no room for both.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

import structlog

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.parser_pool.frames import MAX_FRAME_BYTES
from sheaf.parser_pool.pipeline import RequestPipeline, always
from sheaf.parser_pool.process import ParserProcess, ProcessDiedError
from sheaf.parser_pool.requests import ParseRequest, ParseRequests, ParseResponse
from sheaf.storage.scratch import Scratch

log = structlog.get_logger(__name__)

DEFAULT_MEMORY_BYTES = 4 * 1024**3
DEFAULT_FILES_PER_PROCESS = 5000
"""A start takes about 0.14 s of processor time, as much as forty small PDFs."""

MAX_IDLE_BYTES = 512 * 1024**2
"""Memory that a process may hold on to between files; the engines take some 150 MiB."""


class ParserPool:
    """Runs requests in at most `size` processes, first come first served.

    Args:
        size: processes at once, busy and idle; they are started when first needed.
        module: what they run; it has `handle(request) -> EngineResult`.
        memory_bytes: bound of the address space of each process.
        files_per_process: files after which a process is replaced.
        answer_bytes: the longest answer that is taken.
        idle_seconds: how long a process may idle before it ends; None lets it.
    """

    def __init__(
        self,
        size: int,
        module: str = "sheaf.engines.dispatch",
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        files_per_process: int = DEFAULT_FILES_PER_PROCESS,
        *,
        answer_bytes: int = MAX_FRAME_BYTES,
        idle_seconds: float | None = None,
    ) -> None:
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._module = module
        self._memory_bytes = memory_bytes
        self._files_per_process = files_per_process
        self._answer_bytes = answer_bytes
        self._idle_seconds = idle_seconds
        self._idle: deque[ParserProcess] = deque()
        self._busy: set[ParserProcess] = set()
        self._starting = 0
        self._leaving: set[asyncio.Task[int]] = set()
        self._scratch: Scratch | None = None
        self._is_closed = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Open the pool; no process is started before the first request."""
        self._is_closed = False

    async def close(self) -> None:
        """Kill what runs, let the idle processes leave, and reap them all. Idempotent."""
        self._is_closed = True
        for process in self._busy:
            process.kill()
        # With every slot in hand, no run is left that could still start or return a process.
        for _ in range(self._size):
            await self._slots.acquire()
        while self._idle:
            self._dismiss(self._idle.popleft())
        while self._leaving:
            await asyncio.wait(self._leaving)
        if self._scratch is not None:
            self._scratch.delete()
            self._scratch = None
        for _ in range(self._size):
            self._slots.release()

    async def run(
        self, project_id: str, request: EngineRequest, deadline_seconds: float
    ) -> EngineResult:
        """Have one file read; see `run_many`."""
        asked = ParseRequests.of([[ParseRequest("", request, deadline_seconds)]])
        async with aclosing(self.run_many(project_id, asked)) as responses:
            return (await anext(responses)).result

    def run_many(
        self,
        project_id: str,
        requests: ParseRequests,
        begins: Callable[[], bool] = always,
        stop: asyncio.Future[None] | None = None,
    ) -> AsyncGenerator[ParseResponse, None]:
        """Have files read in one process, one after the other; yield a response each, in order.

        Every fault of a file or its process comes back as a failure of that file.

        Args:
            project_id: whose files these are; they meet no process that has read another's.
            requests: taken a few ahead of their answers.
            begins: asked before each file; once it says no, nothing more is begun.
            stop: once it is done, what runs is killed, and the next answer is a CancelledError.

        Raises:
            OutageError: there is no process to be had, which is no file's fault.
        """
        return RequestPipeline(self, project_id, requests, begins, stop).responses()

    async def take(self, project_id: str, stop: asyncio.Future[None] | None) -> ParserProcess:
        """Return an idle process of the project, or a new one; see `Processes`."""
        await self._slot(stop)
        try:
            process = self._idle_one(project_id) or await self._new(project_id)
        except BaseException:
            self._slots.release()
            raise
        # Known before anything else may fail: `close` kills what is busy, and waits for the slots.
        self._busy.add(process)
        if self._is_closed or (stop is not None and stop.done()):
            process.kill()
        return process

    async def _slot(self, stop: asyncio.Future[None] | None) -> None:
        """Wait until there may be one process more."""
        waiting = asyncio.ensure_future(self._slots.acquire())
        awaited: set[asyncio.Future[Any]] = {waiting} if stop is None else {waiting, stop}
        try:
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if not waiting.cancel():
                self._slots.release()
            raise
        if not waiting.done():
            waiting.cancel()
            raise asyncio.CancelledError("stopped before its turn")

    def give_back(self, process: ParserProcess) -> None:
        """Keep a process for the next files, unless it is dead or worn."""
        self._busy.discard(process)
        self._slots.release()
        is_worn = self.is_worn(process) or process.resident_bytes() > MAX_IDLE_BYTES
        # A byte that nobody asked for may be of any file it has read, so it reads no other one.
        if self._is_closed or is_worn or not self._is_sound(process):
            self._dismiss(process)
            return
        try:
            process.tidy()
        except OSError:
            process.kill()
            self._dismiss(process)
            return
        # The warmest process is taken first, so that a quiet pool wears out one at a time.
        self._idle.appendleft(process)
        if self._idle_seconds is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self._idle_seconds, self._end_idle, process, process.files_taken)

    def _end_idle(self, process: ParserProcess, files_taken: int) -> None:
        """Let a process go that has had nothing to do since it had taken so many files."""
        if process in self._idle and process.files_taken == files_taken:
            self._idle.remove(process)
            self._dismiss(process)

    def is_worn(self, process: ParserProcess) -> bool:
        """Whether a process has had its share of files."""
        return process.files_taken >= self._files_per_process

    def _is_sound(self, process: ParserProcess) -> bool:
        """Whether a process without requests lives and is silent; one that is not silent dies."""
        if process.is_alive and not process.is_quiet():
            log.warning(
                "stray_bytes_from_parser",
                project=process.project_id,
                files_read=process.files_answered,
            )
            process.kill()
        return process.is_alive

    def _idle_one(self, project_id: str) -> ParserProcess | None:
        # Copied: those of the project that are not sound any more leave on the way.
        for process in [one for one in self._idle if one.project_id == project_id]:
            self._idle.remove(process)
            if self._is_sound(process):
                return process
            self._dismiss(process)
        return None

    def _make_room(self) -> None:
        """Let the process go that has idled longest, where the pool has its number."""
        while self._idle and len(self._busy) + self._starting + len(self._idle) > self._size:
            process = self._idle.pop()
            process.kill()
            self._dismiss(process)

    async def _new(self, project_id: str) -> ParserProcess:
        if self._is_closed:
            raise ProcessDiedError("the parser pool is closed")
        if self._scratch is None:
            self._scratch = Scratch()
        folder = self._scratch.subfolder()
        self._starting += 1
        try:
            self._make_room()
            return await ParserProcess.start(
                self._module, self._memory_bytes, folder, project_id, self._answer_bytes
            )
        finally:
            self._starting -= 1

    def _dismiss(self, process: ParserProcess) -> None:
        task = asyncio.get_running_loop().create_task(process.wait())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)
