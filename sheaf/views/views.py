"""Results as callers see them, written by processes that may be killed.

What a result holds came out of a document, so no event loop decodes, matches or renders it: a
process of the result's project writes the parts that are asked for into files, under a deadline,
and those files are handed on as they are.
"""

import asyncio
import math
import shutil
import time
import uuid
import weakref
from collections.abc import AsyncIterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import structlog

from sheaf.contracts.documents import EngineRequest
from sheaf.contracts.failures import FailureKind, OutageError
from sheaf.contracts.views import MOST_IMAGES, Part, View, ViewRequest
from sheaf.parser_pool.pool import ParserPool
from sheaf.processing.result_store import ResultStore
from sheaf.processing.results import TaskResult
from sheaf.storage.blobs import Blobs
from sheaf.storage.scratch import on_scratch, own_folder
from sheaf.views.files import RefusedError, Written, opened

log = structlog.get_logger(__name__)

MODULE = "sheaf.views.handler"
MOST_STORED_BYTES = 768 * 1024**2
"""Of a result in the store: a parser's answer, and its markdown beside it."""
MOST_WRITTEN_BYTES = 256 * 1024**2
"""Of all parts of a result that are asked for at once."""
ANSWER_BYTES = MOST_IMAGES * 400
"""Of what a process tells of them, which is decoded in the loop."""
IDLE_SECONDS = 60.0
TRIES = 2
STORED, PARTS = "stored", "parts"
"""What is in the folder of a result: a copy of it, and a folder for what is written."""


class UnwritableError(Exception):
    """What is asked for of a result can never be written, or not within its bounds."""


class BusyError(OutageError):
    """No process could be had for a result just now."""

    def __init__(self, cause: str) -> None:
        super().__init__("the process that writes results", cause)


