"""Deleting a job of one file, and what it made."""

import sqlalchemy as sa

from sheaf.ledger.database import Database, now_us
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.tables import items, jobs, results


async def delete_job(database: Database, job_id: str) -> bool:
    """Hide a job for good and delete its results; return whether all that is stored may go.

    A result that another job took stays, and no further job takes it. Idempotent.
    """
    is_taken = (
        sa.select(items.c.job_id)
        .where(
            items.c.result_id == results.c.id,
            items.c.skip_reason.is_not(None),
            items.c.job_id != job_id,
        )
        .exists()
    )
    of_job = results.c.job_id == job_id
    async with database.write() as connection:
        await connection.execute(
            jobs.update().where(jobs.c.id == job_id).values(deleted_at=now_us())
        )
        await write_many(connection, results.update().values(is_reusable=False), of_job)
        await write_many(connection, results.delete(), of_job, ~is_taken)
        return await connection.scalar(sa.select(results.c.id).where(of_job).limit(1)) is None
