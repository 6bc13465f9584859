"""The beginning, cancellation and end of a job, over the ledger."""

import structlog
from temporalio import activity
from temporalio.service import RPCError, RPCStatusCode

from activities.pages import RPC_TIMEOUT
from activities.signatures import JobActivities
from sheaf.contracts.ids import batch_workflow_id
from sheaf.contracts.temporal.runs import FinalizeJobInput, FinalizeJobResult, JobRef
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.jobs.jobs import JobLedger

log = structlog.get_logger(__name__)


class LedgerJobActivities(JobActivities):
    """Job Activities over a ledger."""

    def __init__(self, jobs: JobLedger, items: ItemLedger) -> None:
        self._jobs = jobs
        self._items = items

    @activity.defn
    async def begin_job(self, input: JobRef) -> bool:
        return await self._jobs.mark_running(input.job_id)

    @activity.defn
    async def request_cancel(self, input: JobRef) -> None:
        await self._jobs.request_cancel(input.job_id, input.reason)

    @activity.defn
    async def cancel_run(self, input: JobRef) -> None:
        parent = activity.client().get_workflow_handle(batch_workflow_id(input.job_id))
        try:
            await parent.cancel(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            # It has ended, so there is nobody left to be told.
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    @activity.defn(name="settle_job")
    async def finalize_job(self, input: FinalizeJobInput) -> FinalizeJobResult:
        result = await self._jobs.finalize(
            input.job_id,
            cancels=input.is_cancelled,
            gives_up=input.gives_up,
            error=input.error,
            fault=input.fault,
        )
        if result:
            log.info("job ended", job_id=input.job_id, **result.model_dump())
            return FinalizeJobResult(result=result)
        return FinalizeJobResult(unsettled=await self._items.unsettled_ranges(input.job_id))

    @activity.defn
    async def fail_job(self, input: JobRef) -> FinalizeJobResult:
        result = await self._jobs.fail(input.job_id, input.reason or "it could not be settled")
        log.error(
            "job could not be settled",
            job_id=input.job_id,
            reason=input.reason,
            **result.model_dump(),
        )
        return FinalizeJobResult(result=result)
