"""The relay of pages: what the parent of a batch may start, and who gets which share.

At any time there are *drained* pages, which have started everything and wait for stragglers, at
most one *current* page, which gets every slot that the drained ones have left free, and at most
one page *ahead*, which is started with a share of 0 so that it is planned and ready when the
current one drains. The concurrency of a job is thus one number over all its pages, and neither
the start of a page nor a continue-as-new leaves a slot idle.

A drained page may come to have slices to start again: files that failed transiently, or all that
it had left when it continued as new. It then is current as before, with the slots that it has
kept, and gets what becomes free.
"""

from collections.abc import Iterable

from sheaf.contracts.temporal.runs import MAX_REDISPATCH, Counts, OpenPage, OrdinalRange
from sheaf.contracts.temporal.tunables import SchedulingTunables
from sheaf.rules.scheduling.ordinals import at_most


class PageScheduler:
    """The open pages of a job and what is still to be handed out.

    Args:
        concurrency: slices in flight, over all pages.
        page_files: most items of one page.
        tunables: the job's.
        cursor: last ordinal handed out.
        high_water_mark: last ordinal known.
        is_final: whether the mark will not move any more.
        pages: open pages by Workflow ID, in the order in which they started.
        redispatch: ranges to hand out once more, before anything new.
    """

    def __init__(
        self,
        concurrency: int,
        page_files: int,
        tunables: SchedulingTunables,
        *,
        cursor: int = 0,
        high_water_mark: int = 0,
        is_final: bool = False,
        pages: dict[str, OpenPage] | None = None,
        redispatch: tuple[OrdinalRange, ...] = (),
    ) -> None:
        self.concurrency = concurrency
        self.page_files = page_files
        self._tunables = tunables
        self.cursor = cursor
        self.high_water_mark = high_water_mark
        self.is_final = is_final
        self.pages = dict(pages or {})
        self.redispatch = list(redispatch)

    @property
    def is_exhausted(self) -> bool:
        """Whether nothing will ever be left to hand out."""
        return self.is_final and self.cursor >= self.high_water_mark and not self.redispatch

    @property
    def is_done(self) -> bool:
        """Whether everything was handed out and every page has ended."""
        return self.is_exhausted and not self.pages

    @property
    def may_start(self) -> bool:
        """Whether a page may start now: there is room ahead, and a whole page or the last one."""
        undrained = sum(not page.is_drained for page in self.pages.values())
        if undrained >= self._tunables.most_undrained or len(self.pages) > self.concurrency:
            return False
        waiting = self.high_water_mark - self.cursor
        return (
            bool(self.redispatch) or waiting >= self.page_files or (self.is_final and waiting > 0)
        )

    def next_range(self, pages: int = 1) -> OrdinalRange:
        """Return what the next page takes; only where `may_start`. Changes nothing.

        Args:
            pages: most pages' items that it may take at once, of those not handed out before.
        """
        if self.redispatch:
            head = self.redispatch[0]
            return OrdinalRange(
                first=head.first, last=min(head.last, head.first + self.page_files - 1)
            )
        waiting = self.high_water_mark - self.cursor
        if not self.is_final:
            # Whole pages: a part of one would be a page of its own.
            pages = min(pages, waiting // self.page_files)
        last = self.cursor + min(pages * self.page_files, waiting)
        return OrdinalRange(first=self.cursor + 1, last=last)

    def start(self, page_id: str, taken: OrdinalRange) -> int:
        """Hand a range to a page and return its share."""
        if self.redispatch:
            head = self.redispatch.pop(0)
            if taken.last < head.last:
                self.redispatch.insert(0, OrdinalRange(first=taken.last + 1, last=head.last))
        else:
            self.cursor = taken.last
        self.pages[page_id] = OpenPage(first=taken.first, last=taken.last)
        share = self.shares().get(page_id, 0)
        self.told(page_id, share)
        return share

    def shares(self) -> dict[str, int]:
        """Return the share of each undrained page: the first of them gets all that is free."""
        free = max(0, self.concurrency - sum(page.slots for page in self.pages.values()))
        shares = {
            page_id: page.slots for page_id, page in self.pages.items() if not page.is_drained
        }
        for page_id in list(shares)[:1]:
            shares[page_id] += free
        return shares

    def untold_shares(self) -> dict[str, int]:
        """Return the shares that have grown since the page was told."""
        return {
            page_id: share
            for page_id, share in self.shares().items()
            if share > self.pages[page_id].slots
        }

    def told(self, page_id: str, share: int) -> None:
        """Note the share that a page knows of."""
        if (page := self.pages.get(page_id)) and not page.is_drained:
            self.pages[page_id] = page.changed(slots=share)

    def drained(self, page_id: str, slots: int, *, waits: bool = False) -> None:
        """Note how many slices a page has in flight that has nothing left to start.

        Args:
            page_id: the page.
            slots: how many slots it keeps.
            waits: whether it has slices to start again.
        """
        if page := self.pages.get(page_id):
            self.pages[page_id] = page.changed(is_drained=not waits, slots=slots)

    def counted(self, page_id: str, counts: Counts) -> None:
        """Note what an open page has done so far."""
        if page := self.pages.get(page_id):
            self.pages[page_id] = page.changed(counts=counts)

    def covers(self, page_id: str, covered: OrdinalRange) -> None:
        """Note which items a page really has: those that it was started for.

        They are others than the ones it was handed where an earlier parent of the job started it,
        and had cut its pages otherwise. What it does not have is handed out once more.
        """
        page = self.pages.get(page_id)
        if page is None or covered.last == page.last:
            return
        if covered.last < page.last:
            self.redispatch_ranges([OrdinalRange(first=covered.last + 1, last=page.last)])
        elif page.last <= self.cursor:
            self.cursor = max(self.cursor, covered.last)
        self.pages[page_id] = page.changed(last=covered.last)

    def ended(self, page_id: str) -> bool:
        """Forget a page that has ended; False when it was not open (any more)."""
        return self.pages.pop(page_id, None) is not None

    def lost(self, page_id: str) -> OpenPage | None:
        """Hand a page's items out again, since it is gone without a word; None if not open."""
        page = self.pages.pop(page_id, None)
        if page:
            self.redispatch_ranges([OrdinalRange(first=page.first, last=page.last)])
        return page

    def redispatch_ranges(self, ranges: Iterable[OrdinalRange]) -> None:
        """Put ranges behind those that are to be handed out once more.

        There are never too many to be carried: ranges that are close to each other become one.
        That takes in items that are settled, which a page leaves alone, and perhaps some of an
        open page, whose later claim then counts.
        """
        most = min(self._tunables.most_redispatched, MAX_REDISPATCH)
        self.redispatch = at_most([*self.redispatch, *ranges], most)
