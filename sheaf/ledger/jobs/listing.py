"""Jobs as callers ask for them: of their project and of one API, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sheaf.contracts.apis import JobApi
from sheaf.contracts.states import JobStatus, JobType
from sheaf.ledger.database import Database
from sheaf.ledger.jobs.jobs import job_row, select_jobs
from sheaf.ledger.records import JobRow, NotFoundError
from sheaf.ledger.tables import jobs


@dataclass(frozen=True)
class JobFilter:
    """What a listed job must be; None or nothing leaves a thing open. Times are inclusive."""

    project_id: str
    apis: Sequence[JobApi]
    directory_id: str | None = None
    job_type: JobType | None = None
    statuses: Sequence[JobStatus] | None = None
    created_from: int | None = None
    created_to: int | None = None
    public_ids: Sequence[str] | None = None
    has_failures: bool | None = None
    configuration_id: str | None = None


class JobListing:
    """Reads jobs; it never writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, project_id: str, apis: Sequence[JobApi], job_id: str) -> JobRow:
        """Return a job by its own or its public id.

        Raises:
            NotFoundError: there is none of these APIs in the project.
        """
        query = select_jobs().where(
            jobs.c.project_id == project_id,
            jobs.c.api.in_(apis),
            jobs.c.deleted_at.is_(None),
            sa.or_(jobs.c.public_id == job_id, jobs.c.id == job_id),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFoundError(f"no job {job_id[:64]}")
        return job_row(row)

    async def by_offset(
        self, asked: JobFilter, *, offset: int, limit: int
    ) -> tuple[list[JobRow], int]:
        """Return jobs behind an offset, and how many there are in all."""
        where = _where(asked)
        total = sa.select(sa.func.count()).select_from(jobs).where(*where)
        query = _newest_first(select_jobs().where(*where)).offset(offset).limit(limit)
        async with self._database.read() as connection:
            rows = [job_row(row) for row in await connection.execute(query)]
            return rows, int(await connection.scalar(total) or 0)

    async def behind(
        self, asked: JobFilter, position: tuple[int, str] | None, limit: int
    ) -> list[JobRow]:
        """Return jobs behind (created_at, id) of the last one that was seen."""
        query = select_jobs().where(*_where(asked))
        if position:
            here = sa.tuple_(jobs.c.created_at, jobs.c.id)
            query = query.where(here < tuple(position))
        async with self._database.read() as connection:
            rows = await connection.execute(_newest_first(query).limit(limit))
            return [job_row(row) for row in rows]


def _where(asked: JobFilter) -> list[sa.ColumnElement[bool]]:
    where = [
        jobs.c.project_id == asked.project_id,
        jobs.c.api.in_(asked.apis),
        jobs.c.deleted_at.is_(None),
    ]
    if asked.directory_id is not None:
        where.append(jobs.c.directory_id == asked.directory_id)
    if asked.job_type is not None:
        where.append(jobs.c.job_type == asked.job_type)
    if asked.statuses is not None:
        where.append(jobs.c.status.in_(asked.statuses))
    if asked.created_from is not None:
        where.append(jobs.c.created_at >= asked.created_from)
    if asked.created_to is not None:
        where.append(jobs.c.created_at <= asked.created_to)
    if asked.public_ids is not None:
        where.append(jobs.c.public_id.in_(asked.public_ids))
    if asked.has_failures is not None:
        where.append(jobs.c.failed > 0 if asked.has_failures else jobs.c.failed == 0)
    if asked.configuration_id is not None:
        named = jobs.c.echo["configuration_id"].as_string()
        where.append(named == asked.configuration_id)
    return where


def _newest_first(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
