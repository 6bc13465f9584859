"""The window of a page: which slice starts next and when."""

from collections import deque
from collections.abc import Iterable

from sheaf.contracts.temporal.page_runs import MAX_PAGE_ITEMS, MOST_TOGETHER
from sheaf.contracts.temporal.runs import OrdinalRange, ProcessSliceResult, Slice
from sheaf.rules.scheduling.ordinals import ranges_of


class Window:
    """Slices of a page that wait, and how many are in flight.

    Args:
        share: most slices in flight; it grows, and shrinks where the page gives slots away.
    """

    def __init__(self, share: int) -> None:
        self.share = share
        self.in_flight = 0
        self.is_held = False
        """Whether nothing more is to be started, whatever waits."""
        self._waiting: deque[Slice] = deque()

    @property
    def has_waiting(self) -> bool:
        """Whether a slice is left that was not started."""
        return bool(self._waiting)

    @property
    def is_drained(self) -> bool:
        """Whether nothing waits to be started."""
        return self.is_held or not self._waiting

    @property
    def may_start(self) -> bool:
        """Whether a slice waits and a slot is free."""
        return not self.is_drained and self.in_flight < self.share

    @property
    def is_full(self) -> bool:
        """Whether a slice waits and no slot is free."""
        return not self.is_drained and self.in_flight >= self.share

    def add(self, slices: Iterable[Slice]) -> None:
        """Put slices behind those that wait."""
        self._waiting.extend(slices)

    def grow(self, share: int) -> None:
        """Raise the share; a smaller one is an older signal and is ignored."""
        self.share = max(self.share, share)

    def give_away(self) -> None:
        """Keep only the slots in use, and one: the page goes on, whoever else has work."""
        self.share = min(self.share, max(1, self.in_flight))

    def start(self) -> Slice:
        """Take the next slice; only where `may_start`."""
        self.in_flight += 1
        return self._waiting.popleft()

    def end(self, result: ProcessSliceResult | None) -> None:
        """Free a slot and put back what the slice has left.

        What it did not begin goes first, since it is older than all that waits; what needs an
        Activity of its own goes last, so that trouble does not hold up the rest.
        """
        self.in_flight -= 1
        if result is None or result.is_stopped:
            return
        if result.remaining:
            self._waiting.appendleft(_together(result.remaining, ", left by a slice"))
        self._waiting.extend(result.isolated)

    def stop(self) -> None:
        """Forget what waits: the job takes no more work."""
        self._waiting.clear()

    def left(self) -> tuple[tuple[OrdinalRange, ...], tuple[OrdinalRange, ...]]:
        """Return what waits: slices of several files in their order, and the items to go alone.

        Both are bounded. What should be over, the end of the job finds unsettled.
        """
        together = [
            OrdinalRange(first=one.first, last=one.last)
            for one in self._waiting
            if not one.is_isolated
        ]
        isolated = ranges_of(one.first for one in self._waiting if one.is_isolated)
        return tuple(together[:MOST_TOGETHER]), tuple(isolated[:MAX_PAGE_ITEMS])

    def take_up(self, together: Iterable[OrdinalRange], isolated: Iterable[OrdinalRange]) -> None:
        """Let wait what a window before this one has left."""
        self.add(_together(one) for one in together)
        self.add(
            Slice(first=ordinal, last=ordinal, label=f"item {ordinal}", is_isolated=True)
            for one in isolated
            for ordinal in range(one.first, one.last + 1)
        )


def _together(items: OrdinalRange, more: str = "") -> Slice:
    return Slice(
        first=items.first,
        last=items.last,
        files=items.last - items.first + 1,
        label=f"items {items.first} to {items.last}{more}",
    )
