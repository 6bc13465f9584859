"""A fault of our own in the telling of one event is that event's, and no other's."""

import ssl
from typing import Any

import pytest

from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.database import Database
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from sheaf.ledger.webhooks.delivery_log import DeliveryFilter, DeliveryLog
from sheaf.rules.webhooks import events
from sheaf.rules.webhooks.outbound_urls import OutboundPolicy
from sheaf.testing.webhook_receiver import receiving
from sheaf.webhooks.deliverer import Deliverer
from sheaf.webhooks.receivers import Sealed
from sheaf.webhooks.url_guard import Guard
from tests.integration.test_deliveries import post


class Opened:
    """Stands in for what opens receivers: every one is the same."""

    def __init__(self, url: str) -> None:
        self._sealed = Sealed(webhook_url=url)

    def open(self, sealed: bytes) -> Sealed:
        del sealed
        return self._sealed


def deliverer(database: Database, url: str) -> Deliverer:
    """Return a deliverer that tries once more, at once."""
    receivers: Any = Opened(url)
    push: Any = None
    guard = Guard(OutboundPolicy(allows_loopback=True))
    context = ssl.create_default_context()
    return Deliverer(DeliveryLedger(database), receivers, push, guard, context, (0.01,))


def broken_for(event_type: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the bodies of one type of event fail."""
    body = events.body

    def fails(event_id: str, made_for: str, *rest: Any) -> bytes:
        if made_for == event_type:
            raise error
        return body(event_id, made_for, *rest)

    monkeypatch.setattr("sheaf.webhooks.event_group.events.body", fails)


async def test_an_event_that_a_fault_keeps_from_being_told_is_given_up_and_holds_up_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, (receiver_id,) = await post(database)
    await JobLedger(database).mark_running(job_id)
    broken_for("batch.pending", KeyError("skipped"), monkeypatch)
    async with receiving() as receiver:
        wait = await deliverer(database, receiver.url()).deliver(receiver_id, 20, lambda: False)
        told = [one.event_type for one in receiver.received]
    assert wait is None
    assert told == ["batch.running"]
    rows = await DeliveryLog(database).page(DeliveryFilter("p", job_id=job_id), None, 10)
    states = {row.event_type: (row.status, [entry[3] for entry in row.log]) for row in rows}
    assert states == {
        "batch.pending": (DeliveryStatus.GIVEN_UP, ["internal", "internal"]),
        "batch.running": (DeliveryStatus.DELIVERED, [None]),
    }
    row = await DeliveryLedger(database).take(receiver_id, 0)
    assert row is not None
    assert (row.failures, row.failing_since) == (0, None)


async def test_an_outage_while_an_event_is_made_is_no_attempt_at_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id, (receiver_id,) = await post(database)
    broken_for("batch.pending", ConnectionResetError("away"), monkeypatch)
    async with receiving() as receiver:
        with pytest.raises(ExceptionGroup):
            await deliverer(database, receiver.url()).deliver(receiver_id, 20, lambda: False)
    (row,) = await DeliveryLog(database).page(DeliveryFilter("p", job_id=job_id), None, 10)
    assert (row.status, row.log) == (DeliveryStatus.PENDING, [])
