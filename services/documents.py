"""From claimed items to their outcomes: open, hash, skip or parse."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from models.documents import EngineRequest, EngineResult, ParseOptions
from models.failures import DocumentError
from services.canonical import completed, failed, skipped
from services.engines.lane import Order
from services.images import image_folder, written_images
from services.ledger.items import ItemLedger
from services.ledger.records import ClaimedItem
from services.passwords import Passwords
from services.result_store import Processed
from services.sources.content import Content, read_contents
from services.sources.items import ItemFiles
from services.work import Work

OPENED_FILES = 32
"""Files opened, hashed and looked up together: by one call of a thread, and one query."""

OPENED_BYTES = 64 * 1024 * 1024
"""Most bytes of files opened together, but for a single larger one. Files from object stores lie
on the disk for so long."""


class Parser(Protocol):
    """Reads files in processes that may die."""

    def run_many(self, orders: Iterator[Order]) -> AsyncGenerator[EngineResult, None]:
        """Yield a document or a failure for each file; never raises for what a file does."""
        ...


@dataclass(frozen=True)
class _Opened:
    """A file that is ready to be parsed."""

    item: ClaimedItem
    content: Content
    image_folder: str | None


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
        self._passwords = passwords or Passwords()
        self._parser = parser
        self._items = items
        self._files = files

    async def process(
        self,
        work: Work,
        items: Sequence[ClaimedItem],
        file_seconds: float,
        is_over: Callable[[], bool] = lambda: False,
    ) -> AsyncGenerator[Processed, None]:
        """Yield what became of each item. A fault of a document is an outcome, not an error.

        Args:
            work: what their job asks for.
            items: in the order in which they are parsed; some may be known before it is their
                turn, and are yielded first.
            file_seconds: wall time for one file where the job asks for no other.
            is_over: asked before each file; once it is true, the rest is not begun.
        """
        for number, group in enumerate(_groups(items)):
            if number and is_over():
                return
            async with self._opened(work, group) as (known, opened):
                for processed in known:
                    yield processed
                seconds = work.file_seconds or file_seconds
                async with aclosing(self._parsed(work, opened, seconds, is_over)) as parsed:
                    async for processed in parsed:
                        yield processed

    @asynccontextmanager
    async def _opened(
        self, work: Work, group: Sequence[ClaimedItem]
    ) -> AsyncGenerator[tuple[list[Processed], list[_Opened]], None]:
        """Open and hash files; part them into those whose outcome is known and the others."""
        async with AsyncExitStack() as stack:
            paths = await stack.enter_async_context(
                self._files.on_disk(work.spec.project_id, group)
            )
            contents = await asyncio.to_thread(read_contents, paths)
            results = await self._known_results(work, contents)
            known, opened = [], []
            for item, content in zip(group, contents, strict=True):
                if isinstance(content, DocumentError):
                    known.append(failed(item, content))
                elif result_id := results.get(content.sha256):
                    known.append(skipped(item, result_id, content.sha256))
                else:
                    folder = stack.enter_context(image_folder(work.options))
                    opened.append(_Opened(item, content, folder))
            yield known, opened

    async def _known_results(
        self, work: Work, contents: Sequence[Content | DocumentError]
    ) -> dict[str, str]:
        if not work.reuses:
            return {}
        hashes = [content.sha256 for content in contents if isinstance(content, Content)]
        key = (work.spec.parameters_hash, work.spec.engine_fingerprint)
        return await self._items.reusable(work.spec.job_id, hashes, key)

    async def _parsed(
        self,
        work: Work,
        opened: Sequence[_Opened],
        file_seconds: float,
        is_over: Callable[[], bool],
    ) -> AsyncGenerator[Processed, None]:
        pages = await self._page_counts(work, opened, file_seconds)
        begun: deque[_Opened] = deque()

        def orders() -> Iterator[Order]:
            for one, count in zip(opened, pages, strict=True):
                if is_over():
                    return
                begun.append(one)
                seconds = file_seconds + count * work.extra_seconds_per_page
                yield Order(self._request(work, one), seconds)

        async with aclosing(self._parser.run_many(orders())) as answers:
            async for answer in answers:
                yield await _finished(work, begun.popleft(), answer)

    async def _page_counts(
        self, work: Work, opened: Sequence[_Opened], file_seconds: float
    ) -> list[int]:
        """Return the pages of each file where its time depends on them; it takes a look at each."""
        if not work.extra_seconds_per_page:
            return [0] * len(opened)
        glance = {
            "options": ParseOptions(max_pages=1, ocr=False),
            "rules": None,
            "image_folder": None,
        }
        orders = [
            Order(self._request(work, one).model_copy(update=glance), file_seconds)
            for one in opened
        ]
        async with aclosing(self._parser.run_many(iter(orders))) as answers:
            return [
                answer.document.total_pages if answer.document else 1 async for answer in answers
            ]

    def _request(self, work: Work, one: _Opened) -> EngineRequest:
        return EngineRequest(
            path=str(one.content.path),
            name=one.item.display_name,
            options=work.options,
            rules=work.rules,
            image_folder=one.image_folder,
            passwords=self._passwords.named(work.options.password_ref),
        )


async def _finished(work: Work, one: _Opened, answer: EngineResult) -> Processed:
    try:
        images = {}
        if one.image_folder is not None:
            images = await asyncio.to_thread(written_images, answer, one.image_folder)
        one.content.check()
        return completed(work, one.item, answer, one.content.sha256, images)
    except DocumentError as error:
        return failed(one.item, error)


def _groups(items: Sequence[ClaimedItem]) -> Iterator[list[ClaimedItem]]:
    group: list[ClaimedItem] = []
    size = 0
    for item in items:
        if group and (len(group) == OPENED_FILES or size + item.size_bytes > OPENED_BYTES):
            yield group
            group, size = [], 0
        group.append(item)
        size += item.size_bytes
    if group:
        yield group
