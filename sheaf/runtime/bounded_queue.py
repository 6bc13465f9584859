"""A queue between two stages: bounded on one side, and ended from either."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")


class BoundedQueue(Generic[Item]):
    """What one stage gives to the next, in order.

    Whoever writes waits for room, which is all the back-pressure that there is. Whoever reads may
    close the queue; the writer is told at its next step, and never in the middle of one. It is
    asyncio's own queue with the `shutdown` that Python has from 3.13 on.

    Args:
        size: most items that lie in it.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[Item] = deque()
        self._is_finished = False
        self._changed = asyncio.Event()
        self.is_closed = False
        """Whether nothing is read any more."""

    @classmethod
    def of(cls, items: Iterable[Item]) -> Self:
        """Return a queue that holds these, and gets no more."""
        listed = deque(items)
        made = cls(len(listed))
        made._items = listed
        made.finish()
        return made

    def __len__(self) -> int:
        """Return how many items lie in it."""
        return len(self._items)

    async def room(self) -> bool:
        """Wait until there is room for an item; False once the queue is closed."""
        while len(self._items) >= self._size and not self.is_closed:
            await self._change()
        return not self.is_closed

    async def put(self, item: Item) -> bool:
        """Add an item as soon as there is room; False if the queue is closed, which drops it."""
        if len(self._items) >= self._size:
            await self.room()
        if self.is_closed:
            return False
        self._items.append(item)
        self._changed.set()
        return True

    def take(self) -> Item | None:
        """Return the next item; None where none lies here."""
        if not self._items:
            return None
        item = self._items.popleft()
        self._changed.set()
        return item

    async def wait(self) -> bool:
        """Wait until an item lies here; False once there will be none any more."""
        while not (self._items or self._is_finished or self.is_closed):
            await self._change()
        return bool(self._items)

    def __aiter__(self) -> Self:
        """Iterate over the items until the queue is finished or closed."""
        return self

    async def __anext__(self) -> Item:
        """Return the next item."""
        if (item := self.take()) is None:
            await self.wait()
            if (item := self.take()) is None:
                raise StopAsyncIteration
        return item

    def finish(self) -> None:
        """Say that nothing is put any more; what lies here is still read."""
        self._is_finished = True
        self._changed.set()

    def close(self) -> None:
        """Say that nothing is read any more, and drop what lies here."""
        self.is_closed = True
        self._items.clear()
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
