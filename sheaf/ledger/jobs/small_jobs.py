"""Small jobs, of which several are begun and ended by one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from sheaf.contracts.states import JobStatus
from sheaf.contracts.temporal.runs import RunBatchResult
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.group_commit import GroupCommit
from sheaf.ledger.jobs.finalizing import end_jobs
from sheaf.ledger.jobs.jobs import job_row, select_jobs
from sheaf.ledger.records import JobRow, NotFoundError
from sheaf.ledger.tables import jobs
from sheaf.ledger.webhooks.outbox import post_job_event


class SmallJobLedger:
    """The beginnings and ends of small jobs; see `JobLedger` for what each of them is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._beginnings = GroupCommit(self._begin_all)
        self._ends = GroupCommit(self._end_all)

    async def begin(self, job_id: str) -> JobRow:
        """Show a job as `running` unless it has ended; return it."""
        return await self._beginnings(job_id)

    async def end(self, job_id: str) -> RunBatchResult | None:
        """End a job if nothing is unsettled, or cancelled if that was asked for; else None."""
        return await self._ends(job_id)

    async def carried(self, job_ids: Sequence[str], carrier_id: str | None) -> list[str]:
        """Return those of the jobs that this Workflow still carries; the others have their own."""
        async with self._database.read() as connection:
            found = await connection.scalars(_CARRIED, {"b_ids": job_ids, "b_carrier": carrier_id})
            return list(found)

    async def cancelled(self, job_ids: Sequence[str]) -> list[str]:
        """Return those of the jobs whose cancel was asked for."""
        async with self._database.read() as connection:
            return list(await connection.scalars(_CANCELLED, {"b_ids": job_ids}))

    async def leave(self, job_id: str) -> JobRow:
        """Note that no Workflow carries a job any more, so that it has one of its own."""
        async with self._database.write() as connection:
            await connection.execute(
                jobs.update().where(jobs.c.id == job_id).values(carried_by=None)
            )
            query = select_jobs().where(jobs.c.id == job_id)
            return job_row((await connection.execute(query)).one())

    async def _begin_all(self, job_ids: Sequence[str]) -> list[JobRow]:
        async with self._database.write() as connection:
            found = await connection.execute(_LOCKED_JOBS, {"b_ids": job_ids})
            rows = {row.id: row for row in found}
            if missing := set(job_ids) - rows.keys():
                raise NotFoundError(f"no job {missing.pop()}")
            now = now_us()
            pending = [row for row in rows.values() if row.status is JobStatus.PENDING]
            await _BEGIN.execute(connection, [{"b_id": row.id, "b_now": now} for row in pending])
            # Only those that were `pending`: a job that begins again, after its worker's death, was
            # told as running before.
            for row in pending:
                await post_job_event(connection, row, JobStatus.RUNNING, now)
        begun: dict[str, Any] = {"status": JobStatus.RUNNING, "started_at": now, "updated_at": now}
        is_new = {row.id for row in pending}
        return [
            replace(job_row(rows[job_id]), **begun if job_id in is_new else {})
            for job_id in job_ids
        ]

    async def _end_all(self, job_ids: Sequence[str]) -> list[RunBatchResult | None]:
        async with self._database.write() as connection:
            ended = await end_jobs(connection, job_ids)
        return [ended[job_id] for job_id in job_ids]


_OF_JOBS = jobs.c.id.in_(sa.bindparam("b_ids", expanding=True))
_LOCKED_JOBS = select_jobs().where(_OF_JOBS).order_by(jobs.c.id).with_for_update()
_CANCELLED = sa.select(jobs.c.id).where(_OF_JOBS, jobs.c.cancel_requested_at.is_not(None))
_CARRIED = sa.select(jobs.c.id).where(_OF_JOBS, jobs.c.carried_by == sa.bindparam("b_carrier"))
_BEGIN = Bulk(
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_id"))
    .values(
        status=JobStatus.RUNNING,
        started_at=sa.bindparam("b_now", type_=sa.BigInteger),
        updated_at=sa.bindparam("b_now", type_=sa.BigInteger),
    )
)
