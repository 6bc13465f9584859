"""The window of a page: which slice starts next and when."""

from collections import deque
from collections.abc import Iterable

from models.runs import Slice, SliceResult


class Window:
    """Slices of a page that wait, and how many are in flight.

    Args:
        share: most slices in flight; only grows.
    """

    def __init__(self, share: int) -> None:
        self.share = share
        self.in_flight = 0
        self._waiting: deque[Slice] = deque()

    @property
    def is_drained(self) -> bool:
        """Whether nothing waits to be started."""
        return not self._waiting

    @property
    def may_start(self) -> bool:
        """Whether a slice waits and a slot is free."""
        return bool(self._waiting) and self.in_flight < self.share

    def add(self, slices: Iterable[Slice]) -> None:
        """Put slices behind those that wait."""
        self._waiting.extend(slices)

    def grow(self, share: int) -> None:
        """Raise the share; a smaller one is an older signal and is ignored."""
        self.share = max(self.share, share)

    def start(self) -> Slice:
        """Take the next slice; only where `may_start`."""
        self.in_flight += 1
        return self._waiting.popleft()

    def end(self, result: SliceResult | None) -> None:
        """Free a slot and put back what the slice has left.

        What it did not begin goes first, since it is older than all that waits; what needs an
        Activity of its own goes last, so that trouble does not hold up the rest.
        """
        self.in_flight -= 1
        if result is None or result.is_stopped:
            return
        if result.rest:
            self._waiting.appendleft(
                Slice(
                    first=result.rest.first,
                    last=result.rest.last,
                    files=result.rest.last - result.rest.first + 1,
                    label=f"items {result.rest.first} to {result.rest.last}, left by a slice",
                )
            )
        self._waiting.extend(result.alone)

    def stop(self) -> None:
        """Forget what waits: the job takes no more work."""
        self._waiting.clear()
