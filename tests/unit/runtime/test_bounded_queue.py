"""Queues between stages: in order, bounded, and ended from either side."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from sheaf.runtime.bounded_queue import BoundedQueue


@given(st.lists(st.integers()), st.integers(1, 5), st.lists(st.booleans(), max_size=50))
def test_every_item_comes_once_and_in_order_and_no_more_than_fit(
    items: list[int], size: int, waits: list[bool]
) -> None:
    async def run() -> list[int]:
        queue = BoundedQueue[int](size)

        async def write() -> None:
            for item in items:
                assert await queue.put(item)
                assert len(queue) <= size
            queue.finish()

        writing = asyncio.create_task(write())
        found = []
        pauses = iter(waits)
        async for item in queue:
            found.append(item)
            if next(pauses, False):
                await asyncio.sleep(0)
        await writing
        return found

    assert asyncio.run(run()) == items


async def test_a_writer_without_room_is_told_that_nothing_is_read_any_more() -> None:
    queue = BoundedQueue[int](1)
    assert await queue.put(1)
    writing = asyncio.create_task(queue.put(2))
    await asyncio.sleep(0)
    assert not writing.done()
    queue.close()
    assert not await writing
    assert not await queue.put(3)
    assert not await queue.room()
    assert queue.take() is None


async def test_a_reader_gets_what_lies_there_after_the_end_and_is_told_of_it() -> None:
    queue = BoundedQueue[int](2)
    await queue.put(1)
    queue.finish()
    assert await queue.wait()
    assert queue.take() == 1
    assert not await queue.wait()
    empty = BoundedQueue[int](1)
    waiting = asyncio.create_task(empty.wait())
    await asyncio.sleep(0)
    empty.finish()
    assert not await waiting


async def test_several_writers_wait_for_the_same_room_and_none_is_forgotten() -> None:
    queue = BoundedQueue[int](1)
    writing = [asyncio.create_task(queue.put(number)) for number in range(5)]
    found = []
    while len(found) < 5:
        await queue.wait()
        assert len(queue) == 1
        found.append(queue.take())
        await asyncio.sleep(0)
    assert await asyncio.gather(*writing) == [True] * 5
    assert sorted(filter(lambda one: one is not None, found), key=int) == list(range(5))


async def test_a_queue_of_what_is_known_gives_it_and_ends() -> None:
    assert [item async for item in BoundedQueue.of([1, 2, 3])] == [1, 2, 3]
    assert not await BoundedQueue[int].of([]).wait()
