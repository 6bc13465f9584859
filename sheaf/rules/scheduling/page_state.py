"""What a page knows, from the first of its runs to the last."""

from sheaf.contracts.temporal.page_runs import (
    PageCarried,
    PageDrained,
    PageEnded,
    PageInput,
    PageProgress,
)
from sheaf.contracts.temporal.runs import (
    MAX_SAMPLED_FAILURES,
    Counts,
    OrdinalRange,
    ProcessSliceResult,
    Spent,
)
from sheaf.rules.scheduling.reporting import report_pause
from sheaf.rules.scheduling.slice_window import Window


class PageState:
    """The window of a page, what was counted so far, and what the parent knows of it.

    A run begins with what the run before it has carried over.

    Args:
        input: the run's argument.
        page_id: the page's Workflow ID.
        now: when the run began, in seconds of the epoch.
    """

    def __init__(self, input: PageInput, page_id: str, now: float) -> None:
        self._input = input
        self._page_id = page_id
        self.window = Window(input.share)
        carried = input.carried or PageCarried(began=now)
        self.began = carried.began
        self.counts = carried.counts
        self.failures = carried.failures
        self.fault = carried.fault
        """Why an Activity failed for good, if one did."""
        self._spent = dict(carried.spent)
        self._reported = carried.reported
        self._reported_at = now
        self._runs = carried.runs
        self._told: int | None = None
        """Slots in flight as the parent knows them; None before the page is drained."""

    @property
    def is_of_now(self) -> bool:
        """Whether this version has started the page; see `PageInput.max_events`."""
        return self._input.max_events is not None

    @property
    def is_untold(self) -> bool:
        """Whether the parent is to hear how many slots are in flight, now that nothing waits."""
        return self.window.is_drained and self._told != self.window.in_flight

    @property
    def is_short_of_slots(self) -> bool:
        """Whether slices wait again, after the parent was told that none does."""
        return (
            self.is_of_now
            and self._told is not None
            and self.window.is_full
            and self.window.share < self._input.concurrency
        )

    @property
    def has_news(self) -> bool:
        """Whether more was done than the parent knows of."""
        return self.counts != self._reported

    def may_report(self, now: float) -> bool:
        """Whether there is something to report, and the last report is old enough."""
        return self.has_news and now - self._reported_at >= self.report_pause(now)

    def report_pause(self, now: float) -> float:
        """Return the seconds between two reports."""
        return report_pause(now - self.began, self._input.tunables)

    def set_share(self, share: int) -> None:
        """Take more slots, unless the parent did not know yet that the page is drained.

        The slots that the page has given away since may be another's.
        """
        if self._told is None or not self.is_of_now:
            self.window.grow(share)

    def adopt(self, share: int) -> None:
        """Take the slots that a new parent gives, which knows nothing of the page."""
        self.window.grow(share)
        self._told = None
        self._reported = Counts()

    def take_up(self) -> None:
        """Let wait what the run before has left."""
        if carried := self._input.carried:
            self.window.take_up(carried.together, carried.isolated)

    def note(self, result: ProcessSliceResult) -> None:
        """Count what a slice did."""
        if result.is_stopped:
            self.window.stop()
        self.counts += result.counts
        self.failures = (*self.failures, *result.failures)[:MAX_SAMPLED_FAILURES]
        for kind, spent in result.spent.items():
            self._spent[kind] = self._spent.get(kind, Spent()) + spent

    def drained(self, now: float) -> PageDrained:
        """Give the free slots away, and return what the parent is to hear of it.

        Noted before it is told, so that a new parent that adopts the page meanwhile is told too.
        """
        self._told = self.window.in_flight
        if self.is_of_now:
            self.window.give_away()
        return self._slots(self.window.in_flight, now)

    def waits(self, now: float) -> PageDrained:
        """Return the wish for more slots than those that the page has kept."""
        self._told = None
        self.window.give_away()
        return self._slots(self.window.share, now, waits=True)

    def report(self, now: float) -> PageProgress:
        """Return what was done so far, which the parent then knows."""
        self._reported = self.counts
        self._reported_at = now
        return PageProgress(page_id=self._page_id, counts=self.counts)

    def ended(self) -> PageEnded:
        """Return what the page has done, now that it ends."""
        return PageEnded(
            page_id=self._page_id,
            counts=self.counts,
            covers=self._covers,
            spent=self._spent,
            failures=self.failures,
            fault=self.fault,
        )

    def carried(self) -> PageInput:
        """Return the argument of the next run; only where nothing is in flight."""
        together, isolated = self.window.left()
        carried = PageCarried(
            together=together,
            isolated=isolated,
            counts=self.counts,
            reported=self._reported,
            spent=self._spent,
            failures=self.failures,
            fault=self.fault,
            began=self.began,
            runs=self._runs + 1,
        )
        return self._input.changed(share=self.window.share, carried=carried)

    def describe(self) -> str:
        """Return the page's details in Markdown, as the Temporal UI shows them."""
        counts = self.counts
        run = f"; run {self._runs}" if self._runs > 1 else ""
        lines = [
            f"**Items {self._input.first} to {self._input.last}** of {self._input.job_id}{run}",
            (
                f"{counts.completed} completed, {counts.failed} failed, "
                f"{counts.skipped} skipped; {self.window.in_flight} slices in flight"
            ),
            *(f"- {one.name}: {one.kind}: {one.message}" for one in self.failures),
        ]
        return "\n\n".join(lines[:2]) + "\n" + "\n".join(lines[2:])

    @property
    def _covers(self) -> OrdinalRange:
        return OrdinalRange(first=self._input.first, last=self._input.last)

    def _slots(self, slots: int, now: float, *, waits: bool = False) -> PageDrained:
        self.report(now)
        return PageDrained(
            page_id=self._page_id,
            slots=slots,
            waits=waits,
            completed=self.counts.completed,
            counts=self.counts,
            spent=self._spent,
            covers=self._covers,
        )
