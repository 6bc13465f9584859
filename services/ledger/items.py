"""Items: claims, outcomes, and what is still unsettled.

A claim raises the item's fence; an outcome is recorded only while the item is `processing` under
that fence. Whatever a slow or stopped worker writes later is refused and noted.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from models.batch import ItemStatus
from models.job_config import JobType
from models.runs import MAX_RANGES, OrdinalRange, PageFound
from services.ledger.database import Database, chunks, now_us
from services.ledger.records import UNSETTLED_ITEMS, ClaimedItem, Outcome, ResultRow, Settled
from services.ledger.schema import (
    attempts,
    directories,
    directory_files,
    items,
    jobs,
    outbox,
    results,
)

ResultKey = tuple[str, str]
"""Parameters hash and engine fingerprint: what a result depends on beside the bytes."""

_COUNTED = {
    ItemStatus.COMPLETED: "completed",
    ItemStatus.FAILED: "failed",
    ItemStatus.SKIPPED: "skipped",
    ItemStatus.CANCELLED: "cancelled",
}


class ItemLedger:
    """The items of jobs.

    Args:
        worker: name of this process, noted with attempts that did not settle their item.
    """

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker

    async def unsettled(
        self, job_id: str, first: int, last: int
    ) -> list[tuple[int, str, int, int]]:
        """Return (ordinal, name, size in bytes, lost claims) of a range's unsettled items."""
        query = (
            sa.select(
                items.c.ordinal,
                directory_files.c.display_name,
                directory_files.c.size_bytes,
                items.c.lost_claims,
            )
            .join(directory_files, directory_files.c.id == items.c.file_id)
            .where(*_in_range(job_id, first, last), items.c.status.in_(UNSETTLED_ITEMS))
            .order_by(items.c.ordinal)
        )
        async with self._database.read() as connection:
            rows = await connection.execute(query)
            return [(row[0], row[1], row[2], row[3]) for row in rows]

    async def claim(self, job_id: str, first: int, last: int) -> tuple[list[ClaimedItem], bool]:
        """Claim the unsettled items of a range; return them, and whether the job is stopped.

        Items of a job that is to be cancelled are not claimed. An item that another attempt
        holds is taken from it: its fence rises, and that attempt's write will be refused.
        """
        async with self._database.write() as connection:
            if await _is_stopped(connection, job_id):
                return [], True
            rows = (await connection.execute(_claimable(job_id, first, last))).all()
            if rows:
                await connection.execute(
                    items.update()
                    .where(
                        items.c.job_id == job_id,
                        items.c.ordinal.in_([row.ordinal for row in rows]),
                    )
                    .values(
                        status=ItemStatus.PROCESSING,
                        fence=items.c.fence + 1,
                        lost_claims=items.c.lost_claims + 1,
                        started_at=sa.func.coalesce(items.c.started_at, now_us()),
                    )
                )
            return [
                ClaimedItem(**dict(row._mapping) | {"fence": row.fence + 1}) for row in rows
            ], False

    async def release(self, job_id: str, claimed: Sequence[ClaimedItem]) -> None:
        """Give back items that were claimed and not finished.

        Those that others have claimed meanwhile are left, and noted as refused.
        """
        async with self._database.write() as connection:
            held, refused = await _held(connection, job_id, claimed)
            await self._note_attempts(connection, job_id, (), refused, now_us())
            for item in held:
                await connection.execute(
                    items.update()
                    .where(items.c.job_id == job_id, items.c.ordinal == item.ordinal)
                    .values(status=ItemStatus.PENDING, lost_claims=item.lost_claims)
                )

    async def settle(
        self, job_id: str, job_type: JobType, outcomes: Sequence[Outcome], provenance: ResultKey
    ) -> Settled:
        """Record outcomes, their results and events, and move the job's counts by what changed.

        One transaction. Each outcome has its own fence check; the refused ones are left out of
        the answer and noted as attempts.
        """
        async with self._database.write() as connection:
            job = await _lock_job(connection, job_id)
            held, refused = await _held(connection, job_id, [o.item for o in outcomes])
            fences = {item.ordinal for item in held}
            accepted = [outcome for outcome in outcomes if outcome.item.ordinal in fences]
            now = now_us()
            if accepted:
                await connection.execute(_SETTLE, [_settle_row(job_id, o, now) for o in accepted])
            new = [o.result for o in accepted if o.result]
            if new:
                await connection.execute(
                    results.insert(),
                    [_result_row(job_id, job_type, row, provenance, now) for row in new],
                )
            await _note_hashes(connection, accepted)
            await self._note_attempts(connection, job_id, accepted, refused, now)
            if job.has_webhooks:
                await _post_events(connection, job_id, job_type, accepted, now)
            await _count(connection, job_id, accepted, now)
            return Settled(frozenset(fences), job.cancel_requested_at is not None)

    async def find_page(self, job_id: str, after: int, mark: int, page_files: int) -> PageFound:
        """Return the next run of ordinals with `page_files` unsettled items, or what is left.

        The run may be longer than `page_files`: items that are settled already do not count.
        """
        query = (
            sa.select(items.c.ordinal)
            .where(*_in_range(job_id, after + 1, mark), items.c.status.in_(UNSETTLED_ITEMS))
            .order_by(items.c.ordinal)
            .limit(page_files)
        )
        async with self._database.read() as connection:
            found = list(await connection.scalars(query))
        if not found:
            return PageFound(first=mark, last=mark, count=0)
        return PageFound(first=found[0], last=found[-1], count=len(found))

    async def unsettled_ranges(self, job_id: str) -> tuple[OrdinalRange, ...]:
        """Return the runs of neighbouring unsettled ordinals, at most MAX_RANGES of them."""
        query = (
            sa.select(items.c.ordinal)
            .where(items.c.job_id == job_id, items.c.status.in_(UNSETTLED_ITEMS))
            .order_by(items.c.ordinal)
            .limit(1000 * MAX_RANGES)
        )
        ranges: list[OrdinalRange] = []
        async with self._database.read() as connection:
            for ordinal in await connection.scalars(query):
                if ranges and ranges[-1].last == ordinal - 1:
                    ranges[-1] = OrdinalRange(first=ranges[-1].first, last=ordinal)
                elif len(ranges) == MAX_RANGES:
                    break
                else:
                    ranges.append(OrdinalRange(first=ordinal, last=ordinal))
        return tuple(ranges)

    async def reusable(self, job_id: str, content_sha256: str, key: ResultKey) -> str | None:
        """Return the id of an earlier job's result for the same bytes, parameters and engines."""
        async with self._database.read() as connection:
            found = await connection.scalar(
                sa.select(results.c.id).where(
                    results.c.content_sha256 == content_sha256,
                    results.c.parameters_hash == key[0],
                    results.c.engine_fingerprint == key[1],
                    results.c.is_reusable,
                    results.c.job_id != job_id,
                )
            )
        return str(found) if found else None

    async def _note_attempts(
        self,
        connection: AsyncConnection,
        job_id: str,
        accepted: Sequence[Outcome],
        refused: Sequence[ClaimedItem],
        now: int,
    ) -> None:
        rows = [
            _attempt(job_id, o.item, o.failure_kind or "Unavailable", o.error_message)
            for o in accepted
            if o.status is ItemStatus.PENDING
        ] + [_attempt(job_id, item, "refused", "a newer claim owns the item") for item in refused]
        if rows:
            note = {"worker": self._worker, "ended_at": now}
            await connection.execute(attempts.insert(), [row | note for row in rows])


