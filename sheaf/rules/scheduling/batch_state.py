"""What the parent of a batch knows, from the first of its runs to the last."""

from sheaf.contracts.temporal.page_runs import PageDrained, PageEnded, PageProgress
from sheaf.contracts.temporal.runs import (
    MAX_SAMPLED_FAILURES,
    BatchInput,
    BatchProgress,
    Counts,
    EnumerationProgress,
    OrdinalRange,
    Spent,
)
from sheaf.contracts.temporal.small_jobs import RunSmallJobResult
from sheaf.rules.scheduling.page_scheduler import PageScheduler
from sheaf.rules.scheduling.prediction import corrected_speed_factor, moved


class BatchState:
    """The relay of a job's pages, and what was counted and heard so far.

    A run begins with what the run before it has carried over.
    """

    def __init__(self, input: BatchInput) -> None:
        self._input = input
        self.scheduler = PageScheduler(
            input.concurrency,
            input.page_files,
            input.tunables,
            cursor=input.cursor,
            high_water_mark=input.high_water_mark,
            is_final=input.is_enumerated,
            pages=input.pages,
            redispatch=input.redispatch,
        )
        self.enumeration = input.enumeration
        self.generation = input.generation
        self.skips = input.skips
        self.counts = input.counts
        self.failures = input.failures
        self.speed_factors = dict(input.speed_factors)
        self.seconds_per_file = input.seconds_per_file
        self.settles = input.settles
        self.last_checked_at = input.last_checked_at
        self.error = input.error
        self.fault = input.fault
        self.changes = 0
        """Counts what was heard, so that the run can wait for the next of it."""

    @property
    def is_done(self) -> bool:
        """Whether every item was handed out, and whoever had any has ended."""
        return self.scheduler.is_done and not self.enumeration

    @property
    def is_given_up(self) -> bool:
        """Whether the rest of the source cannot be listed, and every page has ended."""
        return self.error is not None and not self.scheduler.pages and not self.enumeration

    @property
    def children(self) -> tuple[str, ...]:
        """Workflow IDs of the open pages and of the enumeration."""
        return (*self.scheduler.pages, *filter(None, [self.enumeration]))

    def enumerated(self, enumerated: EnumerationProgress) -> None:
        """Note how far the ordinals go."""
        self.scheduler.high_water_mark = max(
            self.scheduler.high_water_mark, enumerated.high_water_mark
        )
        self.skips = max(self.skips, enumerated.skipped)
        if enumerated.is_final or enumerated.error:
            self.scheduler.is_final = True
            self.enumeration = None
            self.error = self.error or enumerated.error
        self.changes += 1

    def began(self, done: RunSmallJobResult) -> None:
        """Note what was done before there are pages: they take up what is left of it."""
        self.enumerated(done.enumerated)
        self.counts = done.counts
        self.failures = done.failures

    def drained(self, slots: PageDrained) -> None:
        """Note that a page has nothing left to start."""
        if slots.covers:
            self.scheduler.covers(slots.page_id, slots.covers)
        self.scheduler.drained(slots.page_id, slots.slots, waits=slots.waits)
        if slots.counts:
            self.scheduler.counted(slots.page_id, slots.counts)
        if not self.seconds_per_file:
            # The next page is about to start, long before the first one ends.
            self._learn(slots.completed, slots.spent)
        self.changes += 1

    def counted(self, page: PageProgress) -> None:
        """Note what an open page has done so far: nothing that anybody waits for."""
        self.scheduler.counted(page.page_id, page.counts)

    def ended(self, page: PageEnded) -> None:
        """Count what a page did; a second time, or from a page given up, it is ignored."""
        if page.covers:
            self.scheduler.covers(page.page_id, page.covers)
        if self.scheduler.ended(page.page_id):
            self.counts += page.counts
            self.failures = (*self.failures, *page.failures)[:MAX_SAMPLED_FAILURES]
            self.fault = page.fault or self.fault
            self._learn(page.counts.completed, page.spent)
        self.changes += 1

    def _learn(self, completed: int, spent: dict[str, Spent]) -> None:
        """Move the paces, and the time of a file, half-way to what a page has shown."""
        for kind, one in spent.items():
            speed_factor = self.speed_factors.get(kind, 1.0)
            self.speed_factors[kind] = corrected_speed_factor(
                speed_factor, one.predicted, one.seconds, self._input.tunables
            )
        if completed:
            shown = sum(one.seconds for one in spent.values()) / completed
            known = self.seconds_per_file or shown
            self.seconds_per_file = moved(known, shown, self._input.tunables)

    def lost(self, workflow_id: str) -> bool:
        """Have a lost child's work done again under a new Workflow ID; False if it is not open."""
        page = self.scheduler.lost(workflow_id)
        is_open = workflow_id == self.enumeration or page is not None
        if is_open:
            self.generation += 1
        if page:
            # What it has settled is not done again.
            self.counts += page.counts
        if workflow_id == self.enumeration:
            self.enumeration = None
        self.changes += 1
        return is_open

    def unsettled(self, ranges: tuple[OrdinalRange, ...]) -> None:
        """Hand out again what the end of the job has found unsettled."""
        self.settles += 1
        self.generation += 1
        self.scheduler.redispatch_ranges(ranges)

    @property
    def done_so_far(self) -> Counts:
        """What the pages have done: those that have ended, and the open ones as they say."""
        return sum((page.counts for page in self.scheduler.pages.values()), start=self.counts)

    def progress(self) -> BatchProgress:
        """Return how far the job is, as far as its pages have reported."""
        scheduler = self.scheduler
        return BatchProgress(
            total=scheduler.high_water_mark,
            is_enumerated=scheduler.is_final,
            dispatched=scheduler.cursor,
            counts=self.done_so_far + Counts(skipped=self.skips),
            open_pages=tuple(
                OrdinalRange(first=page.first, last=page.last) for page in scheduler.pages.values()
            ),
            runs=self._input.runs,
        )

    def carried(self) -> BatchInput:
        """Return the argument of the next run."""
        scheduler = self.scheduler
        return self._input.changed(
            cursor=scheduler.cursor,
            high_water_mark=scheduler.high_water_mark,
            is_enumerated=scheduler.is_final,
            skips=self.skips,
            enumeration=self.enumeration,
            pages=scheduler.pages,
            redispatch=tuple(scheduler.redispatch),
            generation=self.generation,
            counts=self.counts,
            failures=self.failures,
            speed_factors=self.speed_factors,
            seconds_per_file=self.seconds_per_file,
            settles=self.settles,
            last_checked_at=self.last_checked_at,
            error=self.error,
            fault=self.fault,
            runs=self._input.runs + 1,
        )
