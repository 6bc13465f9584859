"""What no Workflow can do for itself: begin when its start was lost, end when it was terminated.

Jobs that wait to be admitted have no Workflow, and are none of the sweeper's.
"""

import asyncio

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from models.ids import batch_workflow_id
from rules.outside_faults import Blame, blame, reason
from services.jobs import RPC_TIMEOUT, JobService
from services.ledger.database import now_us
from services.ledger.jobs import JobLedger
from services.ledger.leases import Leases
from services.ledger.records import JobRow, NotFoundError

log = structlog.get_logger(__name__)

GRACE_US = 5_000_000
"""A job that was admitted later is left to the worker that is starting it."""

_CHILDREN = (
    "WorkflowType IN ('PageWorkflow', 'EnumerationWorkflow') AND ExecutionStatus = 'Running'"
)
_ENDED_BY_HAND = {WorkflowExecutionStatus.TERMINATED, WorkflowExecutionStatus.CANCELED}
_ENDED_BY_FAULT = {
    WorkflowExecutionStatus.FAILED,
    WorkflowExecutionStatus.TIMED_OUT,
    WorkflowExecutionStatus.COMPLETED,
}


class Sweeper:
    """Looks at the open jobs every few seconds; one process at a time does, by a lease."""

    def __init__(
        self, jobs: JobLedger, service: JobService, leases: Leases, client: Client, seconds: float
    ) -> None:
        self._jobs = jobs
        self._service = service
        self._leases = leases
        self._client = client
        self._seconds = seconds

    async def run(self) -> None:
        """Sweep until cancelled; an error is logged and the next round tries again."""
        while True:
            try:
                if await self._leases.take("sweeper", 3 * self._seconds):
                    await self.sweep()
            except Exception:
                log.exception("sweep failed")
            await asyncio.sleep(self._seconds)

    async def sweep(self) -> None:
        """Bring every open job and its Workflow together once, and end the children of others."""
        for job in await self._jobs.open_jobs(now_us() - GRACE_US):
            await self._sweep_job(job)
        await self._cancel_orphans()

    async def _sweep_job(self, job: JobRow) -> None:
        status = await self._workflow_status(job.id)
        if status is None:
            log.info("starting a job without a workflow", job_id=job.id)
            await self._service.start(job)
        elif status in _ENDED_BY_HAND:
            await self._jobs.request_cancel(job.id, f"workflow {status.name.lower()} in Temporal")
            await self._end(job, cancels=True)
        elif status in _ENDED_BY_FAULT:
            await self._end(job, cancels=False)
        elif job.cancel_requested_at is not None:
            await self._service.pass_on_cancel(job.id)

    async def _end(self, job: JobRow, *, cancels: bool) -> None:
        error = None if cancels else "the workflow ended without settling the job"
        try:
            result = await self._jobs.settle(
                job.id, cancels=cancels, gives_up=not cancels, error=error
            )
        except Exception as fault:
            if blame(fault) is not Blame.PROGRAM:
                raise
            log.exception("a job cannot be settled", job_id=job.id)
            result = await self._jobs.fail(job.id, f"it could not be settled: {reason(fault)}")
        log.warning("settled a job whose workflow is gone", job_id=job.id, result=str(result))

    async def _cancel_orphans(self) -> None:
        """Cancel the children of jobs that have ended.

        A parent that is gone cannot: a page that it was just starting may begin after its end,
        and would wait for a share for ever. Every sweep looks, because the list lags behind.
        """
        has_ended: dict[str, bool] = {}
        async for child in self._client.list_workflows(_CHILDREN, rpc_timeout=RPC_TIMEOUT):
            job_id = child.id.partition("/")[0]
            if job_id not in has_ended:
                has_ended[job_id] = await self._has_ended(job_id)
            if has_ended[job_id]:
                await self._cancel(child.id)

    async def _has_ended(self, job_id: str) -> bool:
        """Whether the job has ended; jobs of another ledger in the namespace are left alone."""
        try:
            return (await self._jobs.get(job_id)).status.is_terminal
        except NotFoundError:
            return False

    async def _cancel(self, workflow_id: str) -> None:
        try:
            await self._client.get_workflow_handle(workflow_id).cancel(rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise

    async def _workflow_status(self, job_id: str) -> WorkflowExecutionStatus | None:
        handle = self._client.get_workflow_handle(batch_workflow_id(job_id))
        try:
            return (await handle.describe(rpc_timeout=RPC_TIMEOUT)).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
