"""Jobs: their rows, from the acceptance to the cancellation."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.states import ItemStatus, JobStatus
from sheaf.contracts.temporal.runs import RunBatchResult
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.jobs.finalizing import end_job, end_untold, locked_job, tell_end
from sheaf.ledger.jobs.receivers import NewReceivers, add_receivers
from sheaf.ledger.records import (
    TERMINAL_JOBS,
    JobRow,
    JobSpec,
    NewJob,
    NotFoundError,
)
from sheaf.ledger.tables import OPEN, WAITING, directories, items, jobs
from sheaf.ledger.webhooks.outbox import post_job_event

log = structlog.get_logger(__name__)

_SOURCE = sa.select(directories.c.source_uri).where(directories.c.id == sa.bindparam("b_directory"))
_JOB_FIELDS = tuple(field.name for field in fields(JobRow))


class JobLedger:
    """The jobs table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        job: NewJob,
        only: tuple[str, str] | None = None,
        receivers: NewReceivers | None = None,
    ) -> JobRow:
        """Insert a job as `pending`; the row is the acceptance, the Workflow follows from it.

        Idempotent by id: a job that exists is returned as it is.

        Args:
            job: what is accepted.
            only: file and task id of the one item of a job that needs no enumeration.
            receivers: who is told of it.
        """

        async def make(connection: AsyncConnection) -> JobRow:
            own = {"b_job": job.id}
            row = (await connection.execute(_JOB, own)).first()
            if row is None:
                await _insert(connection, job, only, receivers or NewReceivers())
                row = (await connection.execute(_JOB, own)).one()
            return job_row(row)

        return await self._database.insert_or_find(make)

    async def get(self, job_id: str) -> JobRow:
        """Return a job; NotFoundError when there is none."""
        async with self._database.read() as connection:
            row = (await connection.execute(_JOB, {"b_job": job_id})).first()
        if row is None:
            raise NotFoundError(f"no job {job_id}; `sheaf list` shows the jobs there are")
        return job_row(row)

    async def of_project(self, project_id: str, job_id: str) -> JobRow:
        """Return a job of a project; NotFoundError when that has none of the id."""
        query = select_jobs().where(
            jobs.c.id == job_id, jobs.c.project_id == project_id, jobs.c.deleted_at.is_(None)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFoundError(f"no job {job_id}")
        return job_row(row)

    async def newest(
        self, project_id: str, limit: int = 50, statuses: Sequence[JobStatus] = ()
    ) -> list[JobRow]:
        """Return a project's jobs, newest first."""
        query = select_jobs().where(jobs.c.project_id == project_id, jobs.c.deleted_at.is_(None))
        if statuses:
            query = query.where(jobs.c.status.in_(statuses))
        query = query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        async with self._database.read() as connection:
            return [job_row(row) for row in await connection.execute(query)]

    async def spec(self, job_id: str) -> JobSpec:
        """Return what never changes about a job."""
        return await self.spec_of(await self.get(job_id))

    async def spec_of(self, row: JobRow) -> JobSpec:
        """Return what never changes about a job whose row is known."""
        source_uri = None
        if row.directory_id is not None:
            async with self._database.read() as connection:
                source_uri = await connection.scalar(_SOURCE, {"b_directory": row.directory_id})
        return JobSpec(
            job_id=row.id,
            project_id=row.project_id,
            job_type=row.job_type,
            request=row.request,
            source_uri=source_uri,
            parameters_hash=row.parameters_hash,
            engine_fingerprint=row.engine_fingerprint,
            page_files=row.run["page_files"],
        )

    async def open_jobs(self, older_than_us: int, after: str | None, limit: int) -> list[str]:
        """Return ids of jobs that were admitted before the given time and have not ended.

        Args:
            older_than_us: in microseconds of the epoch.
            after: only ids behind this one, in their order; None begins with the first.
            limit: of how many at most.
        """
        query = sa.select(jobs.c.id).where(OPEN, jobs.c.admitted_at < older_than_us)
        if after is not None:
            query = query.where(jobs.c.id > after)
        query = query.order_by(jobs.c.id).limit(limit)
        async with self._database.read() as connection:
            return list(await connection.scalars(query))

    async def mark_running(self, job_id: str) -> bool:
        """Show the job as `running`; return whether it takes work (no cancel was asked for)."""
        return (await self.begin(job_id)).cancel_requested_at is None

    async def begin(self, job_id: str) -> JobRow:
        """Show the job as `running` unless it has ended; return it."""
        async with self._database.write() as connection:
            row = await locked_job(connection, job_id)
            if row.status is JobStatus.PENDING:
                now = now_us()
                await connection.execute(
                    jobs.update()
                    .where(jobs.c.id == job_id)
                    .values(status=JobStatus.RUNNING, started_at=now, updated_at=now)
                )
                await post_job_event(connection, row, JobStatus.RUNNING, now)
            return job_row((await connection.execute(_JOB, {"b_job": job_id})).one())

    async def request_cancel(self, job_id: str, reason: str | None) -> JobRow:
        """Refuse every further claim of the job's items. Idempotent; the first reason stays.

        A job that still waits to be admitted ends here, since it has no Workflow that could end
        it. One that has ended is left as it is; the caller sees its status.
        """
        async with self._database.write() as connection:
            await connection.execute(
                jobs.update()
                .where(
                    jobs.c.id == job_id,
                    jobs.c.cancel_requested_at.is_(None),
                    jobs.c.status.not_in(TERMINAL_JOBS),
                )
                .values(cancel_requested_at=now_us(), reason=reason, updated_at=now_us())
            )
            is_waiting = sa.select(jobs.c.id).where(jobs.c.id == job_id, WAITING)
            if await connection.scalar(is_waiting.with_for_update()) is not None:
                await end_job(
                    connection, job_id, cancels=True, gives_up=False, error=None, fault=None
                )
        return await self.get(job_id)

    async def finalize(
        self,
        job_id: str,
        *,
        cancels: bool,
        gives_up: bool,
        error: str | None,
        fault: str | None = None,
    ) -> RunBatchResult | None:
        """End the job if nothing is unsettled; return its end, or None when items are.

        Items still unsettled end here when the job is cancelled (`cancelled`) or cannot go on
        (`failed: Crashed`). A job whose cancel was asked for is cancelled, whatever `cancels`
        says. Status, counts and the job's event change in one transaction.
        Idempotent: a job that has ended keeps its end.

        Args:
            job_id: the job.
            cancels: ends it `cancelled`.
            gives_up: ends it `completed`, its unsettled items `Crashed`.
            error: ends it `failed`, with this reason.
            fault: told with the items that are given up, where it is known.
        """
        async with self._database.write() as connection:
            return await end_job(
                connection, job_id, cancels=cancels, gives_up=gives_up, error=error, fault=fault
            )

    async def fail(self, job_id: str, error: str) -> RunBatchResult:
        """End a job `failed` where `finalize` fails for good, and whatever that failed by.

        A job whose cancel was asked for is cancelled here, too.
        Idempotent: a job that has ended keeps its end. Events are posted after it, as far as that
        works: what keeps a job from ending is most likely the telling of it.
        """
        async with self._database.write() as connection:
            result = await end_untold(connection, job_id, error)
        try:
            async with self._database.write() as connection:
                await tell_end(connection, job_id)
        except Exception:
            log.exception("the end of a job could not be told", job_id=job_id)
        return result


def select_jobs() -> sa.Select[Any]:
    """Select what `job_row` takes."""
    return sa.select(*(jobs.c[name] for name in _JOB_FIELDS))


_JOB = select_jobs().where(jobs.c.id == sa.bindparam("b_job"))
_INSERT = jobs.insert()
_INSERT_ITEM = items.insert()
"""Built once: building a statement takes as long as running it."""


def job_row(row: sa.Row[Any]) -> JobRow:
    """Return a selected row as a job."""
    return JobRow(**row._mapping)


async def _insert(
    connection: AsyncConnection,
    job: NewJob,
    only: tuple[str, str] | None,
    receivers: NewReceivers,
) -> None:
    now = now_us()
    state = {
        "status": JobStatus.PENDING,
        "total": 1 if only else 0,
        "is_enumerated": only is not None,
        "created_at": now,
        "updated_at": now,
    }
    await connection.execute(_INSERT, vars(job) | state)
    if only:
        file_id, task_id = only
        item = {"job_id": job.id, "ordinal": 1, "file_id": file_id, "task_id": task_id}
        await connection.execute(_INSERT_ITEM, item | {"status": ItemStatus.PENDING})
    await add_receivers(connection, job.id, job.project_id, receivers, now)
    if job.has_webhooks:
        row = await locked_job(connection, job.id)
        await post_job_event(connection, row, JobStatus.PENDING, now)
