"""Entry point of the process that tells receivers of events: `python -m webhook_worker`.

A worker starts one the first time that there is something to tell, and it lives as long as that
worker. They are told apart from the worker so that receivers cost a batch neither a slot nor, where
cores are few, its share of them.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.cancellation import CancelBetweenSteps
from activities.own_faults import EndsOnOwnFaults
from activities.webhooks import LedgerWebhookActivities
from sheaf.composition import connect, guard, receivers, views
from sheaf.config import Settings
from sheaf.contracts.temporal.queues import WEBHOOKS
from sheaf.ledger.database import Database
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from sheaf.observability import LogContextInterceptor, configure_logging
from sheaf.processing.results import Results
from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.runtime.liveness import beating
from sheaf.storage.blobs import Blobs
from sheaf.storage.opened import open_blobs
from sheaf.views.views import Views
from sheaf.webhooks.deliverer import Deliverer
from sheaf.webhooks.result_push import ResultPush
from sheaf.webhooks.sender import trusted
from workflows.delivery import DeliveryWorkflow

log = structlog.get_logger(__name__)

CACHED_WORKFLOWS = 200
MAX_RECEIVERS_AT_ONCE = 50
"""Receivers that a process serves at once; one that hangs holds its place for 15 s."""

POOL_SIZE = 8
"""Connections to the ledger; each group of deliveries uses one for milliseconds."""

RENDERED_AT_ONCE = 2
RENDER_WAIT_SECONDS = 120.0
"""How long a result that is sent waits for its turn to be written; then its round comes again."""

NICENESS = 10
"""Batches go first where there are fewer cores than work."""


def build_worker(
    client: Client, settings: Settings, database: Database, blobs: Blobs, results: Views
) -> Worker:
    """Return the worker of deliveries."""
    deliverer = Deliverer(
        DeliveryLedger(database),
        receivers(settings, database),
        ResultPush(Results(database, blobs), results),
        guard(settings),
        trusted(settings.webhook_ca_file),
        settings.webhook_retry_seconds,
    )
    return Worker(
        client,
        task_queue=WEBHOOKS,
        workflows=[DeliveryWorkflow],
        activities=[LedgerWebhookActivities(deliverer).deliver_events],
        interceptors=[LogContextInterceptor(), EndsOnOwnFaults(), CancelBetweenSteps()],
        max_cached_workflows=CACHED_WORKFLOWS,
        max_concurrent_activities=MAX_RECEIVERS_AT_ONCE,
        graceful_shutdown_timeout=timedelta(seconds=settings.shutdown_grace_seconds),
    )


async def run(settings: Settings) -> None:
    """Run until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    database = Database(settings.ledger_url, pool_size=POOL_SIZE)
    blobs = open_blobs(settings.storage_url, settings.home)
    results = views(settings, blobs, at_once=RENDERED_AT_ONCE, wait_seconds=RENDER_WAIT_SECONDS)
    async with build_worker(await connect(), settings, database, blobs, results):
        log.info("webhook worker started")
        await stop.wait()
    await results.close()
    await database.close()


async def _live(settings: Settings) -> None:
    FILE_CALLS.stall_seconds = settings.stall_seconds
    async with beating(settings.liveness_seconds):
        await run(settings)


def main() -> None:
    """Run; the exit code is 1 when it could not start."""
    configure_logging()
    os.nice(NICENESS)
    code = 0
    try:
        asyncio.run(_live(Settings()))
    except (OSError, RPCError, RuntimeError) as error:
        log.critical("webhook worker cannot run", cause=str(error))
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # As in worker.py: temporalio's threads may outlive the interpreter.
    os._exit(code)


if __name__ == "__main__":
    main()
