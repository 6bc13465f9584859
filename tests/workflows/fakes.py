"""Activities without a ledger: a list of items in memory, with the real signatures."""

import asyncio
from dataclasses import dataclass, field

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.signatures import (
    EnumerationActivities,
    JobActivities,
    PageActivities,
    SliceActivities,
)
from sheaf.contracts.temporal.page_runs import (
    FindPageInput,
    FindPageResult,
    PlanPageInput,
    PlanPageResult,
)
from sheaf.contracts.temporal.runs import (
    Counts,
    EnumerationInput,
    EnumerationProgress,
    FailureSample,
    FinalizeJobInput,
    FinalizeJobResult,
    FindEndedPagesInput,
    FindEndedPagesResult,
    JobRef,
    OrdinalRange,
    ProcessSliceInput,
    ProcessSliceResult,
    RunBatchResult,
    Slice,
    Spent,
)
from sheaf.contracts.temporal.small_jobs import (
    RunSmallJobInput,
    RunSmallJobResult,
    RunSmallJobsInput,
    RunSmallJobsResult,
)
from sheaf.rules.scheduling.inline import MOST_INLINE_FILES


@dataclass
class FakeItems:
    """The items of one job: 1..total, each `pending` until a slice settles it.

    `flaky` maps an ordinal to how many attempts fail transiently; `failing` fail for good;
    `dropped` ones are passed over by so many slices, as if their page had been lost. So many
    enumerations find that another writer is at work (`superseded`). The server knows no child of
    `gone`. A listing that fails has listed `listed` items before. A cancel that only the ledger
    knows of comes with the item `cancelled_at`.
    """

    total: int
    flaky: dict[int, int] = field(default_factory=dict)
    failing: frozenset[int] = frozenset()
    dropped: dict[int, int] = field(default_factory=dict)
    listing_error: str | None = None
    listed: int = 0
    listing_seconds: float = 0.0
    """How long a listing goes on after it has told what it listed before."""
    cancelled_at: int | None = None
    superseded: int = 0
    gone: set[str] = field(default_factory=set)
    states: dict[int, str] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)
    is_cancelled: bool = False
    seconds_per_file: float = 0.0
    planned: list[OrdinalRange] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)
    """How many attempts of an Activity fail by a fault of our own."""
    outages: dict[str, int] = field(default_factory=dict)
    """How many attempts of an Activity find the ledger away."""
    ends: list[FinalizeJobInput] = field(default_factory=list)
    holds_inline: bool = False
    """Whether a job in one go does not come to its end."""
    pause: float = 0.0
    """Seconds that a slice takes, by the clock."""
    slow: dict[int, float] = field(default_factory=dict)
    """Seconds that a slice with this item at its beginning takes instead."""
    in_flight: int = 0
    most_in_flight: int = 0

    def stumble(self, activity: str) -> None:
        """Fail, where an attempt of this Activity is to."""
        for left, error in ((self.outages, OSError("away")), (self.faults, KeyError("skipped"))):
            if left.get(activity, 0) > 0:
                left[activity] -= 1
                raise error

    def unsettled(self, first: int, last: int) -> list[int]:
        return [n for n in range(first, last + 1) if n not in self.states]