class Views:
    """Has parts of results written, a few results at a time, and fewer of one project.

    Args:
        blobs: where results are kept.
        processes: most processes, busy and idle; each belongs to one project.
        at_once: results that are written at the same time, half of them of one project: so none
            keeps the others out.
        seconds: the time for the parts of one result, once it is its turn.
        wait_seconds: how long a result waits for its turn.
        memory_bytes: bound of the address space of each process.
        module: what the processes run.
    """

    def __init__(
        self,
        blobs: Blobs,
        *,
        processes: int,
        at_once: int,
        seconds: float,
        wait_seconds: float,
        memory_bytes: int,
        module: str = MODULE,
    ) -> None:
        self._store = ResultStore(blobs)
        self._seconds = seconds
        self._wait_seconds = wait_seconds
        self._pool = ParserPool(
            processes,
            module,
            memory_bytes,
            answer_bytes=ANSWER_BYTES,
            idle_seconds=IDLE_SECONDS,
        )
        at_once = min(at_once, processes)
        self._of_one_project = max(1, at_once // 2)
        self._turns = asyncio.Semaphore(at_once)
        self._turns_of: MutableMapping[str, asyncio.Semaphore] = weakref.WeakValueDictionary()

    async def close(self) -> None:
        """Kill what runs, and end all processes. Idempotent."""
        await self._pool.close()

    async def written(
        self,
        result: TaskResult,
        parts: Sequence[Part],
        *,
        lists_images: bool = False,
        image_names: Sequence[str] | None = None,
        most_bytes: int = MOST_WRITTEN_BYTES,
    ) -> Written:
        """Have parts of a result written; the caller closes them.

        Args:
            result: whose parts.
            parts: may be none.
            lists_images: whether to tell of its pictures too.
            image_names: the pictures to tell of; None tells of all.
            most_bytes: bound of all parts together.

        Raises:
            NotFoundError: the result is not in the store any more.
            UnwritableError: another try will not help; the message says what would.
            BusyError: another try in a few seconds may help.
            OSError, OutageError: the store, or the folder for temporary files, cannot be used.
        """
        asked = ViewRequest(
            folder="",
            parts=tuple(dict.fromkeys(parts)),
            shows_layout=result.work.shows_layout,
            is_reused=result.is_reused,
            lists_images=lists_images,
            image_names=None if image_names is None else tuple(image_names),
            most_bytes=most_bytes,
        )
        async with self._turn(result.project_id):
            folder = own_folder() / f"view-{uuid.uuid4().hex}"
            try:
                await self._fetch(result, folder)
                answer = await self._answer(result, asked, folder)
                return await on_scratch(partial(_taken, answer, folder, asked))
            except BaseException as error:
                await on_scratch(partial(_delete, folder))
                if isinstance(error, RefusedError):
                    raise UnwritableError(_told(result, asked, str(error))) from error
                raise

    async def _answer(self, result: TaskResult, asked: ViewRequest, folder: Path) -> View:
        request = EngineRequest(
            path=str(folder / STORED),
            name=result.task_id,
            rendering=result.work.rendering,
            view=asked.changed(folder=str(folder / PARTS)),
            cpu_seconds=math.ceil(self._seconds) + 1,
        )
        until = time.monotonic() + self._seconds
        failure = None
        for number in range(TRIES):
            if number:
                await on_scratch(partial(_empty, folder / PARTS))
            left = max(0.0, until - time.monotonic())
            answer = await self._pool.run(result.project_id, request, left)
            failure = answer.failure
            # A process that died may have been killed by the machine, for want of memory.
            if failure is None or failure.kind is not FailureKind.CRASHED:
                break
        if failure is None:
            return answer.view or View()
        log.warning(
            "a result is not written",
            task_id=result.task_id,
            project=result.project_id,
            kind=str(failure.kind),
            cause=failure.message[:300],
        )
        if failure.kind.is_transient:
            raise BusyError(failure.message)
        if failure.kind is FailureKind.TIMEOUT:
            raise RefusedError(f"it takes over {self._seconds:g} s")
        raise RefusedError(failure.message)

    async def _fetch(self, result: TaskResult, folder: Path) -> None:
        """Copy a result from the store into a folder that is made for it."""
        size = 0
        try:
            async for block in self._store.line(result.place):
                size += len(block)
                if size > MOST_STORED_BYTES:
                    raise RefusedError(f"it is over {MOST_STORED_BYTES} bytes")
                await on_scratch(partial(_append, folder, block))
        except FileNotFoundError:
            raise result.missing() from None

    @asynccontextmanager
    async def _turn(self, project_id: str) -> AsyncIterator[None]:
        of_project = self._turns_of.setdefault(project_id, asyncio.Semaphore(self._of_one_project))
        try:
            async with asyncio.timeout(self._wait_seconds):
                await of_project.acquire()
                try:
                    await self._turns.acquire()
                except BaseException:
                    of_project.release()
                    raise
        except TimeoutError:
            raise BusyError("too many results are being written") from None
        try:
            yield
        finally:
            self._turns.release()
            of_project.release()


def _append(folder: Path, block: bytes) -> None:
    if not folder.exists():
        folder.mkdir()
        (folder / PARTS).mkdir()
    with (folder / STORED).open("ab") as file:
        file.write(block)


def _empty(folder: Path) -> None:
    _delete(folder)
    folder.mkdir()


def _taken(view: View, folder: Path, asked: ViewRequest) -> Written:
    """Take the parts out of a folder, which is deleted."""
    written = opened(view, folder / PARTS, asked.parts, asked.most_bytes)
    _delete(folder)
    return written


def _delete(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _told(result: TaskResult, asked: ViewRequest, why: str) -> str:
    names = [part.removeprefix("v1_").removesuffix("_json") for part in asked.parts]
    return (
        f"The result of {result.task_id} cannot be written as {', '.join(names) or 'images'}: "
        f"{why}. Ask for less of it at once, such as its text alone; `sheaf export` copies its "
        "markdown as it was stored."
    )
