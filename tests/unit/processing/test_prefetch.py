"""Files on their way to the parser: what is opened when, and what closes it again."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheaf.contracts.documents import EngineRequest
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequest
from sheaf.processing.outcomes import failed
from sheaf.processing.prefetch import (
    OPENED_BYTES,
    OPENED_FILES,
    OpenFile,
    OpenFileGroup,
    Prefetcher,
    groups_of,
)
from sheaf.processing.slice_budget import SliceBudget
from sheaf.sources.content import Content
from tests.claimed import claimed

GONE = DocumentError(FailureKind.SOURCE_CHANGED, "gone")


class FakeBudget(SliceBudget):
    """A budget that ends when a test says so."""

    def __init__(self, is_over: Callable[[], bool] = lambda: False) -> None:
        self._is_over = is_over
        self.begun = 0

    def begins(self) -> bool:
        self.begun += 1
        return not self._is_over()

    @property
    def is_over(self) -> bool:
        return self._is_over()


class Files:
    """Opens groups; knows which are open, and can make one slow or broken."""

    def __init__(self, gone: Sequence[int] = ()) -> None:
        self.gone = gone
        self.open: set[int] = set()
        self.opened: list[int] = []
        self.broken: int | None = None
        self.held = asyncio.Event()
        self.held.set()

    @asynccontextmanager
    async def group(self, group: Sequence[ClaimedItem]) -> AsyncGenerator[OpenFileGroup, None]:
        first = group[0].ordinal
        await self.held.wait()
        if self.broken == first:
            raise OSError("the ledger is gone")
        self.open.add(first)
        self.opened.append(first)
        known = [failed(one, GONE) for one in group if one.ordinal in self.gone]
        content = Content(Path("in"), (1, 1), "0" * 64)
        files = [OpenFile(one, content, None) for one in group if one.ordinal not in self.gone]
        try:
            yield OpenFileGroup(known, files)
        finally:
            self.open.remove(first)

    async def requests(
        self, opened: Sequence[OpenFile], is_over: Callable[[], bool]
    ) -> list[ParseRequest]:
        return [
            ParseRequest(EngineRequest(path="in", name=one.item.display_name), 60) for one in opened
        ]

    def prefetcher(
        self, groups: Sequence[Sequence[int]], is_over: Callable[[], bool] = lambda: False
    ) -> Prefetcher:
        made = ([claimed(ordinal) for ordinal in group] for group in groups)
        self.budget = FakeBudget(is_over)
        return Prefetcher(made, self.group, self.requests, self.budget)


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


async def take(prefetcher: Prefetcher) -> str:
    assert await prefetcher.wait()
    request = prefetcher.take()
    assert request is not None
    return request.engine_request.name


async def test_the_next_group_is_opened_once_one_is_begun_and_no_earlier() -> None:
    files = Files()
    async with files.prefetcher([[1, 2], [3, 4], [5, 6]]) as prefetcher:
        assert await prefetcher.wait()
        await settle()
        assert files.open == {1}
        assert await take(prefetcher) == "1.txt"
        await settle()
        assert files.open == {1, 3}
        assert await take(prefetcher) == "2.txt"
        await settle()
        assert files.open == {1, 3}


async def test_a_group_is_closed_when_the_last_of_its_files_is_answered() -> None:
    files = Files()
    async with files.prefetcher([[1, 2], [3]]) as prefetcher:
        for expected in (1, 2, 3):
            assert await take(prefetcher) == f"{expected}.txt"
        for ordinal, left in ((1, {1, 3}), (2, {3}), (3, set[int]())):
            async with prefetcher.answered() as opened:
                assert opened.item.ordinal == ordinal
                assert ordinal in {1, 2} or files.open == {3}
            assert files.open == left
        assert not await prefetcher.wait()


async def test_files_that_are_known_are_told_and_never_taken() -> None:
    files = Files(gone=(1, 2, 4))
    async with files.prefetcher([[1, 2], [3, 4], [5]]) as prefetcher:
        assert await take(prefetcher) == "3.txt"
        assert [one.outcome.item.ordinal for one in prefetcher.take_known()] == [1, 2, 4]
        assert prefetcher.take_known() == []
        assert await take(prefetcher) == "5.txt"


async def test_nothing_is_begun_once_the_time_is_up() -> None:
    files, is_over = Files(), False
    async with files.prefetcher([[1, 2], [3]], lambda: is_over) as prefetcher:
        assert await take(prefetcher) == "1.txt"
        is_over = True
        assert prefetcher.is_one_at_hand
        assert prefetcher.take() is None
        assert not prefetcher.is_one_at_hand
        assert not await prefetcher.wait()
    assert not files.open


async def test_groups_of_known_files_end_with_the_time_too() -> None:
    files = Files(gone=(1, 2, 3))
    async with files.prefetcher([[1], [2], [3]], lambda: len(files.opened) == 2) as prefetcher:
        assert not await prefetcher.wait()
        assert [one.outcome.item.ordinal for one in prefetcher.take_known()] == [1, 2]
    assert files.budget.begun == 0  # No process was there yet.


async def test_a_group_that_cannot_be_opened_raises_after_those_before_it() -> None:
    files = Files()
    files.broken = 3
    async with files.prefetcher([[1, 2], [3]]) as prefetcher:
        assert [await take(prefetcher), await take(prefetcher)] == ["1.txt", "2.txt"]
        with pytest.raises(OSError, match="the ledger is gone"):
            await prefetcher.wait()
    assert not files.open


async def test_leaving_waits_for_a_group_that_is_being_opened_and_closes_it() -> None:
    files = Files()
    prefetcher = files.prefetcher([[1], [2]])
    async with prefetcher:
        assert await take(prefetcher) == "1.txt"
        files.held.clear()
        await settle()
        asyncio.get_running_loop().call_later(0.01, files.held.set)
    assert files.opened == [1, 2]
    assert not files.open


@given(st.lists(st.integers(0, 2 * OPENED_BYTES), max_size=200))
def test_groups_hold_every_item_once_in_order_and_within_their_bounds(sizes: list[int]) -> None:
    items = [claimed(n, size_bytes=size) for n, size in enumerate(sizes, start=1)]
    groups = list(groups_of(items))
    assert [one for group in groups for one in group] == items
    for group in groups:
        assert 0 < len(group) <= OPENED_FILES
        assert len(group) == 1 or sum(one.size_bytes for one in group) <= OPENED_BYTES
