"""The sweeper over a real ledger: one job's fault is no other job's."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import Failure
from temporalio.api.history.v1 import HistoryEvent, WorkflowExecutionFailedEventAttributes
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from sheaf.jobs.reconciler import Sweeper
from sheaf.jobs.service import JobService
from sheaf.ledger.database import Database
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.leases import Leases
from sheaf.ledger.records import JobRow
from sheaf.ledger.tables import jobs
from tests.integration.test_ledger import completed, enumerate_files, files, make_job, record


class EndedWorkflows:
    """Stands in for the client of a Temporal in which every Workflow has ended the same way."""

    def __init__(self, last: HistoryEvent, status: WorkflowExecutionStatus) -> None:
        self._last = last
        self._status = status

    def get_workflow_handle(self, workflow_id: str) -> "EndedWorkflows":
        del workflow_id
        return self

    async def describe(self, **options: Any) -> Any:
        del options
        return SimpleNamespace(status=self._status)

    async def fetch_history_events(self, **options: Any) -> AsyncIterator[HistoryEvent]:
        del options
        yield self._last

    async def list_workflows(self, *arguments: Any, **options: Any) -> Any:
        del arguments, options
        for nothing in ():
            yield nothing


def failed(message: str) -> EndedWorkflows:
    """Every Workflow has failed for good, without settling its job."""
    attributes = WorkflowExecutionFailedEventAttributes(failure=Failure(message=message))
    event = HistoryEvent(
        event_type=EventType.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
        workflow_execution_failed_event_attributes=attributes,
    )
    return EndedWorkflows(event, WorkflowExecutionStatus.FAILED)


class Unsettled(JobLedger):
    """A ledger that cannot finalize a job."""

    def __init__(self, database: Database, error: Exception) -> None:
        super().__init__(database)
        self._error = error

    async def finalize(self, *arguments: Any, **options: Any) -> Any:
        raise self._error


class NoWorkflows:
    """Stands in for the client of a Temporal that knows no Workflow."""

    def get_workflow_handle(self, workflow_id: str) -> "NoWorkflows":
        del workflow_id
        return self

    async def describe(self, **options: Any) -> None:
        del options
        raise RPCError("no such workflow", RPCStatusCode.NOT_FOUND, b"")

    async def list_workflows(self, *arguments: Any, **options: Any) -> Any:
        del arguments, options
        for nothing in ():
            yield nothing


class Starts:
    """Stands in for the service; the job `invalid` has an argument that cannot be read."""

    def __init__(self, invalid: str | None = None) -> None:
        self.started: list[str] = []
        self._invalid = invalid

    async def start(self, job: JobRow) -> None:
        if job.id == self._invalid:
            raise ValueError("concurrency: Input should be less than or equal to 256")
        self.started.append(job.id)


class Unreadable(JobLedger):
    """A ledger with a row that a newer or broken version has written."""

    def __init__(self, database: Database, unreadable: str) -> None:
        super().__init__(database)
        self._unreadable = unreadable

    async def get(self, job_id: str) -> JobRow:
        if job_id == self._unreadable:
            raise ValueError("'unheard' is not a valid JobApi")
        return await super().get(job_id)


def sweeper(
    database: Database,
    starts: Starts,
    ledger: JobLedger | None = None,
    temporal: EndedWorkflows | None = None,
) -> Sweeper:
    client: Client = temporal or NoWorkflows()  # type: ignore[assignment]
    service: JobService = starts  # type: ignore[assignment]
    return Sweeper(ledger or JobLedger(database), service, Leases(database, "me"), client, 15)


async def admitted_jobs(database: Database) -> list[str]:
    made = sorted([await make_job(database) for _ in range(3)])
    async with database.write() as connection:
        await connection.execute(jobs.update().values(admitted_at=1))
    return made


async def test_a_job_that_cannot_be_started_does_not_keep_the_later_ones_waiting(
    database: Database,
) -> None:
    made = await admitted_jobs(database)
    starts = Starts(invalid=made[0])
    await sweeper(database, starts).sweep(asyncio.Event())
    assert starts.started == made[1:]


async def test_a_row_that_cannot_be_read_does_not_keep_the_later_ones_waiting(
    database: Database,
) -> None:
    made = await admitted_jobs(database)
    starts = Starts()
    await sweeper(database, starts, Unreadable(database, made[0])).sweep(asyncio.Event())
    assert starts.started == made[1:]


async def test_a_sweep_that_is_told_to_stop_begins_no_further_job(database: Database) -> None:
    await admitted_jobs(database)
    starts, stop = Starts(), asyncio.Event()
    stop.set()
    await sweeper(database, starts).sweep(stop)
    assert starts.started == []


async def running_job(database: Database) -> str:
    """Make a job of three files whose Workflow runs, and that has done one of them."""
    job_id = await make_job(database)
    async with database.write() as connection:
        await connection.execute(jobs.update().values(admitted_at=1))
    await enumerate_files(database, job_id, files(1, 1, 1))
    await JobLedger(database).mark_running(job_id)
    (item,), _ = await ClaimLedger(database, "w").claim(job_id, 1, 1)
    await record(database, job_id, [completed(item)])
    return job_id


async def swept(
    database: Database, job_id: str, ledger: JobLedger | None = None
) -> tuple[JobRow, dict[str, int]]:
    """Sweep once after its Workflow has failed; return the job and its items by status."""
    await sweeper(database, Starts(), ledger, failed("WorkflowTaskFailed")).sweep(asyncio.Event())
    shown = await ItemListing(database).after(job_id)
    return await JobLedger(database).get(job_id), Counter(str(item.status) for item in shown)


async def test_a_job_whose_workflow_failed_for_good_fails_with_its_reason_and_keeps_what_is_done(
    database: Database,
) -> None:
    job, items = await swept(database, await running_job(database))
    assert (job.status, items) == ("failed", {"completed": 1, "failed": 2})
    assert job.error_message == "the Workflow failed: WorkflowTaskFailed"


async def test_a_job_whose_cancel_was_asked_for_ends_cancelled_also_where_its_workflow_failed(
    database: Database,
) -> None:
    job_id = await running_job(database)
    await JobLedger(database).request_cancel(job_id, "enough")
    job, items = await swept(database, job_id)
    assert (job.status, job.reason, items) == (
        "cancelled", "enough", {"completed": 1, "cancelled": 2},
    )  # fmt: skip


async def test_a_job_that_a_fault_keeps_from_being_settled_fails_with_that_reason(
    database: Database,
) -> None:
    job_id = await running_job(database)
    job, items = await swept(database, job_id, Unsettled(database, KeyError("skipped")))
    assert (job.status, items) == ("failed", {"completed": 1, "failed": 2})
    assert job.error_message == "it could not be settled: KeyError: 'skipped'"


async def test_a_cancelled_job_that_a_fault_keeps_from_being_settled_ends_cancelled(
    database: Database,
) -> None:
    job_id = await running_job(database)
    await JobLedger(database).request_cancel(job_id, "enough")
    job, items = await swept(database, job_id, Unsettled(database, KeyError("skipped")))
    assert (job.status, items) == ("cancelled", {"completed": 1, "cancelled": 2})


async def test_a_job_that_an_outage_keeps_from_being_settled_is_left_to_the_next_sweep(
    database: Database,
) -> None:
    job_id = await running_job(database)
    away = Unsettled(database, ConnectionResetError("away"))
    job, items = await swept(database, job_id, away)
    assert (job.status, items) == ("running", {"completed": 1, "pending": 2})
    job, items = await swept(database, job_id)
    assert (job.status, items) == ("failed", {"completed": 1, "failed": 2})