_SETTLE = (
    items.update()
    .where(items.c.job_id == sa.bindparam("b_job"), items.c.ordinal == sa.bindparam("b_ordinal"))
    .values(
        status=sa.bindparam("b_status"),
        lost_claims=0,
        attempts=items.c.attempts + sa.bindparam("b_attempts"),
        result_id=sa.bindparam("b_result"),
        failure_kind=sa.bindparam("b_kind"),
        error_message=sa.bindparam("b_message"),
        skip_reason=sa.bindparam("b_skip"),
        completed_at=sa.bindparam("b_completed"),
    )
)


def _settle_row(job_id: str, outcome: Outcome, now: int) -> dict[str, Any]:
    is_retried = outcome.status is ItemStatus.PENDING
    return {
        "b_job": job_id,
        "b_ordinal": outcome.item.ordinal,
        "b_status": outcome.status,
        "b_attempts": int(is_retried),
        "b_result": outcome.result.id if outcome.result else outcome.reused_result_id,
        "b_kind": outcome.failure_kind,
        "b_message": outcome.error_message,
        "b_skip": outcome.skip_reason,
        "b_completed": None if is_retried else now,
    }


def _result_row(
    job_id: str, job_type: JobType, row: ResultRow, key: ResultKey, now: int
) -> dict[str, Any]:
    return {
        **vars(row),
        "job_id": job_id,
        "job_type": job_type,
        "parameters_hash": key[0],
        "engine_fingerprint": key[1],
        "processed_at": now,
    }


