"""Files on their way to the parser: opened, hashed and looked up some at a time, and ahead."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Self

from sheaf.contracts.failures import DocumentError
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.reuse import FileKey, ResultKey
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequest, ParseRequests
from sheaf.processing.images import image_folder
from sheaf.processing.job_work import Work
from sheaf.processing.outcomes import failed, skipped
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.rules.name_hints import name_hint
from sheaf.sources.content import Content
from sheaf.sources.items import ItemFiles

OPENED_FILES = 64
"""Files opened, hashed and looked up together: by one call of a thread, and one query."""

OPENED_BYTES = 64 * 1024 * 1024
"""Most bytes of files opened together, but for a single larger one. Those of object stores lie on
the disk for so long, and those of up to three groups at once: one whose last files are parsed, one
that is being taken, and the next."""


@dataclass(frozen=True)
class OpenFile:
    """A file that is ready to be parsed."""

    item: ClaimedItem
    content: Content
    image_folder: str | None


@dataclass(frozen=True)
class OpenFileGroup:
    """Files that were opened together, without those whose outcome is known already."""

    known: Sequence[Processed]
    opened: Sequence[OpenFile]


class FileOpener:
    """Opens files, and tells those that need no parse.

    Args:
        files: opens what is to be read.
        items: for results of earlier jobs on the same bytes.
    """

    def __init__(self, files: ItemFiles, items: ItemLedger) -> None:
        self._files = files
        self._items = items

    @asynccontextmanager
    async def opened(
        self, work: Work, group: Sequence[ClaimedItem]
    ) -> AsyncGenerator[OpenFileGroup, None]:
        """Open and hash files; they stay open within the context.

        Raises:
            OutageError: what holds the files does not answer.
        """
        async with AsyncExitStack() as stack:
            paths = await stack.enter_async_context(
                self._files.on_disk(work.spec.project_id, group)
            )
            contents = await self._files.contents(work.spec.project_id, group, paths)
            keys = [_file_key(*pair) for pair in zip(group, contents, strict=True)]
            results = await self._known_results(work, [key for key in keys if key])
            known, opened = [], []
            for item, content, key in zip(group, contents, keys, strict=True):
                if isinstance(content, DocumentError):
                    known.append(failed(item, content))
                elif key and (result_id := results.get(key)):
                    known.append(skipped(item, result_id, content))
                else:
                    folder = stack.enter_context(image_folder(work.options))
                    opened.append(OpenFile(item, content, folder))
            yield OpenFileGroup(known, opened)

    async def check(self, work: Work, one: OpenFile) -> None:
        """Check that a file is still what was opened.

        Raises:
            DocumentError: it is another, or gone, or cannot be looked at.
            OutageError: what holds it does not answer.
        """
        await self._files.check(work.spec.project_id, one.item, one.content)

    async def _known_results(self, work: Work, files: Sequence[FileKey]) -> dict[FileKey, str]:
        if not work.reuses:
            return {}
        spec = work.spec
        key = ResultKey(spec.project_id, spec.parameters_hash, spec.engine_fingerprint)
        return await self._items.reusable(spec.job_id, files, key)


def _file_key(item: ClaimedItem, content: Content | DocumentError) -> FileKey | None:
    """Return what an earlier result of a file is found by, if it could be read."""
    if isinstance(content, DocumentError):
        return None
    return FileKey(content.sha256, name_hint(item.display_name))


@dataclass
class _Held:
    """What keeps a group open, and how many of its files are not answered yet."""

    stack: AsyncExitStack
    left: int


class Prefetcher(ParseRequests):
    """The files of one slice, of which the next group is opened while one is parsed.

    Args:
        groups: opened one after the other.
        open_group: opens one; what it gives stays open within its context.
        requests: writes the requests of a group, as far as its second argument does not say that
            nothing is begun any more.
        budget: asked before each file, and before each group but the first; None has no end.
    """

    def __init__(
        self,
        groups: Iterator[Sequence[ClaimedItem]],
        open_group: Callable[[Sequence[ClaimedItem]], AbstractAsyncContextManager[OpenFileGroup]],
        requests: Callable[
            [Sequence[OpenFile], Callable[[], bool]], Awaitable[Sequence[ParseRequest]]
        ],
        budget: SliceBudget | None,
    ) -> None:
        self._groups = groups
        self._open_group = open_group
        self._requests = requests
        self._budget = budget or SliceBudget()
        self._known: list[Processed] = []
        self._ready: deque[tuple[OpenFile, ParseRequest, _Held]] = deque()
        self._begun: deque[tuple[OpenFile, _Held]] = deque()
        self._changed = asyncio.Event()
        """Set whenever something was added to or taken from what is ready."""
        self._ends = False
        self._filling: asyncio.Task[None] | None = None
        self._stacks = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._filling = asyncio.create_task(self._fill())
        return self

    async def __aexit__(self, *cause: object) -> None:
        self._end()
        assert self._filling is not None
        # To its end, and not cancelled: it may be in the middle of a query.
        await asyncio.wait({self._filling})
        if not self._filling.cancelled():
            self._filling.exception()
        await self._stacks.aclose()

    @property
    def is_one_at_hand(self) -> bool:
        """Whether a file is open that was not taken yet."""
        return bool(self._ready) and not self._ends

    def take(self) -> ParseRequest | None:
        """Return the next file, if one is open and there is time for it."""
        if not self.is_one_at_hand:
            return None
        if not self._budget.begins():
            self._end()
            return None
        opened, request, held = self._ready.popleft()
        self._begun.append((opened, held))
        self._changed.set()
        return request

    async def wait(self) -> bool:
        """Wait until a file is open; False once there will be none any more.

        Raises:
            Exception: whatever kept the next group from being opened.
        """
        assert self._filling is not None
        while not (self._ready or self._ends):
            if self._filling.done():
                self._filling.result()
                return False
            await self._change()
        return not self._ends

    def take_known(self) -> list[Processed]:
        """Return what became known without a parse since the last call."""
        known, self._known = self._known, []
        return known

    @asynccontextmanager
    async def answered(self) -> AsyncGenerator[OpenFile, None]:
        """Give the oldest file that was taken; it stays open within the context."""
        opened, held = self._begun.popleft()
        yield opened
        held.left -= 1
        if not held.left:
            await held.stack.aclose()

    async def _fill(self) -> None:
        try:
            for number, group in enumerate(self._groups):
                if self._ends or (number and self._budget.is_over):
                    return
                added = await self._add(group)
                # One of its own must be taken: those of the group before it come first.
                while added and len(self._ready) >= added and not self._ends:
                    await self._change()
        finally:
            self._changed.set()

    async def _add(self, group: Sequence[ClaimedItem]) -> int:
        """Open a group, and return how many of its files are to be parsed."""
        stack = await self._stacks.enter_async_context(AsyncExitStack())
        found = await stack.enter_async_context(self._open_group(group))
        requests = await self._requests(found.opened, lambda: self._ends)
        held = _Held(stack, len(requests))
        self._ready += [(*pair, held) for pair in zip(found.opened, requests, strict=True)]
        self._known += found.known
        self._changed.set()
        if not held.left:
            await stack.aclose()
        return held.left

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _end(self) -> None:
        self._ends = True
        self._changed.set()


def groups_of(items: Sequence[ClaimedItem]) -> Iterator[list[ClaimedItem]]:
    """Part items, in order, into those whose files are opened together."""
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
