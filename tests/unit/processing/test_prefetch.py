"""Files on their way to the parser: what is opened when, and what closes it again."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import EngineRequest
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequest, ParseRequests
from sheaf.processing.open_files import OpenFile, OpenFileGroup, OpenFiles
from sheaf.processing.outcomes import failed_outcome
from sheaf.processing.prefetch import OPENED_BYTES, OPENED_FILES, Prefetcher, groups_of
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages
from sheaf.sources.content import Content
from tests.claimed import claimed

GONE = DocumentError(FailureKind.SOURCE_CHANGED, "gone")


class Files:
    """Opens groups; knows which are open, and can make one slow or broken."""

    def __init__(self, gone: Sequence[int] = ()) -> None:
        self.gone = gone
        self.open: set[int] = set()
        self.opened: list[int] = []
        self.broken: int | None = None
        self.held = asyncio.Event()
        self.held.set()
        self.requests = ParseRequests(1)
        self.processed = BoundedQueue[Processed](100)
        self._group: list[ParseRequest] = []

    @asynccontextmanager
    async def group(self, group: Sequence[ClaimedItem]) -> AsyncGenerator[OpenFileGroup, None]:
        first = group[0].ordinal
        await self.held.wait()
        if self.broken == first:
            raise OSError("the ledger is gone")
        self.open.add(first)
        self.opened.append(first)
        known = [failed_outcome(one, GONE) for one in group if one.ordinal in self.gone]
        content = Content(Path("in"), (1, 1), "0" * 64)
        files = [OpenFile(one, content, None) for one in group if one.ordinal not in self.gone]
        try:
            yield OpenFileGroup(known, files)
        finally:
            self.open.remove(first)

    async def write(
        self, opened: Sequence[OpenFile], is_over: Callable[[], bool]
    ) -> list[ParseRequest]:
        return [
            ParseRequest(one.request_id, EngineRequest(path="in", name=one.item.display_name), 60)
            for one in opened
        ]

    @asynccontextmanager
    async def prefetching(
        self, groups: Sequence[Sequence[int]], is_over: Callable[[], bool] = lambda: False
    ) -> AsyncIterator[OpenFiles]:
        made = ([claimed(ordinal) for ordinal in group] for group in groups)
        async with Stages() as stages:
            files = OpenFiles(stages.resources)
            budget = SliceBudget(is_stopped=is_over)
            prefetcher = Prefetcher(self.group, self.write, files, budget)
            run = prefetcher.run(made, self.requests, self.processed)
            stages.start(run, writes=(self.requests, self.processed))
            yield files

    async def take(self) -> ParseRequest | None:
        """Return the next request, as a pipeline takes it; None where there is none any more."""
        if not self._group and await self.requests.wait():
            self._group = list(self.requests.take() or ())
        return self._group.pop(0) if self._group else None

    async def name(self) -> str:
        request = await self.take()
        assert request is not None
        return request.engine_request.name

    def known(self) -> list[int]:
        found = []
        while one := self.processed.take():
            found.append(one.outcome.item.ordinal)
        return found


async def turn_over() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_next_group_is_opened_once_one_is_begun_and_no_earlier() -> None:
    files = Files()
    async with files.prefetching([[1, 2], [3, 4], [5, 6]]):
        assert await files.requests.wait()
        await turn_over()
        assert files.open == {1}
        assert await files.name() == "1.txt"
        await turn_over()
        assert files.open == {1, 3}
        assert await files.name() == "2.txt"
        await turn_over()
        assert files.open == {1, 3}
        files.requests.close()


async def test_a_group_is_closed_when_the_last_of_its_files_has_its_response() -> None:
    files = Files()
    async with files.prefetching([[1, 2], [3]]) as open_files:
        requests = [await files.take() for _ in range(3)]
        # By their ids, in whatever order they are answered.
        for place, left in ((1, {1, 3}), (2, {1}), (0, set[int]())):
            request = requests[place]
            assert request is not None
            async with open_files.closing(request.id) as opened:
                assert opened.item.ordinal == place + 1
                assert files.open >= left
            assert files.open == left
        assert await files.take() is None


async def test_files_that_are_known_are_told_and_never_taken() -> None:
    files = Files(gone=(1, 2, 4))
    async with files.prefetching([[1, 2], [3, 4], [5]]):
        assert await files.name() == "3.txt"
        assert files.known() == [1, 2, 4]
        assert await files.name() == "5.txt"
        assert files.known() == []


async def test_a_reader_that_begins_nothing_more_has_nothing_more_opened() -> None:
    files = Files()
    async with files.prefetching([[1, 2], [3], [4]]):
        assert await files.name() == "1.txt"
        await turn_over()
        files.requests.close()
    assert files.opened == [1, 3]
    assert not files.open


async def test_groups_of_known_files_end_with_the_time_too() -> None:
    files = Files(gone=(1, 2, 3))
    async with files.prefetching([[1], [2], [3]], lambda: len(files.opened) == 2):
        assert await files.take() is None
        assert files.known() == [1, 2]


async def test_a_group_that_cannot_be_opened_raises_after_those_before_it() -> None:
    files = Files()
    files.broken = 3
    taken = []

    async def take_all() -> None:
        async with files.prefetching([[1, 2], [3]]):
            while request := await files.take():
                taken.append(request.engine_request.name)

    with pytest.raises(OSError, match="the ledger is gone"):
        await take_all()
    assert taken == ["1.txt", "2.txt"]
    assert not files.open


async def test_leaving_waits_for_a_group_that_is_being_opened_and_closes_it() -> None:
    files = Files()
    async with files.prefetching([[1], [2]]):
        assert await files.name() == "1.txt"
        files.held.clear()
        await turn_over()
        files.requests.close()
        asyncio.get_running_loop().call_later(0.01, files.held.set)
    assert files.opened == [1, 2]
    assert not files.open


async def test_a_response_that_belongs_to_no_open_file_is_given_to_none() -> None:
    async with AsyncExitStack() as resources:
        files = Files()
        open_files = OpenFiles(resources)
        await open_files.open(files.group([claimed(1), claimed(2)]))
        request_id = claimed(1).task_id
        async with open_files.closing(request_id):
            pass
        for unknown in (request_id, "another", ""):
            with pytest.raises(KeyError):
                async with open_files.closing(unknown):
                    pass
        assert files.open == {1}
    assert not files.open


@given(st.lists(st.integers(0, 2 * OPENED_BYTES), max_size=200))
def test_groups_hold_every_item_once_in_order_and_within_their_bounds(sizes: list[int]) -> None:
    items = [claimed(n, size_bytes=size) for n, size in enumerate(sizes, start=1)]
    groups = list(groups_of(items))
    assert [one for group in groups for one in group] == items
    for group in groups:
        assert 0 < len(group) <= OPENED_FILES
        assert len(group) == 1 or sum(one.size_bytes for one in group) <= OPENED_BYTES
