"""The Workflow of one page: its slices, a window at a time."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures import PageActivities, SliceActivities
    from sheaf.contracts.temporal.page_runs import (
        PageDrained,
        PageEnded,
        PageInput,
        PageProgress,
        PlanPageInput,
        PlanPageResult,
    )
    from sheaf.contracts.temporal.queues import SLICES
    from sheaf.contracts.temporal.runs import ProcessSliceInput, ProcessSliceResult, Slice
    from sheaf.rules.scheduling.page_state import PageState
    from workflows import options
    from workflows.ledger_calls import call_ledger
    from workflows.reasons import reason_of
    from workflows.signals import is_heard
    from workflows.versions import continue_on_newest


@workflow.defn
class PageWorkflow:
    """Process the unsettled items of a run of ordinals.

    The page tells its parent what it has done so far (`counted`), when nothing is left to start
    (`drained`, again for each slot that then becomes free, or that it needs once more) and when
    it ends (`ended`). It never fails because of a file: what stays unsettled is found at the
    end of the job.

    Once its history is long it starts nothing more, so that its slots go to the next page, and
    continues as new when what was in flight has ended.
    """

    @workflow.init
    def __init__(self, input: PageInput) -> None:
        info = workflow.info()
        self._input = input
        self._state = PageState(input, info.workflow_id, info.start_time.timestamp())
        self._window = self._state.window
        self._tasks: dict[asyncio.Task[None], None] = {}
        """In the order in which they began, in which a cancel then reaches them in every replay."""
        self._broken: BaseException | None = None
        """What a slice's task has died of, by a fault of our own."""
        self._reports: list[asyncio.Task[None]] = []

    @workflow.run
    async def run(self, input: PageInput) -> PageEnded:
        try:
            await self._plan_and_process()
        except (asyncio.CancelledError, FailureError):
            # Also after a cancel: a parent that waits for its pages must hear of each. After a
            # fault of our own it must not: the page goes on once that is mended.
            for task in list(self._tasks):
                task.cancel()
            await self._tell("ended", self._state.ended())
            raise
        ended = self._state.ended()
        await self._tell("ended", ended)
        return ended

    async def _plan_and_process(self) -> None:
        if self._state.is_of_now:
            self._reports = [
                asyncio.create_task(self._report()),
                asyncio.create_task(self._look_for_reports()),
            ]
        try:
            if self._input.carried:
                # The run before has planned: what it had not ended comes with the input.
                self._state.take_up()
            else:
                self._window.add((await self._plan()).slices)
            await self._process()
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # Its items are unsettled: the parent hands them out again, and says why at last.
            self._state.fault = reason_of(error)
        finally:
            self._stop_reports()

    @workflow.signal
    def set_share(self, share: int) -> None:
        """Raise the number of slices in flight; a smaller number is ignored."""
        self._state.set_share(share)

    @workflow.signal
    def adopt(self, share: int) -> None:
        """Hear of a new parent of the job, which knows nothing of what its predecessor was told."""
        self._state.adopt(share)

    async def _plan(self) -> PlanPageResult:
        return await call_ledger(
            PageActivities.plan_page,
            PlanPageInput(
                job_id=self._input.job_id,
                first=self._input.first,
                last=self._input.last,
                window=self._input.concurrency,
                one_file_per_activity=self._input.one_file_per_activity,
                speed_factors=self._input.speed_factors,
                is_last=self._input.is_last,
            ),
            summary=f"items {self._input.first} to {self._input.last}",
        )

    async def _process(self) -> None:
        """Start what waits as slots become free, and tell the parent about the free ones."""
        state, window = self._state, self._window
        while window.has_waiting or window.in_flight:
            # Once held always held: a history does not grow shorter.
            window.is_held = window.is_held or self._is_long
            self._start_slices()
            workflow.set_current_details(state.describe())
            slots = window.in_flight
            if window.is_held and not slots:
                # Nothing is in flight: an Activity ends with the run that started it.
                await self._continue()
            elif state.is_untold:
                await self._tell("drained", state.drained(workflow.time()))
            elif state.is_short_of_slots:
                await self._tell("drained", state.waits(workflow.time()))
            else:
                await workflow.wait_condition(
                    lambda slots=slots: (  # type: ignore[misc]
                        window.may_start
                        or window.in_flight != slots
                        or state.is_untold
                        or self._broken is not None
                    )
                )
            if self._broken:
                raise self._broken

    def _start_slices(self) -> None:
        while self._window.may_start:
            task = asyncio.create_task(self._run_slice(self._window.start()))
            # Kept, for a task that nothing refers to may be collected before it has ended.
            self._tasks[task] = None
            task.add_done_callback(self._forget)

    @property
    def _is_long(self) -> bool:
        """Whether this run's history is to be continued in a new one."""
        bound = self._input.max_events
        return bound is not None and workflow.info().get_current_history_length() >= bound

    async def _continue(self) -> None:
        """Continue as new with what is left; nothing is in flight, which would end with this run.

        The parent is asked for slots before, since those that this page had are another's by now.
        What the parent says until then, and a cancel, is seen at the `sleep(0)`; what comes later
        the server lets this run hear before it ends it.
        """
        await self._tell("drained", self._state.waits(workflow.time()))
        self._stop_reports()
        await asyncio.sleep(0)
        continue_on_newest(self._state.carried())

    async def _report(self) -> None:
        """Tell the parent now and then what the page has done so far."""
        state = self._state
        while True:
            await workflow.wait_condition(lambda: state.may_report(workflow.time()))
            await self._tell("counted", state.report(workflow.time()))

    async def _look_for_reports(self) -> None:
        """See to it that what was done is reported, also where nothing else happens for long."""
        state = self._state
        pauses = self._input.tunables.quiet_report_pauses
        while True:
            await workflow.wait_condition(lambda: state.has_news)
            await asyncio.sleep(pauses * state.report_pause(workflow.time()))

    def _stop_reports(self) -> None:
        for task in self._reports:
            task.cancel()

    def _forget(self, task: asyncio.Task[None]) -> None:
        """Let go of a slice's task that has ended, and keep what it should not have died of."""
        del self._tasks[task]
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not is_cancelled_exception(error):
            self._broken = error

    async def _run_slice(self, taken: Slice) -> None:
        result: ProcessSliceResult | None = None
        try:
            result = await self._execute(taken)
        except FailureError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning(
                "slice failed", extra={"first": taken.first, "cause": str(error.__cause__)}
            )
            self._state.fault = reason_of(error)
        finally:
            # Also without a result: its slot is free, its items are found at the job's end.
            self._window.end(result)
        if result:
            self._state.note(result)

    async def _execute(self, taken: Slice) -> ProcessSliceResult:
        limits = self._input.limits
        longest_file = limits.longest_file_seconds or limits.file_seconds
        longest = timedelta(seconds=longest_file + limits.slice_seconds)
        # Before, it may wait for a process until a slice of this job or of another lets go of it.
        wait = max(longest, options.SLICE_WAIT)
        return await workflow.execute_activity_method(
            SliceActivities.process_slice,
            ProcessSliceInput(
                job_id=self._input.job_id,
                first=taken.first,
                last=taken.last,
                is_isolated=taken.is_isolated,
                file_seconds=limits.file_seconds,
                slice_seconds=limits.slice_seconds,
            ),
            task_queue=SLICES,
            start_to_close_timeout=wait + longest + options.SLICE_MARGIN,
            heartbeat_timeout=timedelta(seconds=limits.heartbeat_seconds),
            retry_policy=options.SLICE_RETRY,
            summary=taken.label,
        )

    async def _tell(self, signal: str, payload: PageDrained | PageProgress | PageEnded) -> None:
        parent = workflow.get_external_workflow_handle(self._input.parent_id)
        if not await is_heard(parent.signal(signal, payload)):
            # The parent has ended: it was terminated, or it did not wait for this page.
            workflow.logger.info("the parent does not listen", extra={"signal_name": signal})