class FakeActivities(JobActivities, EnumerationActivities, PageActivities, SliceActivities):
    """Every Activity of a batch over `FakeItems`."""

    def __init__(self, items: FakeItems) -> None:
        self.items = items

    @activity.defn
    async def begin_job(self, input: JobRef) -> bool:
        self.items.stumble("begin_job")
        return not self.items.is_cancelled

    @activity.defn
    async def request_cancel(self, input: JobRef) -> None:
        self.items.is_cancelled = True

    @activity.defn
    async def cancel_run(self, input: JobRef) -> None:
        await activity.client().get_workflow_handle(input.job_id).cancel()

    @activity.defn(name="settle_job")
    async def finalize_job(self, input: FinalizeJobInput) -> FinalizeJobResult:
        items = self.items
        items.stumble("finalize_job")
        items.ends.append(input)
        left = items.unsettled(1, items.total)
        is_cancelled = input.is_cancelled or items.is_cancelled
        if left and not (is_cancelled or input.gives_up or input.error):
            return FinalizeJobResult(unsettled=tuple(OrdinalRange(first=n, last=n) for n in left))
        for ordinal in left:
            items.states[ordinal] = "cancelled" if is_cancelled else "failed"
        status = "cancelled" if is_cancelled else "failed" if input.error else "completed"
        counted = list(items.states.values())
        return FinalizeJobResult(
            result=RunBatchResult(
                status=status,
                total=items.total,
                completed=counted.count("completed"),
                failed=counted.count("failed"),
                cancelled=counted.count("cancelled"),
                reason=input.error,
            )
        )

    @activity.defn
    async def fail_job(self, input: JobRef) -> FinalizeJobResult:
        return await self.finalize_job(FinalizeJobInput(job_id=input.job_id, error=input.reason))

    @activity.defn
    async def enumerate_items(self, input: EnumerationInput) -> EnumerationProgress:
        if self.items.superseded:
            self.items.superseded -= 1
            self.items.gone.add(activity.info().workflow_id or "")
            return EnumerationProgress(high_water_mark=0, is_superseded=True)
        if self.items.listed:
            parent = activity.client().get_workflow_handle(input.parent_id)
            await parent.signal(
                "enumerated", EnumerationProgress(high_water_mark=self.items.listed)
            )
        await asyncio.sleep(self.items.listing_seconds)
        if self.items.listing_error:
            return EnumerationProgress(high_water_mark=0, error=self.items.listing_error)
        skipped = sum(state == "skipped" for state in self.items.states.values())
        return EnumerationProgress(high_water_mark=self.items.total, skipped=skipped, is_final=True)

    @activity.defn
    async def find_page(self, input: FindPageInput) -> FindPageResult:
        found = self.items.unsettled(input.after + 1, input.high_water_mark)[: input.page_files]
        if not found:
            return FindPageResult(first=input.high_water_mark, last=input.high_water_mark, count=0)
        return FindPageResult(first=found[0], last=found[-1], count=len(found))

    @activity.defn
    async def plan_page(self, input: PlanPageInput) -> PlanPageResult:
        self.items.stumble("plan_page")
        self.items.planned.append(OrdinalRange(first=input.first, last=input.last))
        left = self.items.unsettled(input.first, input.last)
        size = 1 if input.one_file_per_activity else 5
        runs = [left[start : start + size] for start in range(0, len(left), size)]
        return PlanPageResult(
            slices=tuple(
                Slice(first=run[0], last=run[-1], files=len(run), label=f"file {run[0]}")
                for run in runs
            )
        )

    @activity.defn
    async def find_ended_pages(self, input: FindEndedPagesInput) -> FindEndedPagesResult:
        self.items.stumble("find_ended_pages")
        return FindEndedPagesResult(
            ended=tuple(one for one in input.workflow_ids if one in self.items.gone)
        )

    @activity.defn
    async def process_slice(self, input: ProcessSliceInput) -> ProcessSliceResult:
        items = self.items
        items.in_flight += 1
        items.most_in_flight = max(items.most_in_flight, items.in_flight)
        try:
            await asyncio.sleep(items.slow.get(input.first, items.pause))
            return self._process(input)
        finally:
            items.in_flight -= 1

    def _process(self, input: ProcessSliceInput) -> ProcessSliceResult:
        items = self.items
        items.stumble("process_slice")
        if items.is_cancelled:
            return ProcessSliceResult(is_stopped=True)
        counts = {"completed": 0, "failed": 0}
        isolated: list[Slice] = []
        for ordinal in items.unsettled(input.first, input.last):
            if ordinal == items.cancelled_at:
                items.is_cancelled = True
                return ProcessSliceResult(counts=Counts(**counts), is_stopped=True)
            items.attempts[ordinal] = items.attempts.get(ordinal, 0) + 1
            if items.dropped.get(ordinal, 0) >= items.attempts[ordinal]:
                continue
            if items.flaky.get(ordinal, 0) >= items.attempts[ordinal]:
                if input.is_isolated:
                    raise ApplicationError("away", type="Unavailable")
                isolated.append(Slice(first=ordinal, last=ordinal, is_isolated=True))
                continue
            state = "failed" if ordinal in items.failing else "completed"
            items.states[ordinal] = state
            counts[state] += 1
        failures = tuple(
            FailureSample(name=f"file {n}", kind="Corrupt", message="not readable")
            for n in sorted(items.failing)
            if input.first <= n <= input.last
        )
        taken = Spent(predicted=1.0, seconds=items.seconds_per_file * counts["completed"])
        return ProcessSliceResult(
            counts=Counts(**counts),
            spent={"other": taken},
            isolated=tuple(isolated),
            failures=failures,
        )

    @activity.defn
    async def run_small_job(self, input: RunSmallJobInput) -> RunSmallJobResult:
        """As the real one: it does what a slice does, and settles where nothing is left."""
        items = self.items
        items.stumble("run_small_job")
        if items.listing_error:
            return RunSmallJobResult(
                enumerated=EnumerationProgress(high_water_mark=0, error=items.listing_error)
            )
        if items.total > MOST_INLINE_FILES:
            return RunSmallJobResult(enumerated=EnumerationProgress(high_water_mark=10))
        while items.holds_inline:
            await asyncio.sleep(0.05)
            if activity.is_cancelled():
                raise asyncio.CancelledError
        done = ProcessSliceResult()
        if items.total:
            done = await self.process_slice(
                ProcessSliceInput(
                    job_id=input.job_id,
                    first=1,
                    last=items.total,
                    file_seconds=1,
                    slice_seconds=1,
                )
            )
        listed = EnumerationProgress(high_water_mark=items.total, is_final=True)
        settled = FinalizeJobResult()
        if not done.isolated:
            asked = FinalizeJobInput(job_id=input.job_id, is_cancelled=items.is_cancelled)
            settled = await self.finalize_job(asked)
        return RunSmallJobResult(
            result=settled.result, enumerated=listed, counts=done.counts, failures=done.failures
        )

    @activity.defn
    async def run_small_jobs(self, input: RunSmallJobsInput) -> RunSmallJobsResult:
        """As the real one, of jobs that all have the same items."""
        done = [await self.run_small_job(one) for one in input.jobs]
        ended = sum(one.result is not None for one in done)
        return RunSmallJobsResult(ended=ended, left=len(done) - ended)

    def all(self) -> list[object]:
        """Every Activity, to be given to a worker."""
        return [
            *(self.begin_job, self.request_cancel, self.finalize_job, self.fail_job),
            *(self.cancel_run, self.enumerate_items, self.run_small_job, self.run_small_jobs),
            *(self.find_page, self.plan_page, self.find_ended_pages, self.process_slice),
        ]
