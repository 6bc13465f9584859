"""The child Workflows of a batch: starting pages and the enumeration, sharing slots, cancelling."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PageActivities
    from sheaf.contracts.ids import enumeration_workflow_id, page_workflow_id
    from sheaf.contracts.temporal.page_runs import FindPageInput, PageEnded, PageInput
    from sheaf.contracts.temporal.runs import BatchInput, EnumerationInput, OrdinalRange
    from sheaf.rules.scheduling.batch_state import BatchState
    from sheaf.rules.scheduling.page_coalescing import coalesced_pages
    from workflows.enumeration import EnumerationWorkflow
    from workflows.ledger_calls import call_ledger
    from workflows.page import PageWorkflow
    from workflows.signals import is_heard


class Children:
    """The children of one run of a job's parent; they are abandoned and outlive the run."""

    def __init__(self, input: BatchInput, state: BatchState) -> None:
        self._input = input
        self._state = state
        self.dispatched = 0
        """Items that this run has handed out."""

    async def start_page(self) -> bool:
        """Hand the next items to a page; False when there is nothing to hand out yet."""
        pages = self._coalesced_pages()
        taken = await self._next_range(pages)
        if taken is None:
            return False
        page_id = page_workflow_id(self._input.job_id, taken.first, self._state.generation)
        # Before the start is awaited, since the first Signal of the page may come with its answer.
        share = self._state.scheduler.start(page_id, taken)
        self.dispatched += min(taken.last - taken.first + 1, pages * self._input.page_files)
        try:
            handle = await workflow.start_child_workflow(
                PageWorkflow.run,
                self._page_input(taken, share),
                id=page_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"items {taken.first} to {taken.last}",
            )
        except WorkflowAlreadyStartedError:
            # Ids follow from the ordinals, so that after a Reset no item has two pages at once.
            await self._adopt(page_id, share)
            return True
        handle.add_done_callback(lambda done: self._closed(page_id, done))
        return True

    async def _adopt(self, page_id: str, share: int) -> None:
        """Take on a page that an earlier parent of this job has started, and that still runs.

        It has its share from then, may be drained, and may have other items: it is told the share
        and says the rest, in its answer or at its end. One that has ended meanwhile without a
        word is lost.
        """
        if not workflow.patched("adopt-pages"):
            return
        page = workflow.get_external_workflow_handle_for(PageWorkflow.run, page_id)
        if not await is_heard(page.signal(PageWorkflow.adopt, share)):
            self.lost(page_id)

    async def start_enumeration(self) -> None:
        """List the source."""
        workflow_id = enumeration_workflow_id(self._input.job_id, self._state.generation)
        self._state.enumeration = workflow_id
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

    async def share_out(self) -> None:
        """Tell each page whose share has grown."""
        scheduler = self._state.scheduler
        for page_id, share in scheduler.untold_shares().items():
            scheduler.told(page_id, share)
            page = workflow.get_external_workflow_handle_for(PageWorkflow.run, page_id)
            if not await is_heard(page.signal(PageWorkflow.set_share, share)):
                # It ended on its own, or was terminated: its signal or the watchdog says which.
                workflow.logger.info("page does not listen", extra={"page_id": page_id})

    def lost(self, workflow_id: str) -> None:
        """Have the work of a child that is gone done again."""
        if self._state.lost(workflow_id):
            workflow.logger.warning("child lost", extra={"child_id": workflow_id})

    async def cancel(self) -> None:
        """Ask every open child to end."""
        await asyncio.gather(*(self._cancel_child(one) for one in self._state.children))

    def _page_input(self, taken: OrdinalRange, share: int) -> PageInput:
        return PageInput(
            job_id=self._input.job_id,
            parent_id=workflow.info().workflow_id,
            first=taken.first,
            last=taken.last,
            share=share,
            concurrency=self._input.concurrency,
            one_file_per_activity=self._input.one_file_per_activity,
            speed_factors=self._state.speed_factors,
            is_last=self._state.scheduler.is_exhausted,
            limits=self._input.limits,
            tunables=self._input.tunables,
            max_events=self._input.limits.max_page_events,
        )

    def _coalesced_pages(self) -> int:
        """Return how many pages go out as one."""
        if not self._input.coalesces_pages:
            return 1
        return coalesced_pages(
            self._input.page_files,
            self._input.concurrency,
            self._state.seconds_per_file,
            self._input.threshold - self.dispatched,
            self._input.tunables,
        )

    async def _next_range(self, pages: int) -> OrdinalRange | None:
        """Return what the next page takes; where items were skipped, look past them."""
        scheduler = self._state.scheduler
        # Without gaps by skipped items, a page is so many ordinals and nothing has to be asked.
        if self._state.skips == 0 or scheduler.redispatch:
            return scheduler.next_range(pages)
        found = await call_ledger(
            PageActivities.find_page,
            FindPageInput(
                job_id=self._input.job_id,
                after=scheduler.cursor,
                high_water_mark=scheduler.high_water_mark,
                page_files=pages * self._input.page_files,
            ),
        )
        if found.count == 0:
            scheduler.cursor = max(scheduler.cursor, found.last)
            return None
        return OrdinalRange(first=found.first, last=found.last)

    def _closed(self, page_id: str, handle: ChildWorkflowHandle[PageWorkflow, PageEnded]) -> None:
        """Hear of the end of a page that this run started."""
        if handle.cancelled() or handle.exception() is not None:
            self.lost(page_id)
        else:
            self._state.ended(handle.result())

    async def _cancel_child(self, workflow_id: str) -> None:
        try:
            await workflow.get_external_workflow_handle(workflow_id).cancel()
        except FailureError:
            # Nothing there to cancel: it has ended, and its last Signal may be lost.
            self._state.scheduler.ended(workflow_id)
