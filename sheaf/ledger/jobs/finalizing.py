"""The end of a job: its last items, its status, its counts and its event."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.states import ItemStatus, JobStatus, Phase
from sheaf.contracts.temporal.runs import RunBatchResult
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import now_us
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.records import TERMINAL_JOBS, NotFoundError
from sheaf.ledger.tables import UNSETTLED, items, jobs
from sheaf.ledger.webhooks.outbox import post_job_event, post_unsettled


async def end_job(
    connection: AsyncConnection,
    job_id: str,
    *,
    cancels: bool,
    gives_up: bool,
    error: str | None,
    fault: str | None,
) -> RunBatchResult | None:
    """End a job in this transaction, as `JobLedger.finalize` says."""
    job = await locked_job(connection, job_id)
    if job.status in TERMINAL_JOBS:
        # Its end is never written twice: parent, sweeper and small job may all come to it.
        return _result(job)
    # A cancel that Temporal has not heard of, because it was away, is one all the same.
    cancels = cancels or job.cancel_requested_at is not None
    if cancels:
        # Events before the items' end, by which they would no longer be found.
        await post_unsettled(connection, job, Phase.CANCELLED, now_us())
        await _end_items(connection, job_id, ItemStatus.CANCELLED, None)
    elif gives_up or error:
        await post_unsettled(connection, job, Phase.ERROR, now_us())
        await _end_items(connection, job_id, ItemStatus.FAILED, error or _given_up(fault))
    elif not job.is_enumerated or await _has_unsettled(connection, job_id):
        return None
    status = JobStatus.COMPLETED
    if cancels:
        status = JobStatus.CANCELLED
    elif error:
        status = JobStatus.FAILED
    await _end_row(connection, job_id, status, error)
    if job.has_webhooks:
        await tell_end(connection, job_id)
    return _result(await locked_job(connection, job_id))


async def end_jobs(
    connection: AsyncConnection, job_ids: Sequence[str]
) -> dict[str, RunBatchResult | None]:
    """End several jobs in this transaction, each if nothing of it is unsettled, or as cancelled.

    Returns:
        Their ends, as `JobLedger.finalize` gives them, by their ids.
    """
    ids = {"b_ids": job_ids}
    rows = (await connection.execute(_LOCKED_JOBS, ids)).all()
    unsettled = set(await connection.scalars(_JOBS_WITH_UNSETTLED, ids))
    ended: dict[str, RunBatchResult | None] = {}
    completed = []
    for job in rows:
        if job.status in TERMINAL_JOBS:
            ended[job.id] = _result(job)
        elif job.cancel_requested_at is not None:
            ended[job.id] = await end_job(
                connection, job.id, cancels=True, gives_up=False, error=None, fault=None
            )
        elif not job.is_enumerated or job.id in unsettled:
            ended[job.id] = None
        else:
            completed.append(job)
    now = now_us()
    await _COMPLETE.execute(connection, [{"b_job": job.id, "b_now": now} for job in completed])
    for job in completed:
        if job.has_webhooks:
            await tell_end(connection, job.id)
        ended[job.id] = _result(job).changed(status=JobStatus.COMPLETED)
    return ended


async def end_untold(connection: AsyncConnection, job_id: str, error: str) -> RunBatchResult:
    """End a job `failed` in this transaction by as little as that takes, and post nothing.

    One whose cancel was asked for ends `cancelled`, as `end_job` has it.
    """
    job = await locked_job(connection, job_id)
    if job.status not in TERMINAL_JOBS:
        is_cancelled = job.cancel_requested_at is not None
        # Without events: what keeps a job from ending is most likely the posting of them.
        items_end = ItemStatus.CANCELLED if is_cancelled else ItemStatus.FAILED
        await _end_items(connection, job_id, items_end, None if is_cancelled else error)
        job_end = JobStatus.CANCELLED if is_cancelled else JobStatus.FAILED
        await _end_row(connection, job_id, job_end, error)
    return _result(await locked_job(connection, job_id))


async def tell_end(connection: AsyncConnection, job_id: str) -> None:
    """Post the event of a job's end, in this transaction."""
    job = await locked_job(connection, job_id)
    await post_job_event(connection, job, job.status, job.completed_at)


_OF_IDS: sa.BindParameter[str] = sa.bindparam("b_ids", expanding=True)
_LOCKED_JOBS = jobs.select().where(jobs.c.id.in_(_OF_IDS)).order_by(jobs.c.id).with_for_update()
_JOBS_WITH_UNSETTLED = (
    sa.select(items.c.job_id).where(items.c.job_id.in_(_OF_IDS), UNSETTLED).distinct()
)
_COMPLETE = Bulk(
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_job"))
    .values(
        status=JobStatus.COMPLETED,
        completed_at=sa.bindparam("b_now"),
        updated_at=sa.bindparam("b_now"),
    )
)


async def locked_job(connection: AsyncConnection, job_id: str) -> sa.Row[Any]:
    """Return a job's row, held against other writers until the transaction ends."""
    query = jobs.select().where(jobs.c.id == job_id).with_for_update()
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFoundError(f"no job {job_id}")
    return row


def _result(job: sa.Row[Any]) -> RunBatchResult:
    return RunBatchResult(
        status=job.status,
        total=job.total,
        completed=job.completed,
        failed=job.failed,
        skipped=job.skipped,
        cancelled=job.cancelled,
        reason=job.error_message,
    )


async def _has_unsettled(connection: AsyncConnection, job_id: str) -> bool:
    query = sa.select(items.c.ordinal).where(items.c.job_id == job_id, UNSETTLED).limit(1)
    return await connection.scalar(query) is not None


async def _end_items(
    connection: AsyncConnection, job_id: str, status: ItemStatus, message: str | None
) -> None:
    """End what is unsettled; the fence rises, so that no late write changes it again."""
    ended = items.update().values(
        status=status,
        fence=items.c.fence + 1,
        failure_kind=FailureKind.CRASHED if status is ItemStatus.FAILED else None,
        error_message=message,
        completed_at=now_us(),
    )
    count = await write_many(connection, ended, items.c.job_id == job_id, UNSETTLED)
    column = jobs.c.cancelled if status is ItemStatus.CANCELLED else jobs.c.failed
    await connection.execute(
        jobs.update().where(jobs.c.id == job_id).values({column.name: column + count})
    )


async def _end_row(
    connection: AsyncConnection, job_id: str, status: JobStatus, error: str | None
) -> None:
    now = now_us()
    await connection.execute(
        jobs.update()
        .where(jobs.c.id == job_id)
        .values(
            status=status, error_message=error, is_enumerated=True, completed_at=now, updated_at=now
        )
    )


def _given_up(fault: str | None) -> str:
    message = "left unsettled by every attempt to process it"
    return f"{message}: {fault}" if fault else message
