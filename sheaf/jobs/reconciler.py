"""The sweeper: starts jobs whose Workflow is missing, and ends those whose Workflow has ended.

A start is lost where a process dies between the commit of a job and the call to Temporal; a
Workflow that was terminated, or has failed, cannot write its job's end.

Jobs that wait to be admitted have no Workflow, and are none of the sweeper's.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from sheaf.contracts.ids import batch_workflow_id
from sheaf.contracts.temporal.runs import RunBatchResult
from sheaf.jobs.service import RPC_TIMEOUT, JobService
from sheaf.jobs.workflow_ends import WorkflowEnd, workflow_end
from sheaf.ledger.database import now_us
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.leases import Leases
from sheaf.ledger.records import JobRow, NotFoundError
from sheaf.rules.outside_faults import Blame, blame, reason
from sheaf.runtime.loops import repeat

log = structlog.get_logger(__name__)

GRACE_US = 5_000_000
"""A job that was admitted later is left to the worker that is starting it."""

_CHILDREN = (
    "WorkflowType IN ('PageWorkflow', 'EnumerationWorkflow') AND ExecutionStatus = 'Running'"
)
_OPEN = {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW}

JOBS_AT_ONCE = 100
"""Jobs that are read at once."""

MOST_FAILURES = 3
"""Failures in a row after which a sweep ends: it is not the jobs, and the next one is soon."""


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
        self._renewed = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Sweep until told to stop; an error is logged and the next round tries again."""

        async def step() -> None:
            try:
                if await self._is_mine():
                    await self.sweep(stop)
            except Exception:
                log.exception("sweep failed")

        await repeat(step, self._seconds, stop)

    async def sweep(self, stop: asyncio.Event) -> None:
        """Bring every open job and its Workflow together once, and end the children of others.

        A job that cannot be swept is logged, and no other one waits for it. The sweep ends early
        once it is told to stop, or where another process has taken over.
        """
        before = now_us() - GRACE_US
        after: str | None = None
        while job_ids := await self._jobs.open_jobs(before, after, JOBS_AT_ONCE):
            if not await self._sweep_jobs(job_ids, stop):
                return
            after = job_ids[-1]
        await self._cancel_orphans(stop)

    async def _is_mine(self) -> bool:
        """Take or renew the lease.

        It lasts for three rounds, so that another takes over soon where this process is killed.
        """
        self._renewed = time.monotonic()
        return await self._leases.take("sweeper", 3 * self._seconds)

    async def _is_still_mine(self) -> bool:
        """Renew the lease in the middle of a sweep, which may be longer than it."""
        is_due = time.monotonic() - self._renewed >= self._seconds
        return not is_due or await self._is_mine()

    async def _sweep_jobs(self, job_ids: Sequence[str], stop: asyncio.Event) -> bool:
        """Sweep some jobs; False where the sweep is to end."""
        away = 0
        for job_id in job_ids:
            if stop.is_set() or not await self._is_still_mine():
                return False
            try:
                await self._sweep_job(await self._jobs.get(job_id))
            except Exception as error:
                # One job's fault stops no other; where Temporal or the ledger is away, all fail.
                away = away + 1 if blame(error) is not Blame.PROGRAM else 0
                log.exception("a job cannot be swept", job_id=job_id)
                if away >= MOST_FAILURES:
                    raise
            else:
                away = 0
        return True

    async def _sweep_job(self, job: JobRow) -> None:
        if job.carried_by and await self._workflow_status(job.carried_by) in _OPEN:
            # It looks after its jobs, and for their cancels.
            return
        status = await self._workflow_status(batch_workflow_id(job.id))
        if status is None:
            log.info("starting a job without a workflow", job_id=job.id)
            await self._service.start(job)
        elif status not in _OPEN:
            await self._end(job)
        elif job.cancel_requested_at is not None:
            await self._service.pass_on_cancel(job.id)

    async def _end(self, job: JobRow) -> None:
        end = await workflow_end(self._client.get_workflow_handle(batch_workflow_id(job.id)))
        if end.is_by_hand:
            await self._jobs.request_cancel(job.id, end.reason)
        try:
            result = await self._finalize(job, end)
        except Exception as fault:
            if blame(fault) is not Blame.PROGRAM:
                raise
            log.exception("a job cannot be settled", job_id=job.id)
            result = await self._jobs.fail(job.id, f"it could not be settled: {reason(fault)}")
        log.warning("settled a job whose workflow is gone", job_id=job.id, result=str(result))

    async def _finalize(self, job: JobRow, end: WorkflowEnd) -> RunBatchResult | None:
        return await self._jobs.finalize(
            job.id,
            cancels=end.is_by_hand,
            gives_up=not end.is_by_hand,
            error=None if end.is_by_hand else end.reason,
        )

    async def _cancel_orphans(self, stop: asyncio.Event) -> None:
        """Cancel the children of jobs that have ended.

        A parent that is gone cannot: a page that it was just starting may begin after its end,
        and would wait for a share for ever. Every sweep looks, because the list lags behind.
        """
        has_ended: dict[str, bool] = {}
        async for child in self._client.list_workflows(_CHILDREN, rpc_timeout=RPC_TIMEOUT):
            if stop.is_set():
                return
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

    async def _workflow_status(self, workflow_id: str) -> WorkflowExecutionStatus | None:
        handle = self._client.get_workflow_handle(workflow_id)
        try:
            return (await handle.describe(rpc_timeout=RPC_TIMEOUT)).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
