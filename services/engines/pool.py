"""A pool of parser processes: one file at a time in each, killed at its deadline.

The engines are native code that reads hostile bytes: they can hang, abort or eat all memory, and
PDFium takes one lock a process. So every parse runs in a process of its own, which may die
without harm, and which is replaced after some files since native code seldom gives all its
memory back.
"""

import asyncio
import signal
from collections import deque
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from models.documents import EngineFailure, EngineRequest, EngineResult
from models.failures import MAX_MESSAGE_CHARACTERS, FailureKind
from services.engines.frames import MAX_FRAME_BYTES
from services.engines.parser_process import (
    FrameTooLargeError,
    ParserProcess,
    ProcessDiedError,
)
from services.scratch import Scratch

DEFAULT_MEMORY_BYTES = 4 * 1024**3
DEFAULT_FILES_PER_PROCESS = 200


class ParserPool:
    """Runs requests in at most `size` processes, first come first served.

    Args:
        size: processes at once; they are started when first needed.
        module: what they run; it has `handle(request) -> EngineResult`.
        memory_bytes: bound of the address space of each process.
        files_per_process: files after which a process is replaced.
    """

    def __init__(
        self,
        size: int,
        module: str = "services.engines.dispatch",
        memory_bytes: int = DEFAULT_MEMORY_BYTES,
        files_per_process: int = DEFAULT_FILES_PER_PROCESS,
    ) -> None:
        self._size = size
        self._slots = asyncio.Semaphore(size)
        self._module = module
        self._memory_bytes = memory_bytes
        self._files_per_process = files_per_process
        self._idle: deque[ParserProcess] = deque()
        self._busy: set[ParserProcess] = set()
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

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        """Have one file read; every fault of the file or its process comes back as a failure.

        Args:
            request: the file.
            deadline_seconds: wall time from the moment a process has the file; neither the
                wait for a free process nor its start counts.
        """
        async with self._slots:
            if self._is_closed:
                return _failed(FailureKind.UNAVAILABLE, "the parser pool is closed")
            try:
                process = await self._take()
            except (ProcessDiedError, OSError) as error:
                message = f"a parser process could not start: {error}"
                return _failed(FailureKind.UNAVAILABLE, message)
            self._busy.add(process)
            if self._is_closed:
                process.kill()
            try:
                return await self._run_in(process, request, deadline_seconds)
            finally:
                self._busy.discard(process)
                self._give_back(process)

    async def _take(self) -> ParserProcess:
        while self._idle:
            process = self._idle.popleft()
            if process.is_alive:
                return process
            self._dismiss(process)
        if self._scratch is None:
            self._scratch = Scratch()
        folder = self._scratch.subfolder()
        return await ParserProcess.start(self._module, self._memory_bytes, folder)

    async def _run_in(
        self, process: ParserProcess, request: EngineRequest, deadline_seconds: float
    ) -> EngineResult:
        try:
            async with asyncio.timeout(deadline_seconds):
                frame = await process.exchange(request.model_dump_json().encode())
            return _decoded(frame)
        except TimeoutError:
            process.kill()
            message = f"over the time allowed for one file ({deadline_seconds:g} s)"
            return _failed(FailureKind.TIMEOUT, message)
        except FrameTooLargeError:
            process.kill()
            message = f"the result is over {MAX_FRAME_BYTES} bytes"
            return _failed(FailureKind.TOO_LARGE, message)
        except _BadFrameError as error:
            process.kill()
            return _failed(FailureKind.CRASHED, str(error))
        except ProcessDiedError:
            return await self._death_of(process, request)
        except BaseException:
            # Cancelled: nobody waits for the answer, which would else meet the next request.
            process.kill()
            raise

    async def _death_of(self, process: ParserProcess, request: EngineRequest) -> EngineResult:
        # A process that only closed its pipe gets no time to linger.
        was_killed = process.was_killed
        code = await process.wait()
        process.kill()
        if was_killed:
            return _failed(FailureKind.UNAVAILABLE, "the parser pool was closed")
        if process.ran_out_of_memory():
            mebibytes = self._memory_bytes // 2**20
            message = f"the document needs more memory than is allowed ({mebibytes} MiB)"
            return _failed(FailureKind.TOO_LARGE, message)
        if code == -signal.SIGXCPU:
            message = f"over the processor time allowed for one file ({request.cpu_seconds} s)"
            return _failed(FailureKind.TIMEOUT, message)
        return _failed(FailureKind.CRASHED, f"parser process died: {_cause(code)}")

    def _give_back(self, process: ParserProcess) -> None:
        is_worn = process.files_taken >= self._files_per_process
        if self._is_closed or is_worn or not process.is_alive:
            self._dismiss(process)
            return
        process.tidy()
        # The warmest process is taken first, so that a quiet pool wears out one at a time.
        self._idle.appendleft(process)

    def _dismiss(self, process: ParserProcess) -> None:
        task = asyncio.get_running_loop().create_task(process.wait())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


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


def _failed(kind: FailureKind, message: str) -> EngineResult:
    failure = EngineFailure(kind=kind, message=message[:MAX_MESSAGE_CHARACTERS])
    return EngineResult(failure=failure)
