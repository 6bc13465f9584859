"""The second stage of a file's bytes: parsed, in processes that may die."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Protocol

from sheaf.contracts.documents import EngineRequest, EngineResult, ParseOptions
from sheaf.parser_pool.requests import ParseRequest, ParseRequests, ParseResponse
from sheaf.processing.images import written_images
from sheaf.processing.job_work import Work
from sheaf.processing.open_files import FileOpener, OpenFile, OpenFiles
from sheaf.processing.outcomes import completed, failed_outcome
from sheaf.processing.passwords import Passwords
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.sources.unreadable import failure_of_item
from sheaf.storage.scratch import on_scratch


class Parser(Protocol):
    """Reads files in processes that may die."""

    def run_many(
        self,
        project_id: str,
        requests: ParseRequests,
        begins: Callable[[], bool],
        stop: asyncio.Future[None] | None,
    ) -> AsyncGenerator[ParseResponse, None]:
        """Yield a response for each request; never raises for what a file does.

        Args:
            project_id: whose files these are.
            requests: taken as there is room for them.
            begins: asked before each; after a no, nothing more is begun.
            stop: kills what runs once it is done.

        Raises:
            OutageError: there is nothing that could read files now.
            asyncio.CancelledError: `stop` was done.
        """
        ...


class RequestWriter:
    """Writes what a parser is asked of files that are open.

    Args:
        parser: takes a look at files whose time depends on their pages.
        work: what their job asks for.
        passwords: for documents that need one.
        file_seconds: wall time for one file where the job asks for no other.
        stop: ends a look.
    """

    def __init__(
        self,
        parser: Parser,
        work: Work,
        passwords: Passwords,
        file_seconds: float,
        stop: asyncio.Future[None] | None,
    ) -> None:
        self._parser = parser
        self._work = work
        self._passwords = passwords
        self._file_seconds = work.file_seconds or file_seconds
        self._stop = stop

    async def requests(
        self, opened: Sequence[OpenFile], is_over: Callable[[], bool]
    ) -> list[ParseRequest]:
        """Return the request of each file, which bears the file's id."""
        pages = await self._page_counts(opened, is_over)
        extra = self._work.extra_seconds_per_page
        return [
            ParseRequest(
                one.request_id,
                self._engine_request(one),
                self._file_seconds + pages.get(one.request_id, 1) * extra,
            )
            for one in opened
        ]

    async def _page_counts(
        self, opened: Sequence[OpenFile], is_over: Callable[[], bool]
    ) -> dict[str, int]:
        """Return the pages of files where their time depends on them; it takes a look at each.

        Once nothing is begun any more, the rest is not looked at.
        """
        if not self._work.extra_seconds_per_page:
            return {}
        glance = {
            "options": ParseOptions(max_pages=1, ocr=False),
            "rules": None,
            "image_folder": None,
            "rendering": None,
        }
        looks = [
            ParseRequest(
                one.request_id, self._engine_request(one).changed(**glance), self._file_seconds
            )
            for one in opened
        ]
        responses = self._parser.run_many(
            self._work.spec.project_id,
            ParseRequests.of([looks]),
            lambda: not is_over(),
            self._stop,
        )
        async with aclosing(responses):
            return {
                one.request_id: one.result.document.total_pages if one.result.document else 1
                async for one in responses
            }

    def _engine_request(self, one: OpenFile) -> EngineRequest:
        work = self._work
        return EngineRequest(
            path=str(one.content.path),
            name=one.item.display_name,
            options=work.options,
            rules=work.rules,
            image_folder=one.image_folder,
            rendering=work.rendering if work.has_style else None,
            passwords=self._passwords.named(work.options.password_ref),
        )


class ParseStage:
    """Has files read, and makes results of the responses.

    Args:
        parser: the pool of parser processes.
        work: what their job asks for.
        opener: says whether a file is still what was opened.
        open_files: the files, by the ids of their requests.
        budget: says when nothing more is to be begun.
    """

    def __init__(
        self,
        parser: Parser,
        work: Work,
        opener: FileOpener,
        open_files: OpenFiles,
        budget: SliceBudget,
    ) -> None:
        self._parser = parser
        self._work = work
        self._opener = opener
        self._open_files = open_files
        self._budget = budget

    async def run(
        self,
        requests: ParseRequests,
        processed: BoundedQueue[Processed],
        stop: asyncio.Future[None] | None,
    ) -> None:
        """Have files read until there are no more, the time is up, or `stop` is done.

        Raises:
            OutageError: there is nothing that could read files now.
            asyncio.CancelledError: `stop` was done.
        """
        responses = self._parser.run_many(
            self._work.spec.project_id, requests, self._budget.begins, stop
        )
        async with aclosing(responses):
            async for response in responses:
                async with self._open_files.closing(response.request_id) as one:
                    finished = await self._finished(one, response.result)
                if not await processed.put(replace(finished, seconds=response.seconds)):
                    return

    async def _finished(self, one: OpenFile, result: EngineResult) -> Processed:
        try:
            images = {}
            if one.image_folder is not None:
                images = await on_scratch(partial(written_images, result, one.image_folder))
            await self._opener.check(self._work, one)
            return completed(self._work, one.item, result, one.content, images)
        except Exception as error:  # noqa: BLE001 - of this file alone
            return failed_outcome(one.item, failure_of_item(error))
