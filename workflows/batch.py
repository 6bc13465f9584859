"""The Workflow of a batch job: the parent that relays pages until every item is settled."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError, is_cancelled_exception
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.signatures import JobActivities, PageActivities
    from models.ids import enumeration_workflow_id, page_workflow_id
    from models.runs import (
        MAX_SAMPLED_FAILURES,
        BatchInput,
        BatchProgress,
        BatchResult,
        Counts,
        Enumerated,
        EnumerationInput,
        FindPageInput,
        JobRef,
        LookInput,
        OrdinalRange,
        PageEnded,
        PageInput,
        PageSlots,
        SettleInput,
        SettleResult,
    )
    from rules.progress import describe
    from rules.relay import Relay
    from rules.slicing import corrected_pace
    from workflows import options
    from workflows.attributes import update_attributes
    from workflows.enumeration import EnumerationWorkflow
    from workflows.page import PageWorkflow

MAX_SETTLES = 3
"""Rounds in which items left unsettled are dispatched again before they are `Crashed`."""


@workflow.defn
class BatchWorkflow:
    """Run a job: enumerate, relay pages, settle.

    A run hands out at most `threshold` items and then continues as new without waiting for its
    pages, which are abandoned children. The parent hears of their ends by signals; a watchdog
    finds those that could not send one.
    """

    @workflow.init
    def __init__(self, input: BatchInput) -> None:
        # Signals may be handled before `run`, so all state is set here.
        self._input = input
        self._relay = Relay(
            input.concurrency,
            input.page_files,
            cursor=input.cursor,
            mark=input.mark,
            is_final=input.is_enumerated,
            pages=input.pages,
            again=input.again,
        )
        self._enumeration = input.enumeration
        self._generation = input.generation
        self._skips = input.skips
        self._counts = input.counts
        self._failures = input.failures
        self._pace = input.seconds_per_weight
        self._settles = input.settles
        self._looked_at = input.looked_at
        self._error = input.error
        self._dispatched = 0
        self._changes = 0

    @workflow.run
    async def run(self, input: BatchInput) -> BatchResult:
        watchdog = asyncio.create_task(self._watch())
        try:
            return await self._run()
        except (asyncio.CancelledError, FailureError) as error:
            if not is_cancelled_exception(error):
                return await self._settle_failed(f"the orchestration failed: {error}")
            # A second cancel must not leave the job unsettled.
            await asyncio.shield(asyncio.create_task(self._cancel()))
            raise
        finally:
            watchdog.cancel()

    @workflow.signal
    def enumerated(self, enumerated: Enumerated) -> None:
        """Hear how far the ordinals go."""
        self._relay.mark = max(self._relay.mark, enumerated.mark)
        self._skips = max(self._skips, enumerated.skipped)
        if enumerated.is_final or enumerated.error:
            self._relay.is_final = True
            self._enumeration = None
            self._error = self._error or enumerated.error
        self._changes += 1

    @workflow.signal
    def drained(self, slots: PageSlots) -> None:
        """Hear that a page has nothing left to start, and how many slices it has in flight."""
        self._relay.drained(slots.page_id, slots.slots)
        self._changes += 1

    @workflow.signal
    def ended(self, page: PageEnded) -> None:
        """Hear of a page's end; a second time, or from a page given up, it is ignored."""
        if self._relay.ended(page.page_id):
            self._counts = Counts(
                completed=self._counts.completed + page.counts.completed,
                failed=self._counts.failed + page.counts.failed,
                skipped=self._counts.skipped + page.counts.skipped,
            )
            self._failures = (*self._failures, *page.failures)[:MAX_SAMPLED_FAILURES]
            self._pace = corrected_pace(self._pace, page.predicted_seconds, page.seconds)
        self._changes += 1

    @workflow.query
    def progress(self) -> BatchProgress:
        """How far the job is, as far as its pages have reported."""
        return BatchProgress(
            total=self._relay.mark,
            is_enumerated=self._relay.is_final,
            dispatched=self._relay.cursor,
            counts=self._counts.model_copy(update={"skipped": self._counts.skipped + self._skips}),
            open_pages=tuple(
                OrdinalRange(first=page.first, last=page.last)
                for page in self._relay.pages.values()
            ),
            runs=self._input.runs,
        )

    async def _run(self) -> BatchResult:
        if self._input.runs == 1 and not await self._begin():
            return await self._finish_cancel()
        while True:
            seen = self._changes
            await self._advance()
            self._show()
            if self._relay.is_done and not self._enumeration:
                result = await self._settle()
                if result:
                    return result
            elif self._changes == seen:
                await workflow.wait_condition(lambda seen=seen: self._changes != seen)  # type: ignore[misc]

    async def _begin(self) -> bool:
        takes_work = await workflow.execute_activity_method(
            JobActivities.begin_job,
            JobRef(job_id=self._input.job_id),
            start_to_close_timeout=options.LEDGER_TIMEOUT,
            schedule_to_close_timeout=options.LEDGER_BUDGET,
            retry_policy=options.LEDGER_RETRY,
        )
        update_attributes(self._input, status="running")
        return takes_work

    async def _advance(self) -> None:
        """Start what may start, share the slots out, and continue as new when it is time."""
        if not self._relay.is_final and not self._enumeration:
            await self._start_enumeration()
        while self._relay.may_start and not self._error:
            if not await self._start_page():
                break
            await self._continue_if_due(self._dispatched >= self._input.threshold)
        await self._share_out()
        info = workflow.info()
        await self._continue_if_due(
            info.get_current_history_length() >= self._input.limits.max_events
            or info.is_continue_as_new_suggested()
        )

    async def _share_out(self) -> None:
        for page_id, share in self._relay.untold_shares().items():
            self._relay.told(page_id, share)
            page = workflow.get_external_workflow_handle_for(PageWorkflow.run, page_id)
            try:
                await page.signal(PageWorkflow.set_share, share)
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                # It ended on its own, or was terminated: its signal or the watchdog says which.
                workflow.logger.info("page does not listen", extra={"page_id": page_id})

    async def _start_page(self) -> bool:
        """Hand the next items to a page; False when there is nothing to hand out yet."""
        taken = await self._next_range()
        if taken is None:
            return False
        page_id = page_workflow_id(self._input.job_id, taken.first, self._generation)
        share = self._relay.start(page_id, taken)
        self._dispatched += min(taken.last - taken.first + 1, self._input.page_files)
        try:
            handle = await workflow.start_child_workflow(
                PageWorkflow.run,
                PageInput(
                    job_id=self._input.job_id,
                    parent_id=workflow.info().workflow_id,
                    first=taken.first,
                    last=taken.last,
                    share=share,
                    concurrency=self._input.concurrency,
                    one_file_per_activity=self._input.one_file_per_activity,
                    seconds_per_weight=self._pace,
                    limits=self._input.limits,
                ),
                id=page_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"items {taken.first} to {taken.last}",
            )
        except WorkflowAlreadyStartedError:
            # An earlier parent of this job started it; the watchdog knows when it is gone.
            return True
        handle.add_done_callback(lambda done: self._closed(page_id, done))
        return True

    def _closed(self, page_id: str, handle: ChildWorkflowHandle[PageWorkflow, PageEnded]) -> None:
        """Hear of the end of a page that this run started."""
        if handle.cancelled() or handle.exception() is not None:
            self._lost(page_id)
        else:
            self.ended(handle.result())

    async def _next_range(self) -> OrdinalRange | None:
        """Return what the next page takes; where items were skipped, look past them."""
        if self._skips == 0 or self._relay.again:
            return self._relay.next_range()
        relay = self._relay
        found = await workflow.execute_activity_method(
            PageActivities.find_page,
            FindPageInput(
                job_id=self._input.job_id,
                after=relay.cursor,
                mark=relay.mark,
                page_files=self._input.page_files,
            ),
            start_to_close_timeout=options.LEDGER_TIMEOUT,
            schedule_to_close_timeout=options.LEDGER_BUDGET,
            retry_policy=options.LEDGER_RETRY,
        )
        if found.count == 0:
            relay.cursor = max(relay.cursor, found.last)
            return None
        return OrdinalRange(first=found.first, last=found.last)

    async def _start_enumeration(self) -> None:
        workflow_id = enumeration_workflow_id(self._input.job_id, self._generation)
        self._enumeration = workflow_id
        try:
            await workflow.start_child_workflow(
                EnumerationWorkflow.run,
                EnumerationInput(
                    job_id=self._input.job_id,
                    parent_id=workflow.info().workflow_id,
                    heartbeat_seconds=self._input.limits.heartbeat_seconds,
                ),
                id=workflow_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary="list the source",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("the enumeration runs already")

    async def _watch(self) -> None:
        """Look now and then for pages that are gone without a word: terminated, timed out."""
        pause = self._input.limits.watchdog_seconds
        while True:
            since = workflow.time() - self._looked_at
            await asyncio.sleep(max(0.001, pause - since) if self._looked_at else pause)
            self._looked_at = workflow.time()
            await self._look()

    async def _look(self) -> None:
        open_ids = (*self._relay.pages, *filter(None, [self._enumeration]))
        if not open_ids:
            return
        looked = await workflow.execute_activity_method(
            PageActivities.find_ended_pages,
            LookInput(workflow_ids=open_ids),
            start_to_close_timeout=options.LEDGER_TIMEOUT,
            schedule_to_close_timeout=options.LEDGER_BUDGET,
            retry_policy=options.LEDGER_RETRY,
        )
        for workflow_id in looked.ended:
            if workflow_id == self._enumeration:
                self._generation += 1
                self._enumeration = None
                self._changes += 1
            else:
                self._lost(workflow_id)

    def _lost(self, page_id: str) -> None:
        """Hand a lost page's items out again, under new Workflow IDs."""
        if self._relay.lost(page_id):
            self._generation += 1
            workflow.logger.warning("page lost", extra={"page_id": page_id})
        self._changes += 1

    async def _continue_if_due(self, is_due: bool) -> None:
        """Continue as new, unless nothing would be left to do than to wait for the last pages.

        A cancel that came with the same task is seen at the `sleep(0)`: the next run would not
        hear of it.
        """
        limits = self._input.limits
        if not is_due or (
            self._relay.is_exhausted
            and workflow.info().get_current_history_length() < limits.max_events
        ):
            return
        await asyncio.sleep(0)
        update_attributes(self._input, counts=self._counts, total=self._relay.mark)
        workflow.continue_as_new(self._carried())

    def _carried(self) -> BatchInput:
        relay = self._relay
        return self._input.model_copy(
            update={
                "cursor": relay.cursor,
                "mark": relay.mark,
                "is_enumerated": relay.is_final,
                "skips": self._skips,
                "enumeration": self._enumeration,
                "pages": relay.pages,
                "again": tuple(relay.again),
                "generation": self._generation,
                "counts": self._counts,
                "failures": self._failures,
                "seconds_per_weight": self._pace,
                "settles": self._settles,
                "looked_at": self._looked_at,
                "error": self._error,
                "runs": self._input.runs + 1,
            }
        )

    async def _settle(self) -> BatchResult | None:
        """End the job, or hand out again what is unsettled; None in the second case."""
        gives_up = self._settles >= MAX_SETTLES
        settled = await self._settle_job(
            SettleInput(job_id=self._input.job_id, gives_up=gives_up, error=self._error)
        )
        if settled.result:
            update_attributes(self._input, status=settled.result.status, result=settled.result)
            return settled.result
        self._settles += 1
        self._generation += 1
        self._relay.again.extend(settled.unsettled)
        return None

    async def _settle_failed(self, error: str) -> BatchResult:
        settled = await self._settle_job(SettleInput(job_id=self._input.job_id, error=error[:2000]))
        return settled.result or BatchResult(status="failed")

    async def _settle_job(self, input: SettleInput) -> SettleResult:
        return await workflow.execute_activity_method(
            JobActivities.settle_job,
            input,
            start_to_close_timeout=options.LEDGER_TIMEOUT,
            schedule_to_close_timeout=options.LEDGER_BUDGET,
            retry_policy=options.LEDGER_RETRY,
        )

    async def _cancel(self) -> None:
        """Refuse further claims, cancel the open pages, wait for their ends, settle."""
        await workflow.execute_activity_method(
            JobActivities.request_cancel,
            JobRef(job_id=self._input.job_id, reason="cancelled in Temporal"),
            start_to_close_timeout=options.LEDGER_TIMEOUT,
            schedule_to_close_timeout=options.LEDGER_BUDGET,
            retry_policy=options.LEDGER_RETRY,
        )
        open_ids = [*self._relay.pages, *filter(None, [self._enumeration])]
        await asyncio.gather(*(self._cancel_child(workflow_id) for workflow_id in open_ids))
        try:
            await workflow.wait_condition(
                lambda: not self._relay.pages,
                timeout=timedelta(seconds=self._input.limits.cancel_seconds),
            )
        except TimeoutError:
            workflow.logger.warning("pages did not end", extra={"open": len(self._relay.pages)})
        await self._finish_cancel()

    async def _cancel_child(self, workflow_id: str) -> None:
        try:
            await workflow.get_external_workflow_handle(workflow_id).cancel()
        except FailureError:
            self._relay.ended(workflow_id)

    async def _finish_cancel(self) -> BatchResult:
        settled = await self._settle_job(SettleInput(job_id=self._input.job_id, is_cancelled=True))
        update_attributes(self._input, status="cancelled", result=settled.result)
        return settled.result or BatchResult(status="cancelled")

    def _show(self) -> None:
        workflow.set_current_details(
            describe(self.progress(), self._failures, self._relay.pages, self._input)
        )
