"""The Workflow of one page: its slices, a window at a time."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PageActivities, SliceActivities
    from models.page_runs import PageEnded, PageInput, PagePlan, PageSlots, PlanPageInput
    from models.queues import SLICES
    from models.runs import (
        MAX_SAMPLED_FAILURES,
        Counts,
        FailureSample,
        OrdinalRange,
        Slice,
        SliceInput,
        SliceResult,
        Spent,
    )
    from rules.window import Window
    from workflows import options
    from workflows.ledger_calls import call_ledger
    from workflows.reasons import reason_of
    from workflows.signals import is_heard


@workflow.defn
class PageWorkflow:
    """Process the unsettled items of a run of ordinals.

    The page tells its parent when nothing is left to start (`drained`, again for each slot that
    then becomes free) and when it ends (`ended`). It never fails because of a file: what stays
    unsettled is found by the settle at the end of the job.
    """

    @workflow.init
    def __init__(self, input: PageInput) -> None:
        self._input = input
        self._window = Window(input.share)
        self._counts = Counts()
        self._failures: tuple[FailureSample, ...] = ()
        self._spent: dict[str, Spent] = {}
        self._tasks: dict[asyncio.Task[None], None] = {}
        """In the order in which they began, in which a cancel then reaches them in every replay."""
        self._broken: BaseException | None = None
        """What a slice's task has died of, by a fault of our own."""
        self._told: int | None = None
        """Slots in flight as the parent knows them; None before the page is drained."""
        self._fault: str | None = None
        """Why an Activity failed for good, if one did."""

    @workflow.run
    async def run(self, input: PageInput) -> PageEnded:
        try:
            await self._plan_and_process()
        except (asyncio.CancelledError, FailureError):
            # Also after a cancel: a parent that waits for its pages must hear of each. After a
            # fault of our own it must not: the page goes on once that is mended.
            for task in list(self._tasks):
                task.cancel()
            await self._tell("ended", self._ended())
            raise
        ended = self._ended()
        await self._tell("ended", ended)
        return ended

    async def _plan_and_process(self) -> None:
        try:
            self._window.add((await self._plan()).slices)
            await self._process()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # Its items are unsettled: the parent hands them out again, and says why at last.
            self._fault = reason_of(error)

    @workflow.signal
    def set_share(self, share: int) -> None:
        """Raise the number of slices in flight; a smaller number is ignored."""
        self._window.grow(share)

    @workflow.signal
    def adopt(self, share: int) -> None:
        """Hear of a new parent of the job, which knows nothing of what its predecessor was told."""
        self._window.grow(share)
        self._told = None

    async def _plan(self) -> PagePlan:
        return await call_ledger(
            PageActivities.plan_page,
            PlanPageInput(
                job_id=self._input.job_id,
                first=self._input.first,
                last=self._input.last,
                window=self._input.concurrency,
                one_file_per_activity=self._input.one_file_per_activity,
                paces=self._input.paces,
                is_last=self._input.is_last,
            ),
            summary=f"items {self._input.first} to {self._input.last}",
        )

    async def _process(self) -> None:
        """Start what waits as slots become free, and tell the parent about the free ones."""
        while not self._window.is_drained or self._window.in_flight:
            while self._window.may_start:
                task = asyncio.create_task(self._run_slice(self._window.start()))
                self._tasks[task] = None
                task.add_done_callback(self._forget)
            self._show()
            slots = self._window.in_flight
            if self._is_untold:
                # Noted before, so that a new parent that adopts the page meanwhile is told too.
                self._told = slots
                await self._tell("drained", self._slots())
                continue
            await workflow.wait_condition(
                lambda slots=slots: (  # type: ignore[misc]
                    self._window.may_start
                    or self._window.in_flight != slots
                    or self._is_untold
                    or self._broken is not None
                )
            )
            if self._broken:
                raise self._broken

    def _forget(self, task: asyncio.Task[None]) -> None:
        """Let go of a slice's task that has ended, and keep what it should not have died of."""
        del self._tasks[task]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not is_cancelled_exception(error):
            self._broken = error

    @property
    def _is_untold(self) -> bool:
        """Whether the parent is to hear how many slots are in flight, now that nothing waits."""
        return self._window.is_drained and self._told != self._window.in_flight

    async def _run_slice(self, taken: Slice) -> None:
        result: SliceResult | None = None
        try:
            result = await self._execute(taken)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning(
                "slice failed", extra={"first": taken.first, "cause": str(error.__cause__)}
            )
            self._fault = reason_of(error)
        finally:
            self._window.end(result)
        if result:
            self._note(result)

    async def _execute(self, taken: Slice) -> SliceResult:
        limits = self._input.limits
        longest_file = limits.longest_file_seconds or limits.file_seconds
        longest = timedelta(seconds=longest_file + limits.slice_seconds)
        # Before, it may wait for a process until a slice of this job or of another lets go of it.
        wait = max(longest, options.SLICE_WAIT)
        return await workflow.execute_activity_method(
            SliceActivities.process_slice,
            SliceInput(
                job_id=self._input.job_id,
                first=taken.first,
                last=taken.last,
                is_alone=taken.is_alone,
                file_seconds=limits.file_seconds,
                slice_seconds=limits.slice_seconds,
            ),
            task_queue=SLICES,
            start_to_close_timeout=wait + longest + options.SLICE_MARGIN,
            heartbeat_timeout=timedelta(seconds=limits.heartbeat_seconds),
            retry_policy=options.SLICE_RETRY,
            summary=taken.label,
        )

    def _note(self, result: SliceResult) -> None:
        if result.is_stopped:
            self._window.stop()
        self._counts = Counts(
            completed=self._counts.completed + result.counts.completed,
            failed=self._counts.failed + result.counts.failed,
            skipped=self._counts.skipped + result.counts.skipped,
        )
        self._failures = (*self._failures, *result.failures)[:MAX_SAMPLED_FAILURES]
        for kind, spent in result.spent.items():
            self._spent[kind] = self._spent.get(kind, Spent()) + spent

    def _slots(self) -> PageSlots:
        return PageSlots(
            page_id=_own_id(),
            slots=self._window.in_flight,
            completed=self._counts.completed,
            spent=self._spent,
            covers=self._range(),
        )

    def _ended(self) -> PageEnded:
        return PageEnded(
            page_id=_own_id(),
            counts=self._counts,
            covers=self._range(),
            spent=self._spent,
            failures=self._failures,
            fault=self._fault,
        )

    def _range(self) -> OrdinalRange:
        return OrdinalRange(first=self._input.first, last=self._input.last)

    async def _tell(self, signal: str, payload: PageSlots | PageEnded) -> None:
        parent = workflow.get_external_workflow_handle(self._input.parent_id)
        if not await is_heard(parent.signal(signal, payload)):
            # The parent has ended: it was terminated, or it did not wait for this page.
            workflow.logger.info("the parent does not listen", extra={"signal_name": signal})

    def _show(self) -> None:
        counts = self._counts
        lines = [
            f"**Items {self._input.first} to {self._input.last}** of {self._input.job_id}",
            (
                f"{counts.completed} completed, {counts.failed} failed, "
                f"{counts.skipped} skipped; {self._window.in_flight} slices in flight"
            ),
            *(f"- {one.name}: {one.kind}: {one.message}" for one in self._failures),
        ]
        workflow.set_current_details("\n\n".join(lines[:2]) + "\n" + "\n".join(lines[2:]))


def _own_id() -> str:
    return workflow.info().workflow_id
