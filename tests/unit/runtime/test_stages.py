"""Stages end together: by themselves, by an error, or because who waits for them is cancelled."""

import asyncio

import pytest

from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages


class Chain:
    """Three stages that pass numbers on; the one in the middle may break."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.first = BoundedQueue[int](1)
        self.second = BoundedQueue[int](1)
        self.breaks_at = breaks_at
        self.made = 0
        self.found: list[int] = []
        self.steps_cut = 0
        self.ended: list[str] = []

    async def make(self, count: int) -> None:
        for number in range(count):
            self.made += 1
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                self.steps_cut += 1
                raise
            if not await self.first.put(number):
                break
        self.ended.append("make")

    async def double(self) -> None:
        async for number in self.first:
            if number == self.breaks_at:
                raise OSError("broken")
            if not await self.second.put(2 * number):
                break
        self.ended.append("double")

    async def collect(self, most: int) -> None:
        async for number in self.second:
            self.found.append(number)
            if len(self.found) == most:
                break
        self.ended.append("collect")

    def start(self, stages: Stages, count: int, most: int = 1000) -> None:
        stages.start(self.make(count), writes=(self.first,))
        stages.start(self.double(), reads=(self.first,), writes=(self.second,))
        stages.start(self.collect(most), reads=(self.second,))


async def test_the_block_ends_once_all_is_through() -> None:
    chain = Chain()
    async with Stages() as stages:
        chain.start(stages, 100)
    assert chain.found == list(range(0, 200, 2))
    assert chain.ended == ["make", "double", "collect"]


async def test_what_was_before_an_error_is_done_and_what_is_behind_it_is_not_begun() -> None:
    chain = Chain(breaks_at=50)
    with pytest.raises(OSError, match="broken"):
        async with Stages() as stages:
            chain.start(stages, 1000)
    assert chain.found == list(range(0, 100, 2))
    assert chain.made <= 53
    assert chain.ended == ["make", "collect"]
    assert chain.steps_cut == 0


async def test_a_stage_that_wants_no_more_ends_those_before_it() -> None:
    chain = Chain()
    async with Stages() as stages:
        chain.start(stages, 1000, most=10)
    assert chain.found == list(range(0, 20, 2))
    assert chain.made < 20


async def test_a_cancel_waits_for_each_stage_and_cuts_no_step() -> None:
    chain = Chain()
    closed: list[str] = []

    async def run() -> None:
        async with Stages() as stages:
            stages.resources.callback(closed.append, "closed")
            chain.start(stages, 1_000_000)

    running = asyncio.create_task(run())
    while len(chain.found) < 20:
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(chain.ended) == ["collect", "double", "make"]
    assert chain.steps_cut == 0
    assert closed == ["closed"]


async def test_a_queue_of_two_writers_is_finished_with_the_last() -> None:
    queue = BoundedQueue[int](1)
    found: list[int] = []

    async def write(number: int, pause: float) -> None:
        await asyncio.sleep(pause)
        await queue.put(number)

    async def read() -> None:
        found.extend([number async for number in queue])

    async with Stages() as stages:
        stages.start(write(1, 0), writes=(queue,))
        stages.start(write(2, 0.01), writes=(queue,))
        stages.start(read(), reads=(queue,))
    assert found == [1, 2]


async def test_the_first_error_is_raised_and_others_are_not() -> None:
    async def fail(pause: float, text: str) -> None:
        await asyncio.sleep(pause)
        raise OSError(text)

    async def run() -> None:
        async with Stages() as stages:
            stages.start(fail(0.01, "second"))
            stages.start(fail(0, "first"))

    with pytest.raises(OSError, match="first"):
        await run()
