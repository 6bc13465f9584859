"""The loop that wakes those who tell receivers: a worker that cannot leaves it to another."""

import asyncio
import errno
from typing import Any

import pytest
from temporalio.client import Client

from sheaf.ledger.database import Database
from sheaf.ledger.leases import Leases
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from sheaf.ledger.webhooks.delivery_log import DeliveryLog
from sheaf.webhooks import dispatcher
from sheaf.webhooks.dispatcher import Dispatcher
from sheaf.webhooks.process import WebhookProcess
from tests.integration.test_deliveries import post


class Woken:
    """Stands in for Temporal; notes who was woken."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def start_workflow(self, *_: Any, id: str, **__: Any) -> None:
        self.ids.append(id)


class Process:
    """Stands in for the process of deliveries, which some machine cannot start."""

    def __init__(self, error: OSError | None = None) -> None:
        self.error = error
        self.asked = 0

    async def ensure(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error


def made(database: Database, name: str, process: Process, woken: Woken) -> Dispatcher:
    client: Client = woken  # type: ignore[assignment]
    own: WebhookProcess = process  # type: ignore[assignment]
    return Dispatcher(
        DeliveryLedger(database),
        DeliveryLog(database),
        Leases(database, name),
        client,
        own,
        seconds=0.02,
        log_days=7,
    )


async def test_a_worker_that_can_start_no_process_leaves_the_events_to_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "LEASE_SECONDS", 0.3)
    await post(database, None)
    stop, woken = asyncio.Event(), Woken()
    broken = Process(OSError(errno.EAGAIN, "Resource temporarily unavailable"))
    loops = [asyncio.create_task(made(database, "broken", broken, woken).run(stop))]
    while not broken.asked:
        await asyncio.sleep(0.01)
    loops.append(asyncio.create_task(made(database, "whole", Process(), woken).run(stop)))
    try:
        async with asyncio.timeout(10):
            while not woken.ids:
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await asyncio.gather(*loops)
    assert broken.asked < 5
