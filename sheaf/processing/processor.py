"""From claimed items to their outcomes: open, hash, skip or parse."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import Protocol

from sheaf.contracts.documents import EngineRequest, EngineResult, ParseOptions
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequest, ParseRequests, RequestList
from sheaf.processing.images import written_images
from sheaf.processing.job_work import Work
from sheaf.processing.outcomes import completed, failed
from sheaf.processing.passwords import Passwords
from sheaf.processing.prefetch import FileOpener, OpenFile, Prefetcher, groups_of
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.sources.items import ItemFiles
from sheaf.sources.unreadable import failure_of_item
from sheaf.storage.scratch import on_scratch


class Parser(Protocol):
    """Reads files in processes that may die."""

    def run_many(
        self, project_id: str, requests: ParseRequests
    ) -> AsyncGenerator[EngineResult, None]:
        """Yield a document or a failure for each file; never raises for what a file does.

        Raises:
            OutageError: there is nothing that could read files now.
        """
        ...


class DocumentProcessor:
    """Processes claimed items, one at a time a call.

    Args:
        parser: the pool of parser processes.
        items: for results of earlier jobs on the same bytes.
        files: opens what is to be read.
        passwords: for documents that need one.
    """

    def __init__(
        self,
        parser: Parser,
        items: ItemLedger,
        files: ItemFiles,
        passwords: Passwords | None = None,
    ) -> None:
        self._parser = parser
        self._opener = FileOpener(files, items)
        self._passwords = passwords or Passwords()

    async def process(
        self,
        work: Work,
        items: Sequence[ClaimedItem],
        file_seconds: float,
        budget: SliceBudget | None = None,
    ) -> AsyncGenerator[Processed, None]:
        """Yield what became of each item. A fault of a document is an outcome, not an error.

        Args:
            work: what their job asks for.
            items: in the order in which they are parsed; those that are known without a parse are
                yielded between the others.
            file_seconds: wall time for one file where the job asks for no other.
            budget: says when nothing more is to be begun; None works through all.
        """
        open_group = partial(self._opener.opened, work)
        requests = partial(self._requests, work, work.file_seconds or file_seconds)
        async with Prefetcher(groups_of(items), open_group, requests, budget) as prefetcher:
            async with aclosing(
                self._parser.run_many(work.spec.project_id, prefetcher)
            ) as responses:
                async for response in responses:
                    async with prefetcher.answered() as one:
                        processed = await self._finished(work, one, response)
                    yield processed
                    # After it, so that the time until now is known to be its.
                    for processed in prefetcher.take_known():
                        yield processed
            for processed in prefetcher.take_known():
                yield processed

    async def _requests(
        self,
        work: Work,
        file_seconds: float,
        opened: Sequence[OpenFile],
        is_over: Callable[[], bool],
    ) -> list[ParseRequest]:
        pages = await self._page_counts(work, file_seconds, opened, is_over)
        extra = work.extra_seconds_per_page
        return [
            ParseRequest(self._request(work, one), file_seconds + count * extra)
            for one, count in zip(opened, pages, strict=True)
        ]

    async def _page_counts(
        self,
        work: Work,
        file_seconds: float,
        opened: Sequence[OpenFile],
        is_over: Callable[[], bool],
    ) -> list[int]:
        """Return the pages of each file where its time depends on them; it takes a look at each.

        Once nothing is begun any more, the rest is not looked at.
        """
        if not work.extra_seconds_per_page:
            return [0] * len(opened)
        glance = {
            "options": ParseOptions(max_pages=1, ocr=False),
            "rules": None,
            "image_folder": None,
            "rendering": None,
        }
        requests = [
            ParseRequest(self._request(work, one).changed(**glance), file_seconds) for one in opened
        ]
        listed = RequestList(requests, is_over)
        async with aclosing(self._parser.run_many(work.spec.project_id, listed)) as responses:
            pages = [one.document.total_pages if one.document else 1 async for one in responses]
        return pages + [1] * (len(opened) - len(pages))

    def _request(self, work: Work, one: OpenFile) -> EngineRequest:
        return EngineRequest(
            path=str(one.content.path),
            name=one.item.display_name,
            options=work.options,
            rules=work.rules,
            image_folder=one.image_folder,
            rendering=work.rendering if work.has_style else None,
            passwords=self._passwords.named(work.options.password_ref),
        )

    async def _finished(self, work: Work, one: OpenFile, response: EngineResult) -> Processed:
        try:
            images = {}
            if one.image_folder is not None:
                images = await on_scratch(partial(written_images, response, one.image_folder))
            await self._opener.check(work, one)
            return completed(work, one.item, response, one.content, images)
        except Exception as error:  # noqa: BLE001 - of this file alone
            return failed(one.item, failure_of_item(error))
