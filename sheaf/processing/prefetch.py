"""The first stage of a file's bytes: opened and hashed, some at a time, and ahead of the parser."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager

from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequest, ParseRequests
from sheaf.processing.open_files import OpenFile, OpenFileGroup, OpenFiles
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue

OPENED_FILES = 64
"""Files opened, hashed and looked up together: by one call of a thread, and one query."""

OPENED_BYTES = 64 * 1024 * 1024
"""Most bytes of files opened together, but for a single larger one. Those of object stores lie on
the disk for so long, and those of up to three groups at once: one whose last files are parsed, one
that is being taken, and the next."""


class Prefetcher:
    """Opens the files of one slice, the next group while one is parsed.

    Args:
        open_group: opens one; what it gives stays open within its context.
        write_requests: writes the requests of a group, as far as its second argument does not say
            that nothing is begun any more.
        open_files: gets what was opened.
        budget: asked before each group but the first.
    """

    def __init__(
        self,
        open_group: Callable[[Sequence[ClaimedItem]], AbstractAsyncContextManager[OpenFileGroup]],
        write_requests: Callable[
            [Sequence[OpenFile], Callable[[], bool]], Awaitable[Sequence[ParseRequest]]
        ],
        open_files: OpenFiles,
        budget: SliceBudget,
    ) -> None:
        self._open_group = open_group
        self._write_requests = write_requests
        self._open_files = open_files
        self._budget = budget

    async def run(
        self,
        groups: Iterator[Sequence[ClaimedItem]],
        requests: ParseRequests,
        processed: BoundedQueue[Processed],
    ) -> None:
        """Open one group after the other.

        Args:
            groups: of items, in the order in which they are parsed.
            requests: gets those of each group. It has room for one: so the next is opened once the
                first file of the one before is begun, and no earlier.
            processed: gets what became known without a parse.

        Raises:
            Exception: whatever kept a group from being opened.
        """
        for number, group in enumerate(groups):
            if not await requests.room() or (number and self._budget.is_over):
                return
            found = await self._open_files.open(self._open_group(group))
            for one in found.known:
                if not await processed.put(one):
                    return
            if found.opened:
                asked = await self._write_requests(found.opened, lambda: requests.is_closed)
                await requests.put(asked)


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
