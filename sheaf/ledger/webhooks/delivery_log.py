"""The log of deliveries as people ask for it: listing, sending again, testing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.http.webhooks import TEST_EVENT
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.keyset import page_of
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import jobs
from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.rules.webhooks.retries import SECONDS_TO_DISABLE

PRUNE_CHUNK = 5000
"""Rows deleted in one transaction."""


@dataclass(frozen=True)
class DeliveryRow:
    """A row of the outbox; see its columns."""

    id: int
    project_id: str
    receiver_id: str
    job_id: str | None
    ordinal: int | None
    event_type: str
    status: DeliveryStatus
    attempts: int
    next_attempt_at: int
    log: list[Any]
    created_at: int
    ended_at: int | None
    public_id: str | None
    """The job as its API shows it, where that is not the job's own id."""


@dataclass(frozen=True)
class DeliveryFilter:
    """Which deliveries of a project are meant."""

    project_id: str
    receiver_id: str | None = None
    job_id: str | None = None
    """The job's own id, or the one that its API shows."""
    event_type: str | None = None
    status: DeliveryStatus | None = None
    created_from: int | None = None
    created_to: int | None = None


class DeliveryLog:
    """The outbox, as the log that it is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, asked: DeliveryFilter, before: int | None, limit: int
    ) -> list[DeliveryRow]:
        """Return deliveries, newest first, those before the given id."""
        query = _select().where(*_clauses(asked))
        position = None if before is None else (before,)
        async with self._database.read() as connection:
            rows = await connection.execute(page_of(query, ((outbox.c.id, True),), position, limit))
            return [_delivery(row) for row in rows]

    async def get(self, project_id: str, delivery_id: int) -> DeliveryRow:
        """Return one delivery; NotFoundError when the project has none."""
        async with self._database.read() as connection:
            return await _one(connection, project_id, delivery_id)

    async def redeliver(self, project_id: str, delivery_id: int) -> DeliveryRow:
        """Send an event again, at once and whatever became of it; errors as of `get`.

        Its attempts are counted anew. A receiver that was disabled is tried again.
        """
        async with self._database.write() as connection:
            row = await _one(connection, project_id, delivery_id)
            await _send_again(connection, [row.receiver_id], outbox.c.id == delivery_id)
            return await _one(connection, project_id, delivery_id)

    async def redeliver_all(self, asked: DeliveryFilter) -> int:
        """Send all events of a filter again; return how many. As `redeliver`."""
        clauses = _clauses(asked)
        receivers = sa.select(outbox.c.receiver_id).where(*clauses).distinct()
        async with self._database.write() as connection:
            ids = list(await connection.scalars(receivers))
            return await _send_again(connection, ids, *clauses)

    async def post_test(self, project_id: str, receiver_id: str) -> DeliveryRow:
        """Send a receiver a test, also one that is disabled; errors as of `get`."""
        now = now_us()
        async with self._database.write() as connection:
            await _owned(connection, project_id, receiver_id)
            await _enable(connection, [receiver_id])
            made = await connection.execute(
                outbox.insert().values(
                    project_id=project_id,
                    receiver_id=receiver_id,
                    event_type=TEST_EVENT,
                    created_at=now,
                    status=DeliveryStatus.PENDING,
                    next_attempt_at=now,
                    log=[],
                )
            )
            (delivery_id,) = made.inserted_primary_key or (0,)
            return await _one(connection, project_id, delivery_id)

    async def prune(self, days: float) -> None:
        """Delete deliveries that ended longer ago.

        The receivers that a job's request configured go when the job has ended for so long and
        for as long as an event of it may have been tried: their secrets are of no more use.
        """
        before = now_us() - round(days * 86_400_000_000)
        ended = sa.and_(outbox.c.ended_at < before, outbox.c.status != DeliveryStatus.PENDING)
        old = sa.select(outbox.c.id).where(ended).order_by(outbox.c.id).limit(PRUNE_CHUNK)
        while True:
            async with self._database.write() as connection:
                deleted = await write_many(connection, outbox.delete(), outbox.c.id.in_(old))
            if deleted < PRUNE_CHUNK:
                break
        async with self._database.write() as connection:
            unneeded = _unneeded(before - SECONDS_TO_DISABLE * 1_000_000)
            await write_many(connection, webhook_configs.delete(), unneeded)


def _unneeded(before: int) -> sa.ColumnElement[bool]:
    ended = sa.select(jobs.c.id).where(jobs.c.completed_at < before)
    is_pending = (
        sa.select(outbox.c.id)
        .where(
            outbox.c.receiver_id == webhook_configs.c.id,
            outbox.c.status == DeliveryStatus.PENDING,
        )
        .exists()
    )
    return sa.and_(webhook_configs.c.job_id.in_(ended), ~is_pending)


def _select() -> sa.Select[Any]:
    names = [name for name in DeliveryRow.__dataclass_fields__ if name != "public_id"]
    return sa.select(*(outbox.c[name] for name in names), jobs.c.public_id).join(
        jobs, jobs.c.id == outbox.c.job_id, isouter=True
    )


def _clauses(asked: DeliveryFilter) -> Sequence[sa.ColumnElement[bool]]:
    of_job = sa.select(jobs.c.id).where(
        sa.or_(jobs.c.id == asked.job_id, jobs.c.public_id == asked.job_id)
    )
    clauses = [
        column == value
        for column, value in (
            (outbox.c.project_id, asked.project_id),
            (outbox.c.receiver_id, asked.receiver_id),
            (outbox.c.event_type, asked.event_type),
            (outbox.c.status, asked.status),
        )
        if value is not None
    ]
    if asked.job_id is not None:
        clauses.append(outbox.c.job_id.in_(of_job))
    if asked.created_from is not None:
        clauses.append(outbox.c.created_at >= asked.created_from)
    if asked.created_to is not None:
        clauses.append(outbox.c.created_at <= asked.created_to)
    return clauses


def _delivery(row: sa.Row[Any]) -> DeliveryRow:
    return DeliveryRow(**{**row._mapping, "log": row.log or []})


async def _one(connection: AsyncConnection, project_id: str, delivery_id: int) -> DeliveryRow:
    query = _select().where(outbox.c.id == delivery_id, outbox.c.project_id == project_id)
    row = (await connection.execute(query)).first()
    if row is None:
        raise NotFoundError(f"no delivery whd-{delivery_id}")
    return _delivery(row)


async def _owned(connection: AsyncConnection, project_id: str, receiver_id: str) -> None:
    query = sa.select(webhook_configs.c.id).where(
        webhook_configs.c.id == receiver_id, webhook_configs.c.project_id == project_id
    )
    if await connection.scalar(query) is None:
        raise NotFoundError(f"no webhook configuration {receiver_id[:64]}")


async def _send_again(
    connection: AsyncConnection, receiver_ids: Sequence[str], *clauses: sa.ColumnElement[bool]
) -> int:
    now = now_us()
    await _enable(connection, receiver_ids)
    again = outbox.update().values(
        status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=now, ended_at=None
    )
    return await write_many(connection, again, *clauses)


async def _enable(connection: AsyncConnection, receiver_ids: Sequence[str]) -> None:
    enabled = webhook_configs.update().values(
        disabled_at=None, disabled_reason=None, failures=0, failing_since=None, rests_until=0
    )
    await write_many(connection, enabled, webhook_configs.c.id.in_(receiver_ids))
