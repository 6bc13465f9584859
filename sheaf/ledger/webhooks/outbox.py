"""Posting events: rows of the outbox, in the transaction that makes what they tell true.

Each receiver has a row of its own. A job without receivers costs nothing, and neither do events
that no receiver of the job subscribes to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.states import DeliveryStatus, JobStatus, Phase
from sheaf.ledger.records import TERMINAL_JOBS
from sheaf.ledger.tables import UNSETTLED, items, jobs
from sheaf.ledger.webhook_tables import job_receivers, outbox, webhook_configs
from sheaf.rules.webhooks.events import JobFacts, is_wanted, item_phase, job_event, job_phase

RESULT_EVENTS = ("parse.success",)
"""What a receiver of results is told, by the result itself."""


JOB_COLUMNS = tuple(
    jobs.c[name]
    for name in (
        *("id", "project_id", "public_id", "api", "job_type", "has_webhooks", "error_message"),
        *("total", "completed", "failed", "skipped", "cancelled", "status"),
        *("cancel_requested_at", "completed_at", "parameters_hash", "engine_fingerprint"),
    )
)
"""What of a job's row a writer of events needs; its request may be long."""


_SUBSCRIPTION = ("id", "events", "output_format", "disabled_at")


@dataclass(frozen=True)
class Subscriber:
    """A receiver of a job's events."""

    id: str
    events: Sequence[str] | None
    is_disabled: bool


def job_facts(job: sa.Row[Any]) -> JobFacts:
    """Return a row of `jobs` as events take it."""
    return JobFacts(
        id=job.id,
        public_id=job.public_id,
        api=job.api,
        job_type=job.job_type,
        total=job.total,
        completed=job.completed,
        failed=job.failed,
        skipped=job.skipped,
        cancelled=job.cancelled,
        error_message=job.error_message,
    )


async def post_job_event(
    connection: AsyncConnection, job: sa.Row[Any], status: JobStatus, now: int
) -> None:
    """Post that a job as a whole has come to a state; `job` is its row as it is now.

    The job of a single file is told as its item is: both end in the same moment.
    """
    if not job.has_webhooks:
        return
    facts = job_facts(job)
    phase = job_phase(facts, status)
    if facts.is_single and status in TERMINAL_JOBS:
        phase = await _only_item_phase(connection, job.id)
    ordinal = 1 if facts.is_single else None
    await _post(connection, job, job_event(facts, phase), [ordinal], now)


async def post_item_events(
    connection: AsyncConnection, job: sa.Row[Any], phase: Phase, ordinals: Sequence[int], now: int
) -> None:
    """Post that items of a batch have come to a state."""
    if job.has_webhooks and ordinals and job_facts(job).has_item_events:
        await _post(connection, job, f"{job.job_type}.{phase}", ordinals, now)


async def post_unsettled(
    connection: AsyncConnection, job: sa.Row[Any], phase: Phase, now: int
) -> None:
    """Post that every item of a batch which is unsettled now comes to a state, however many."""
    if not job.has_webhooks or not job_facts(job).has_item_events:
        return
    event_type = f"{job.job_type}.{phase}"
    for subscriber in await _subscribers(connection, job.id, event_type):
        row = _row(job, subscriber, event_type, None, now)
        del row["ordinal"]
        unsettled = sa.select(
            items.c.ordinal,
            *(sa.literal(value, outbox.c[name].type) for name, value in row.items()),
        ).where(items.c.job_id == job.id, UNSETTLED)
        # Within the database: a job of millions may be cancelled before any of its items ran.
        await connection.execute(
            outbox.insert().from_select(["ordinal", *row], unsettled.order_by(items.c.ordinal))
        )


async def _post(
    connection: AsyncConnection,
    job: sa.Row[Any],
    event_type: str,
    ordinals: Sequence[int | None],
    now: int,
) -> None:
    rows = [
        _row(job, subscriber, event_type, ordinal, now)
        for subscriber in await _subscribers(connection, job.id, event_type)
        for ordinal in ordinals
    ]
    if rows:
        await connection.execute(outbox.insert(), rows)


def _row(
    job: sa.Row[Any], subscriber: Subscriber, event_type: str, ordinal: int | None, now: int
) -> dict[str, Any]:
    is_off = subscriber.is_disabled
    return {
        "project_id": job.project_id,
        "receiver_id": subscriber.id,
        "job_id": job.id,
        "ordinal": ordinal,
        "event_type": event_type,
        "created_at": now,
        "status": DeliveryStatus.GIVEN_UP if is_off else DeliveryStatus.PENDING,
        "next_attempt_at": now,
        "ended_at": now if is_off else None,
        "log": [],
    }


async def _subscribers(
    connection: AsyncConnection, job_id: str, event_type: str
) -> list[Subscriber]:
    query = (
        sa.select(*(webhook_configs.c[name] for name in _SUBSCRIPTION))
        .join(job_receivers, job_receivers.c.receiver_id == webhook_configs.c.id)
        .where(job_receivers.c.job_id == job_id)
        .order_by(webhook_configs.c.id)
    )
    found = []
    for row in await connection.execute(query):
        events = RESULT_EVENTS if row.output_format == "result" else row.events
        if is_wanted(events, event_type):
            found.append(Subscriber(row.id, events, row.disabled_at is not None))
    return found


async def _only_item_phase(connection: AsyncConnection, job_id: str) -> Phase:
    query = sa.select(items.c.status, items.c.result_id).where(
        items.c.job_id == job_id, items.c.ordinal == 1
    )
    row = (await connection.execute(query)).one()
    return item_phase(row.status, has_result=row.result_id is not None)
