"""Jobs: their rows, their cancellation and their end."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from models.apis import JobApi
from models.batch import ItemStatus, JobStatus
from models.failures import FailureKind
from models.job_config import JobType
from models.runs import BatchResult
from services.ledger.database import Database, now_us
from services.ledger.records import (
    TERMINAL_JOBS,
    UNSETTLED_ITEMS,
    JobRow,
    JobSpec,
    NotFoundError,
)
from services.ledger.schema import directories, items, jobs, outbox

_JOB_FIELDS = tuple(field.name for field in fields(JobRow))


@dataclass(frozen=True)
class NewJob:
    """What a job row starts with; see the columns of `jobs`."""

    id: str
    project_id: str
    job_type: JobType
    directory_id: str | None
    request: dict[str, Any]
    run: dict[str, Any]
    parameters_hash: str
    engine_fingerprint: str
    unsupported_parameters: list[str]
    has_webhooks: bool
    api: JobApi = JobApi.BATCH
    public_id: str | None = None
    echo: dict[str, Any] | None = None


class JobLedger:
    """The jobs table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, job: NewJob, only: tuple[str, str] | None = None) -> JobRow:
        """Insert a job as `pending`; the row is the acceptance, the Workflow follows from it.

        Idempotent by id: a job that exists is returned as it is.

        Args:
            job: what is accepted.
            only: file and task id of the one item of a job that needs no enumeration.
        """
        now = now_us()
        async with self._database.write() as connection:
            query = select_jobs().where(jobs.c.id == job.id)
            row = (await connection.execute(query)).first()
            if row is None:
                await connection.execute(
                    jobs.insert().values(
                        **vars(job),
                        status=JobStatus.PENDING,
                        total=1 if only else 0,
                        is_enumerated=only is not None,
                        created_at=now,
                        updated_at=now,
                    )
                )
                if only:
                    await connection.execute(
                        items.insert().values(
                            job_id=job.id,
                            ordinal=1,
                            file_id=only[0],
                            task_id=only[1],
                            status=ItemStatus.PENDING,
                        )
                    )
                row = (await connection.execute(query)).one()
            return job_row(row)

    async def get(self, job_id: str) -> JobRow:
        """Return a job; NotFoundError when there is none."""
        async with self._database.read() as connection:
            row = (await connection.execute(select_jobs().where(jobs.c.id == job_id))).first()
        if row is None:
            raise NotFoundError(f"no job {job_id}; `sheaf list` shows the jobs there are")
        return job_row(row)

    async def newest(
        self, project_id: str, limit: int = 50, statuses: Sequence[JobStatus] = ()
    ) -> list[JobRow]:
        """Return a project's jobs, newest first."""
        query = select_jobs().where(jobs.c.project_id == project_id)
        if statuses:
            query = query.where(jobs.c.status.in_(statuses))
        query = query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc()).limit(limit)
        async with self._database.read() as connection:
            return [job_row(row) for row in await connection.execute(query)]

    async def spec(self, job_id: str) -> JobSpec:
        """Return what never changes about a job."""
        row = await self.get(job_id)
        async with self._database.read() as connection:
            source_uri = await connection.scalar(
                sa.select(directories.c.source_uri).where(directories.c.id == row.directory_id)
            )
        return JobSpec(
            job_id=row.id,
            project_id=row.project_id,
            job_type=row.job_type,
            request=row.request,
            source_uri=source_uri,
            parameters_hash=row.parameters_hash,
            engine_fingerprint=row.engine_fingerprint,
        )

    async def open_jobs(self, older_than_us: int) -> list[JobRow]:
        """Return the jobs that have not ended and were created before the given time."""
        query = select_jobs().where(
            jobs.c.status.not_in(TERMINAL_JOBS), jobs.c.created_at < older_than_us
        )
        async with self._database.read() as connection:
            return [job_row(row) for row in await connection.execute(query)]

    async def mark_running(self, job_id: str) -> bool:
        """Show the job as `running`; return whether it takes work (no cancel was asked for)."""
        async with self._database.write() as connection:
            await connection.execute(
                jobs.update()
                .where(jobs.c.id == job_id, jobs.c.status == JobStatus.PENDING)
                .values(status=JobStatus.RUNNING, started_at=now_us(), updated_at=now_us())
            )
            row = await _locked(connection, job_id)
            return row.cancel_requested_at is None

    async def request_cancel(self, job_id: str, reason: str | None) -> JobRow:
        """Refuse every further claim of the job's items. Idempotent; the first reason stays.

        A job that has ended is left as it is; the caller sees its status.
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
        return await self.get(job_id)

    async def settle(
        self, job_id: str, *, cancels: bool, gives_up: bool, error: str | None
    ) -> BatchResult | None:
        """End the job if nothing is unsettled; return its end, or None when items are.

        Items still unsettled end here when the job is cancelled (`cancelled`) or cannot go on
        (`failed: Crashed`). Status, counts and the job's event change in one transaction.
        Idempotent: a job that has ended keeps its end.
        """
        async with self._database.write() as connection:
            job = await _locked(connection, job_id)
            if job.status in TERMINAL_JOBS:
                return _result(job)
            if cancels:
                await _end_items(connection, job_id, ItemStatus.CANCELLED, None)
            elif gives_up or error:
                message = error or "left unsettled by every attempt to process it"
                await _end_items(connection, job_id, ItemStatus.FAILED, message)
            elif not job.is_enumerated or await _has_unsettled(connection, job_id):
                return None
            await _end_job(connection, job, cancels=cancels, error=error)
            return _result(await _locked(connection, job_id))


def select_jobs() -> sa.Select[Any]:
    """Select what `job_row` takes."""
    return sa.select(*(jobs.c[name] for name in _JOB_FIELDS))


def job_row(row: sa.Row[Any]) -> JobRow:
    """Return a selected row as a job."""
    values = dict(row._mapping)
    values["status"] = JobStatus(values["status"])
    values["job_type"] = JobType(values["job_type"])
    values["api"] = JobApi(values["api"])
    return JobRow(**values)


async def _locked(connection: AsyncConnection, job_id: str) -> sa.Row[Any]:
    query = jobs.select().where(jobs.c.id == job_id).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFoundError(f"no job {job_id}")
    return row


def _result(job: sa.Row[Any]) -> BatchResult:
    return BatchResult(
        status=job.status,
        total=job.total,
        completed=job.completed,
        failed=job.failed,
        skipped=job.skipped,
        cancelled=job.cancelled,
    )


async def _has_unsettled(connection: AsyncConnection, job_id: str) -> bool:
    query = (
        sa.select(items.c.ordinal)
        .where(items.c.job_id == job_id, items.c.status.in_(UNSETTLED_ITEMS))
        .limit(1)
    )
    return await connection.scalar(query) is not None


async def _end_items(
    connection: AsyncConnection, job_id: str, status: ItemStatus, message: str | None
) -> None:
    """End what is unsettled; the fence rises, so that no late write changes it again."""
    ended = await connection.execute(
        items.update()
        .where(items.c.job_id == job_id, items.c.status.in_(UNSETTLED_ITEMS))
        .values(
            status=status,
            fence=items.c.fence + 1,
            failure_kind=FailureKind.CRASHED if status is ItemStatus.FAILED else None,
            error_message=message,
            completed_at=now_us(),
        )
    )
    column = jobs.c.cancelled if status is ItemStatus.CANCELLED else jobs.c.failed
    await connection.execute(
        jobs.update().where(jobs.c.id == job_id).values({column.name: column + ended.rowcount})
    )


async def _end_job(
    connection: AsyncConnection, job: sa.Row[Any], *, cancels: bool, error: str | None
) -> None:
    status = JobStatus.COMPLETED
    if cancels:
        status = JobStatus.CANCELLED
    elif error:
        status = JobStatus.FAILED
    now = now_us()
    await connection.execute(
        jobs.update()
        .where(jobs.c.id == job.id)
        .values(
            status=status, error_message=error, is_enumerated=True, completed_at=now, updated_at=now
        )
    )
    if job.has_webhooks:
        event = {JobStatus.COMPLETED: "success", JobStatus.FAILED: "error"}.get(status, "cancelled")
        await connection.execute(
            outbox.insert().values(job_id=job.id, event_type=f"batch.{event}", created_at=now)
        )
