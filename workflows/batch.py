"""The Workflow of a batch job: the parent that relays pages until every item is settled."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    FailureError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.signatures import JobActivities, PageActivities
    from sheaf.contracts.states import JobStatus
    from sheaf.contracts.temporal.page_runs import PageDrained, PageEnded, PageProgress
    from sheaf.contracts.temporal.runs import (
        BatchInput,
        BatchProgress,
        EnumerationProgress,
        FinalizeJobInput,
        FindEndedPagesInput,
        JobRef,
        RunBatchResult,
    )
    from sheaf.rules.scheduling.batch_state import BatchState
    from sheaf.rules.scheduling.progress import describe, describe_end
    from sheaf.rules.scheduling.watching import next_pause
    from workflows.attributes import update_attributes
    from workflows.children import Children
    from workflows.ledger_calls import call_ledger, end_job
    from workflows.reasons import reason_of
    from workflows.small_job import run_small_job
    from workflows.versions import continue_on_newest, has_newer


@workflow.defn
class BatchWorkflow:
    """Run a job: enumerate, schedule pages, finalize.

    A run hands out at most `threshold` items and then continues as new without waiting for its
    pages, which are abandoned children. The parent hears of their ends by signals; a watchdog
    finds those that could not send one.
    """

    @workflow.init
    def __init__(self, input: BatchInput) -> None:
        # Signals may be handled before `run`, so all state is set here.
        self._input = input
        self._state = BatchState(input)
        self._children = Children(input, self._state)
        self._watchdog: asyncio.Task[None] | None = None
        self._moves = False
        """Whether this run is to be continued by the newer version of the workers."""

    @workflow.run
    async def run(self, input: BatchInput) -> RunBatchResult:
        result = await self._run_and_finalize()
        if result.status == JobStatus.FAILED and workflow.patched("fail-with-the-job"):
            raise ApplicationError(
                result.reason or "the job failed", result, type="JobFailed", non_retryable=True
            )
        return result

    async def _run_and_finalize(self) -> RunBatchResult:
        try:
            return await self._run_or_fail()
        except (asyncio.CancelledError, FailureError) as error:
            if is_cancelled_exception(error):
                # A second cancel must not leave the job unsettled.
                await asyncio.shield(asyncio.create_task(self._cancel()))
            raise
        finally:
            if self._watchdog:
                self._watchdog.cancel()

    async def _run_or_fail(self) -> RunBatchResult:
        try:
            # Before the watchdog: a job in one go has no child that could be lost.
            if ended := await self._run_inline():
                return ended
            self._watchdog = asyncio.create_task(self._watch())
            return await self._run()
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            return await self._finalize_failed(f"the orchestration failed: {reason_of(error)}")

    @workflow.signal
    def enumerated(self, enumerated: EnumerationProgress) -> None:
        """Hear how far the ordinals go."""
        self._state.enumerated(enumerated)

    @workflow.signal
    def counted(self, page: PageProgress) -> None:
        """Hear what a page has done so far."""
        self._state.counted(page)
        self._show()

    @workflow.signal
    def drained(self, slots: PageDrained) -> None:
        """Hear that a page has nothing left to start, and how many slices it has in flight."""
        self._state.drained(slots)

    @workflow.signal
    def ended(self, page: PageEnded) -> None:
        """Hear of a page's end; a second time, or from a page given up, it is ignored."""
        self._state.ended(page)

    @workflow.query
    def progress(self) -> BatchProgress:
        """How far the job is, as far as its pages have reported."""
        return self._state.progress()

    async def _run_inline(self) -> RunBatchResult | None:
        """Have a small job done in one go; None when there is something left for pages."""
        if self._input.runs > 1 or not self._input.begins_inline:
            return None
        done = await run_small_job(self._input)
        self._state.began(done)
        if done.result:
            if done.result.status == JobStatus.CANCELLED:
                await self._hear_cancel()
            self._show()
            update_attributes(self._input, status=done.result.status, result=done.result)
        return done.result

    async def _run(self) -> RunBatchResult:
        state = self._state
        # A later run of the same job was begun by its first.
        if self._input.runs == 1 and not await self._begin():
            await self._hear_cancel()
            return await self._finish_cancel()
        while True:
            # Taken before any wait: what a Signal changes meanwhile is not slept over.
            seen = state.changes
            await self._advance()
            self._show()
            if state.is_done or (state.is_given_up and workflow.patched("give-up-the-rest")):
                result = await self._finalize()
                if result:
                    return result
            elif state.changes == seen:
                await workflow.wait_condition(lambda seen=seen: state.changes != seen)  # type: ignore[misc]

    async def _begin(self) -> bool:
        takes_work = await call_ledger(JobActivities.begin_job, JobRef(job_id=self._input.job_id))
        update_attributes(self._input, status="running")
        return takes_work

    async def _advance(self) -> None:
        """Start what may start, share the slots out, and continue as new when it is time."""
        scheduler = self._state.scheduler
        # A listing that an earlier run has started is carried here, and goes on.
        if not scheduler.is_final and not self._state.enumeration:
            await self._children.start_enumeration()
        while scheduler.may_start and not self._state.error:
            if not await self._children.start_page():
                break
            # After each page, so that a run hands out no more than its threshold and one page.
            await self._continue_if_due(self._children.dispatched >= self._input.threshold)
        await self._children.share_out()
        await self._continue_if_due(self._is_long or self._moves)

    async def _watch(self) -> None:
        """Look now and then for children that are gone without a word: terminated, timed out."""
        limits = self._input.limits
        pause = limits.watchdog_seconds
        state = self._state
        seen = state.changes
        while True:
            if limits.longest_watchdog_seconds:
                await workflow.wait_condition(lambda: bool(state.children))
            since = workflow.time() - state.last_checked_at
            await asyncio.sleep(max(0.001, pause - since) if state.last_checked_at else pause)
            state.last_checked_at = workflow.time()
            # Once a look and not at every step: a run that is kept where it is by hand would
            # continue as new all the time.
            self._moves = has_newer()
            if not state.children:
                continue
            for workflow_id in await self._ended_children():
                self._children.lost(workflow_id)
            if self._moves or (self._is_long and workflow.patched("continue-while-waiting")):
                # Pages may be quiet for days, and each look is some events more.
                state.changes += 1
            pause = next_pause(pause, limits, self._input.tunables, is_quiet=state.changes == seen)
            seen = state.changes

    async def _ended_children(self) -> tuple[str, ...]:
        """Ask which children have ended; none where the answer is not to be had this time."""
        look = FindEndedPagesInput(workflow_ids=self._state.children)
        try:
            looked = await call_ledger(PageActivities.find_ended_pages, look)
        except ActivityError as error:
            if is_cancelled_exception(error) or not workflow.patched("watch-on"):
                raise
            workflow.logger.error(
                "cannot look for ended children", extra={"cause": str(error.cause)}
            )
            return ()
        return looked.ended

    @property
    def _is_long(self) -> bool:
        """Whether this run's history is to be continued in a new one."""
        info = workflow.info()
        return (
            info.get_current_history_length() >= self._input.limits.max_events
            or info.is_continue_as_new_suggested()
        )

    async def _continue_if_due(self, is_due: bool) -> None:
        """Continue as new, unless nothing would be left to do than to wait for the last pages.

        A cancel that came with the same task is seen at the `sleep(0)`: the next run would not
        hear of it.
        """
        limits = self._input.limits
        scheduler = self._state.scheduler
        if not is_due or (
            scheduler.is_exhausted
            and workflow.info().get_current_history_length() < limits.max_events
        ):
            return
        await asyncio.sleep(0)
        update_attributes(
            self._input, counts=self._state.done_so_far, total=scheduler.high_water_mark
        )
        # Pages and listing are abandoned children: they go on, and find the next run by its id.
        continue_on_newest(self._state.carried())

    async def _finalize(self) -> RunBatchResult | None:
        """End the job, or hand out again what is unsettled; None in the second case."""
        state = self._state
        # The ledger says whether the job is done: Signals are for speed, and one may be missing.
        gives_up = state.settles >= self._input.tunables.most_finalizations
        settled = await call_ledger(
            JobActivities.finalize_job,
            FinalizeJobInput(
                job_id=self._input.job_id, gives_up=gives_up, error=state.error, fault=state.fault
            ),
        )
        if settled.result:
            if settled.result.status == JobStatus.CANCELLED:
                await self._hear_cancel()
            update_attributes(self._input, status=settled.result.status, result=settled.result)
            self._show_end(settled.result)
            return settled.result
        # Items of pages that broke off, or that were given back: the loop goes on with them.
        state.unsettled(settled.unsettled)
        return None

    async def _finalize_failed(self, error: str) -> RunBatchResult:
        settled = await end_job(FinalizeJobInput(job_id=self._input.job_id, error=error[:2000]))
        result = settled.result or RunBatchResult(status=JobStatus.FAILED, reason=error)
        if result.status == JobStatus.CANCELLED and workflow.patched("cancel-the-failed"):
            await self._hear_cancel()
        update_attributes(self._input, status=result.status, result=settled.result)
        self._show_end(result)
        return result

    async def _hear_cancel(self) -> None:
        """Have Temporal cancel this Workflow, since only the ledger has heard of the cancel.

        The cancel is raised here, and then ends the job as any other does.
        """
        if not workflow.patched("hear-cancel"):
            return
        job = JobRef(job_id=self._input.job_id)
        asking = asyncio.create_task(call_ledger(JobActivities.cancel_run, job))
        try:
            # Shielded, for the cancel comes while the Activity that asks for it still runs.
            await asyncio.shield(asking)
            await workflow.wait_condition(lambda: False)
        finally:
            await asking

    async def _cancel(self) -> None:
        """Refuse further claims, cancel the children, wait for their ends, finalize."""
        await call_ledger(
            JobActivities.request_cancel,
            JobRef(job_id=self._input.job_id, reason="cancelled in Temporal"),
        )
        # From here on the ledger refuses claims, so whatever a page still starts ends at once.
        await self._children.cancel()
        try:
            await workflow.wait_condition(
                lambda: not self._state.scheduler.pages,
                timeout=timedelta(seconds=self._input.limits.cancel_seconds),
            )
        except TimeoutError:
            open_pages = len(self._state.scheduler.pages)
            workflow.logger.warning("pages did not end", extra={"open": open_pages})
        await self._finish_cancel()

    async def _finish_cancel(self) -> RunBatchResult:
        settled = await end_job(FinalizeJobInput(job_id=self._input.job_id, is_cancelled=True))
        result = settled.result or RunBatchResult(status=JobStatus.CANCELLED)
        update_attributes(self._input, status=JobStatus.CANCELLED, result=settled.result)
        if workflow.patched("count-the-cancelled"):
            # A cancelled Workflow has no result to be read.
            workflow.upsert_memo({"counts": result})
        self._show_end(result)
        return result

    def _show(self) -> None:
        state = self._state
        workflow.set_current_details(
            describe(state.progress(), state.failures, state.scheduler.pages, self._input)
        )

    def _show_end(self, result: RunBatchResult) -> None:
        workflow.set_current_details(describe_end(result, self._state.failures, self._input))
