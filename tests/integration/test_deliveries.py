"""The outbox as it is worked off, on SQLite and on Postgres."""

from typing import Any

import pytest
import sqlalchemy as sa

from sheaf.contracts.ids import new_job_id
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.receivers import NewReceiver, NewReceivers
from sheaf.ledger.records import NotFoundError
from sheaf.ledger.tables import jobs
from sheaf.ledger.webhook_tables import outbox, webhook_configs
from sheaf.ledger.webhooks.deliveries import DeliveryLedger, DueEvent, Health, Verdict
from sheaf.ledger.webhooks.delivery_log import DeliveryFilter, DeliveryLog
from sheaf.testing.new_jobs import new_job

HOUR = 3_600_000_000


async def post(database: Database, *filters: list[str] | None) -> tuple[str, list[str]]:
    """Make a job with receivers of `batch.*`, or of what the filters say; return their ids."""
    job_id = new_job_id()
    new = [NewReceiver(b"sealed", events, "json") for events in filters or (None,)]
    await JobLedger(database).create(
        new_job(id=job_id, has_webhooks=True),
        receivers=NewReceivers(new),
    )
    query = sa.select(webhook_configs.c.id).where(webhook_configs.c.job_id == job_id)
    async with database.read() as connection:
        return job_id, list(await connection.scalars(query.order_by(webhook_configs.c.id)))


def verdict(event: DueEvent, status: DeliveryStatus, next_at: int = 0) -> Verdict:
    now = now_us()
    ended_at = None if status is DeliveryStatus.PENDING else now
    entry = [now, 200, 3, None]
    return Verdict(event.id, status, event.attempts + 1, next_at or now, ended_at, [entry])


WELL = Health(0, None, 0)


async def test_an_event_is_due_until_it_is_taken(database: Database) -> None:
    ledger = DeliveryLedger(database)
    job_id, (receiver_id,) = await post(database)
    assert await ledger.waiting() == [receiver_id]
    (event,) = await ledger.due(receiver_id, 10)
    assert (event.job_id, event.event_type, event.ordinal) == (job_id, "batch.pending", None)
    assert event.job is not None
    assert event.job.shown_id == job_id
    await ledger.record(receiver_id, [verdict(event, DeliveryStatus.DELIVERED)], WELL)
    assert await ledger.waiting() == []
    assert await ledger.due(receiver_id, 10) == []
    assert await ledger.next_due(receiver_id) is None


async def test_a_failed_event_is_due_at_its_time(database: Database) -> None:
    ledger = DeliveryLedger(database)
    _, (receiver_id,) = await post(database)
    (event,) = await ledger.due(receiver_id, 10)
    later = now_us() + HOUR
    await ledger.record(receiver_id, [verdict(event, DeliveryStatus.PENDING, later)], WELL)
    assert await ledger.waiting() == []
    assert await ledger.due(receiver_id, 10) == []
    assert await ledger.next_due(receiver_id) == later


async def test_a_receiver_in_hand_or_at_rest_is_not_waiting(database: Database) -> None:
    ledger = DeliveryLedger(database)
    _, (receiver_id,) = await post(database)
    row = await ledger.take(receiver_id, 60)
    assert row is not None
    assert await ledger.waiting() == []
    await ledger.take(receiver_id, 0)
    assert await ledger.waiting() == [receiver_id]
    await ledger.record(receiver_id, [], Health(20, now_us(), now_us() + HOUR))
    assert await ledger.waiting() == []


async def test_each_receiver_has_rows_of_its_own_and_only_those_it_asked_for(
    database: Database,
) -> None:
    ledger = DeliveryLedger(database)
    _, ids = await post(database, ["batch.pending"], None, ["batch.success"])
    waiting = await ledger.waiting()
    assert len(waiting) == 2
    assert set(waiting) < set(ids)


async def test_a_disabled_receiver_has_all_given_up_and_gets_nothing_more(
    database: Database,
) -> None:
    ledger, jobs = DeliveryLedger(database), JobLedger(database)
    job_id, (receiver_id,) = await post(database)
    gone = Health(1, now_us(), 0, "it answered 410 Gone")
    await ledger.record(receiver_id, [], gone)
    await jobs.mark_running(job_id)
    log = DeliveryLog(database)
    rows = await log.page(DeliveryFilter("p", job_id=job_id), None, 10)
    assert [row.status for row in rows] == [DeliveryStatus.GIVEN_UP] * 2
    assert await ledger.waiting() == []
    assert await log.redeliver_all(DeliveryFilter("p", job_id=job_id)) == 2
    assert await ledger.waiting() == [receiver_id]


async def test_events_of_a_deleted_receiver_are_given_up(database: Database) -> None:
    ledger = DeliveryLedger(database)
    _, (receiver_id,) = await post(database)
    async with database.write() as connection:
        await connection.execute(webhook_configs.delete())
    assert await ledger.waiting() == [receiver_id]
    assert await ledger.take(receiver_id, 60) is None
    await ledger.give_up(receiver_id)
    assert await ledger.waiting() == []


async def test_the_log_is_pruned_of_what_ended_long_ago(database: Database) -> None:
    ledger, log = DeliveryLedger(database), DeliveryLog(database)
    _, (first,) = await post(database)
    (event,) = await ledger.due(first, 10)
    await ledger.record(first, [verdict(event, DeliveryStatus.DELIVERED)], WELL)
    _, (second,) = await post(database)
    await log.prune(days=1)
    assert len(await log.page(DeliveryFilter("p"), None, 10)) == 2
    async with database.write() as connection:
        await connection.execute(outbox.update().values(ended_at=outbox.c.ended_at - 30 * HOUR))
    await log.prune(days=1)
    (left,) = await log.page(DeliveryFilter("p"), None, 10)
    assert left.receiver_id == second


async def test_receivers_of_a_job_that_ended_long_ago_are_forgotten_with_their_secrets(
    database: Database,
) -> None:
    ledger, log = DeliveryLedger(database), DeliveryLog(database)
    job_id, (receiver_id,) = await post(database)
    await JobLedger(database).finalize(job_id, cancels=True, gives_up=False, error=None)
    async with database.write() as connection:
        await connection.execute(jobs.update().values(completed_at=now_us() - 24 * 30 * HOUR))
    await log.prune(days=7)
    assert await ledger.take(receiver_id, 0) is not None
    due = await ledger.due(receiver_id, 10)
    await ledger.record(receiver_id, [verdict(e, DeliveryStatus.DELIVERED) for e in due], WELL)
    await log.prune(days=7)
    assert await ledger.take(receiver_id, 0) is None


async def test_ids_of_deliveries_are_never_given_again(database: Database) -> None:
    log = DeliveryLog(database)
    await post(database)
    (before,) = await log.page(DeliveryFilter("p"), None, 10)
    async with database.write() as connection:
        await connection.execute(outbox.delete())
    await post(database)
    (after,) = await log.page(DeliveryFilter("p"), None, 10)
    assert after.id > before.id
    with pytest.raises(NotFoundError):
        await log.get("other", after.id)


async def test_a_project_sees_and_repeats_only_its_own(database: Database) -> None:
    log = DeliveryLog(database)
    _, (receiver_id,) = await post(database)
    stranger = DeliveryFilter("other", receiver_id=receiver_id)
    assert await log.page(stranger, None, 10) == []
    assert await log.redeliver_all(stranger) == 0
    calls: list[Any] = [log.post_test("other", receiver_id), log.redeliver("other", 1)]
    for call in calls:
        with pytest.raises(NotFoundError):
            await call
