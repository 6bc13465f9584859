"""The sweeper over a real ledger: one job's fault is no other job's."""

import asyncio
from typing import Any

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from services.jobs import JobService
from services.ledger.database import Database
from services.ledger.jobs import JobLedger
from services.ledger.leases import Leases
from services.ledger.records import JobRow
from services.ledger.schema import jobs
from services.sweeper import Sweeper
from tests.integration.test_ledger import make_job


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


def sweeper(database: Database, starts: Starts, ledger: JobLedger | None = None) -> Sweeper:
    client: Client = NoWorkflows()  # type: ignore[assignment]
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
