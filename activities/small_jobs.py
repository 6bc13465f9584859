"""Whole jobs in one go: begun, listed, worked through and settled by one Activity.

It is made of the same parts as a job with pages, in the same order, and each of them leaves the
ledger as it would there. So it may break off anywhere, by its own choice, by an error or with its
worker: whoever goes on, in one go again or by pages, finds what is done and does what is left.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

import structlog
from temporalio import activity

from activities.cancellation import cancelled_by
from activities.enumeration import LedgerEnumerationActivities
from activities.outages import comes_again
from activities.signatures import SmallJobActivities
from activities.slices import LedgerSliceActivities
from sheaf.contracts.temporal.runs import EnumerationProgress, ProcessSliceInput, ProcessSliceResult
from sheaf.contracts.temporal.small_jobs import (
    RunSmallJobInput,
    RunSmallJobResult,
    RunSmallJobsInput,
    RunSmallJobsResult,
)
from sheaf.jobs.service import JobService
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.joined_claims import JoinedClaims
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.small_jobs import SmallJobLedger
from sheaf.rules.outside_faults import reason
from sheaf.rules.scheduling.inline import INLINE_SECONDS, MOST_INLINE_FILES, is_inline
from sheaf.rules.scheduling.prediction import predicted_seconds

log = structlog.get_logger(__name__)

CANCEL_SECONDS = 2.0
"""Between two looks for the cancels of jobs that share a Workflow."""


class LedgerSmallJobActivities(SmallJobActivities):
    """Jobs in one go, over the Activities of their parts.

    Args:
        has_ended: is told when a job has ended, and its place is free.
    """

    def __init__(
        self,
        jobs: SmallJobLedger,
        specs: JobLedger,
        claims: JoinedClaims,
        items: ItemLedger,
        enumeration: LedgerEnumerationActivities,
        slices: LedgerSliceActivities,
        service: JobService,
        has_ended: Callable[[], None],
    ) -> None:
        self._jobs = jobs
        self._specs = specs
        self._claims = claims
        self._service = service
        self._has_ended = has_ended
        self._items = items
        self._enumeration = enumeration
        self._slices = slices

    @activity.defn
    async def run_small_job(self, input: RunSmallJobInput) -> RunSmallJobResult:
        with comes_again(input.job_id):
            row = await self._jobs.begin(input.job_id)
            is_refused = row.cancel_requested_at is not None
            if is_refused or row.status.is_terminal:
                return await self._finalized(input.job_id, EnumerationProgress(high_water_mark=0))
            spec = await self._specs.spec_of(row)
            listed = EnumerationProgress(high_water_mark=row.total, is_final=True)
            # An attempt before this one may have listed, and died while it worked.
            if not row.is_enumerated:
                listed = await self._enumeration.list_first(spec, MOST_INLINE_FILES)
            # What is committed stays: pages and their listing go on behind it.
            if not await self._is_inline(input.job_id, listed):
                return RunSmallJobResult(enumerated=listed)
            self._slices.know(spec)
            done = await self._work_through(input, listed.high_water_mark)
            if done.remaining or done.isolated or done.is_stopped:
                return RunSmallJobResult(
                    enumerated=listed, counts=done.counts, failures=done.failures
                )
            return await self._finalized(input.job_id, listed, done)

    async def _is_inline(self, job_id: str, listed: EnumerationProgress) -> bool:
        if not listed.is_final or listed.error or listed.high_water_mark > MOST_INLINE_FILES:
            return False
        rows = (
            await self._items.unsettled(job_id, 1, listed.high_water_mark)
            if listed.high_water_mark > 1
            else []
        )
        return is_inline([predicted_seconds(name, size) for _, name, size, _ in rows])

    async def _work_through(
        self, input: RunSmallJobInput, high_water_mark: int
    ) -> ProcessSliceResult:
        if high_water_mark == 0:
            return ProcessSliceResult()
        return await self._slices.run_slice(
            ProcessSliceInput(
                job_id=input.job_id,
                first=1,
                last=high_water_mark,
                file_seconds=input.file_seconds,
                slice_seconds=INLINE_SECONDS,
            ),
            self._claims,
        )

    async def _finalized(
        self, job_id: str, listed: EnumerationProgress, done: ProcessSliceResult | None = None
    ) -> RunSmallJobResult:
        """Settle the job; without an end where something is unsettled, which pages will find."""
        result = await self._jobs.end(job_id)
        if result:
            log.info("job ended", job_id=job_id, **result.model_dump())
            self._has_ended()
        done = done or ProcessSliceResult()
        return RunSmallJobResult(
            result=result, enumerated=listed, counts=done.counts, failures=done.failures
        )

    @activity.defn
    async def run_small_jobs(self, input: RunSmallJobsInput) -> RunSmallJobsResult:
        # Begun again after a worker's death, it leaves alone those that were handed on before.
        own = await self._jobs.carried(
            [one.job_id for one in input.jobs], activity.info().workflow_id
        )
        events = {job_id: asyncio.Event() for job_id in own}
        stop = asyncio.Event()
        looking = asyncio.create_task(self._look_for_cancels(events, stop))
        try:
            ends = await asyncio.gather(
                *(
                    self._carry(one, events[one.job_id])
                    for one in input.jobs
                    if one.job_id in events
                ),
                return_exceptions=True,
            )
        finally:
            stop.set()
            await looking
        if failed := [one for one in ends if isinstance(one, BaseException)]:
            raise failed[0]
        ended = sum(map(bool, ends))
        return RunSmallJobsResult(ended=ended, left=len(input.jobs) - ended)

    async def _carry(self, one: RunSmallJobInput, cancelled: asyncio.Event) -> bool:
        """Do one of several jobs; return whether it has ended, and else see that it goes on."""
        try:
            with cancelled_by(cancelled):
                done = await self.run_small_job(one)
        except asyncio.CancelledError:
            if not cancelled.is_set():
                raise
            done = await self._finalized(one.job_id, EnumerationProgress(high_water_mark=0))
        except Exception as error:  # noqa: BLE001 - of this job alone
            log.warning("not done in one go", job_id=one.job_id, cause=reason(error))
            done = RunSmallJobResult()
        if done.result is None:
            # First the ledger: where Temporal is away, the sweeper then starts it.
            await self._service.try_start(await self._jobs.leave(one.job_id), is_begun=True)
        return done.result is not None

    async def _look_for_cancels(
        self, events: Mapping[str, asyncio.Event], stop: asyncio.Event
    ) -> None:
        """Stop those jobs whose cancel was asked for; Temporal knows of no Workflow to tell."""
        while True:
            with suppress(TimeoutError):
                # Told, and not cancelled: a look is a transaction.
                await asyncio.wait_for(stop.wait(), CANCEL_SECONDS)
            if stop.is_set():
                return
            try:
                for job_id in await self._jobs.cancelled(list(events)):
                    events[job_id].set()
            except Exception as error:  # noqa: BLE001 - the next look tries again
                log.warning("cannot look for cancels", cause=reason(error))