def _attempt(job_id: str, item: ClaimedItem, outcome: str, message: str | None) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "ordinal": item.ordinal,
        "fence": item.fence,
        "outcome": str(outcome),
        "message": message,
    }


def _in_range(job_id: str, first: int, last: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (items.c.job_id == job_id, items.c.ordinal.between(first, last))


def _claimable(job_id: str, first: int, last: int) -> sa.Select[Any]:
    return (
        sa.select(
            items.c.ordinal,
            items.c.fence,
            items.c.attempts,
            items.c.lost_claims,
            items.c.task_id,
            items.c.file_id,
            directory_files.c.unique_id,
            directory_files.c.display_name,
            directory_files.c.size_bytes,
            directory_files.c.upload_id,
            directories.c.source_uri,
        )
        .join(directory_files, directory_files.c.id == items.c.file_id)
        .join(directories, directories.c.id == directory_files.c.directory_id)
        .where(*_in_range(job_id, first, last), items.c.status.in_(UNSETTLED_ITEMS))
        .order_by(items.c.ordinal)
        .with_for_update(of=items)
    )


async def _is_stopped(connection: AsyncConnection, job_id: str) -> bool:
    row = (
        await connection.execute(
            sa.select(jobs.c.cancel_requested_at, jobs.c.completed_at).where(jobs.c.id == job_id)
        )
    ).first()
    return row is None or row.cancel_requested_at is not None or row.completed_at is not None


async def _lock_job(connection: AsyncConnection, job_id: str) -> sa.Row[Any]:
    query = jobs.select().where(jobs.c.id == job_id).with_for_update()
    return (await connection.execute(query)).one()


async def _held(
    connection: AsyncConnection, job_id: str, claimed: Sequence[ClaimedItem]
) -> tuple[list[ClaimedItem], list[ClaimedItem]]:
    """Part the claimed items into those still held under their fence and those that are not."""
    fences: dict[int, int] = {}
    for chunk in chunks([item.ordinal for item in claimed]):
        rows = await connection.execute(
            sa.select(items.c.ordinal, items.c.fence)
            .where(
                items.c.job_id == job_id,
                items.c.ordinal.in_(chunk),
                items.c.status == ItemStatus.PROCESSING,
            )
            .with_for_update()
        )
        fences.update({row.ordinal: row.fence for row in rows})
    held = [item for item in claimed if fences.get(item.ordinal) == item.fence]
    refused = [item for item in claimed if fences.get(item.ordinal) != item.fence]
    return held, refused


async def _note_hashes(connection: AsyncConnection, accepted: Sequence[Outcome]) -> None:
    rows = [
        {"b_id": o.item.file_id, "b_sha256": o.content_sha256, "b_size": o.item.size_bytes}
        for o in accepted
        if o.content_sha256
    ]
    if rows:
        await connection.execute(
            directory_files.update()
            .where(
                directory_files.c.id == sa.bindparam("b_id"),
                directory_files.c.size_bytes == sa.bindparam("b_size"),
                # An upload's hash is known from the start; its file may hold another one by now.
                directory_files.c.upload_id.is_(None),
            )
            .values(content_sha256=sa.bindparam("b_sha256")),
            rows,
        )


async def _post_events(
    connection: AsyncConnection,
    job_id: str,
    job_type: JobType,
    accepted: Sequence[Outcome],
    now: int,
) -> None:
    names = {ItemStatus.COMPLETED: "success", ItemStatus.FAILED: "error"}
    rows = [
        {
            "job_id": job_id,
            "ordinal": o.item.ordinal,
            "event_type": f"{job_type}.{names[o.status]}",
            "created_at": now,
        }
        for o in accepted
        if o.status in names
    ]
    if rows:
        await connection.execute(outbox.insert(), rows)


async def _count(
    connection: AsyncConnection, job_id: str, accepted: Sequence[Outcome], now: int
) -> None:
    counted = Counter(_COUNTED[o.status] for o in accepted if o.status in _COUNTED)
    await connection.execute(
        jobs.update()
        .where(jobs.c.id == job_id)
        .values({name: jobs.c[name] + n for name, n in counted.items()} | {"updated_at": now})
    )
