"""Entry point of a worker process: `python -m worker`.

The composition root: settings are read here, services built, Workflows and Activities brought
together. On SIGTERM it takes no more work, lets running slices hand back what they have not
begun, and leaves.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
from datetime import timedelta
from pathlib import Path

import structlog
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from activities.cancellation import CancelBetweenSteps
from activities.enumeration import LedgerEnumerationActivities
from activities.jobs import LedgerJobActivities
from activities.own_faults import EndsOnOwnFaults
from activities.pages import LedgerPageActivities
from activities.slices import LedgerSliceActivities
from activities.small_jobs import LedgerSmallJobActivities
from sheaf.composition import connect, job_service
from sheaf.config import Settings
from sheaf.contracts.temporal.queues import BATCHES, SLICES
from sheaf.jobs.admitter import Admitter
from sheaf.jobs.reconciler import Sweeper
from sheaf.jobs.search_attributes import ensure_search_attributes
from sheaf.jobs.service import JobService
from sheaf.ledger.database import Database
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.items.joined_claims import JoinedClaims
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.small_jobs import SmallJobLedger
from sheaf.ledger.leases import Leases
from sheaf.ledger.migrate import migrate
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from sheaf.ledger.webhooks.delivery_log import DeliveryLog
from sheaf.observability import LogContextInterceptor, configure_logging, serve_metrics
from sheaf.parser_pool.pool import ParserPool
from sheaf.processing.output_copies import Outputs
from sheaf.processing.passwords import Passwords
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import ResultStore
from sheaf.rules.scheduling.admission import Capacity, cached_workflows, capacity
from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.runtime.liveness import beating
from sheaf.runtime.loops import ended
from sheaf.runtime.memory import memory_bytes
from sheaf.sources.items import ItemFiles
from sheaf.sources.listing import SourceListing
from sheaf.storage.opened import open_blobs
from sheaf.webhooks.dispatcher import Dispatcher
from sheaf.webhooks.process import WebhookProcess
from workflows.batch import BatchWorkflow
from workflows.enumeration import EnumerationWorkflow
from workflows.page import PageWorkflow
from workflows.small_jobs import SmallJobsWorkflow

log = structlog.get_logger(__name__)

WORKFLOW_TASKS = 100
"""Tasks at once of Workflows beside those of jobs in one go."""

SDK_LOG = "error,temporalio_sdk_core=warn,temporalio_sdk_core::worker::workflow::managed_run=error"
"""The SDK's own log, without its warning of each Workflow Task that takes over 5 s: that of a job
in one go takes as long as its files do."""

HEARTBEAT_THROTTLE = timedelta(seconds=5)
"""Heartbeats reach the server at least this often, so that a cancel is heard of in time."""


def build_workers(
    client: Client,
    settings: Settings,
    database: Database,
    pool: ParserPool,
    service: JobService,
    freed: asyncio.Event,
) -> tuple[Worker, Worker]:
    """Return the worker of Workflows and ledger Activities, and the worker of slices."""
    jobs = JobLedger(database)
    items = ItemLedger(database)
    claims = ClaimLedger(database, worker_name())
    job_activities = LedgerJobActivities(jobs, items)
    pages = LedgerPageActivities(items, client)
    enumeration = LedgerEnumerationActivities(
        jobs,
        EnumerationLedger(database, settings.size_limit_bytes),
        SourceListing(settings.s3_sources),
        client,
    )
    blobs = open_blobs(settings.storage_url, settings.home)
    store = ResultStore(blobs)
    processor = DocumentProcessor(
        pool,
        items,
        ItemFiles(blobs, settings.s3_sources),
        Passwords(settings.passwords_file),
    )
    outputs = Outputs(settings.s3_outputs)
    slices = LedgerSliceActivities(jobs, claims, store, outputs, processor)
    grace = timedelta(seconds=settings.shutdown_grace_seconds)
    small_jobs = LedgerSmallJobActivities(
        SmallJobLedger(database),
        jobs,
        JoinedClaims(database, worker_name()),
        items,
        enumeration,
        slices,
        service,
        freed.set,
    )
    places = open_jobs(settings)
    batches = Worker(
        client,
        task_queue=BATCHES,
        deployment_config=deployment(settings),
        workflows=[BatchWorkflow, PageWorkflow, EnumerationWorkflow, SmallJobsWorkflow],
        activities=[
            *(job_activities.begin_job, job_activities.request_cancel),
            *(job_activities.finalize_job, job_activities.fail_job),
            job_activities.cancel_run,
            *(pages.find_page, pages.plan_page, pages.find_ended_pages),
            enumeration.enumerate_items,
            *(small_jobs.run_small_job, small_jobs.run_small_jobs),
        ],
        # The sandbox compiles the Workflow's module for each of them, which took half of the time
        # of a small job. That they are deterministic is shown by the tests, which run in it.
        workflow_runner=UnsandboxedWorkflowRunner(),
        interceptors=[LogContextInterceptor(), EndsOnOwnFaults(), CancelBetweenSteps()],
        max_cached_workflows=cache_size(settings),
        max_concurrent_activities=20,
        # A job in one go holds a Workflow Task from its beginning to its end.
        max_concurrent_local_activities=places.small + places.large,
        max_concurrent_workflow_tasks=places.small + places.large + WORKFLOW_TASKS,
        graceful_shutdown_timeout=grace,
    )
    return batches, Worker(
        client,
        task_queue=SLICES,
        # Slices go to the version that asked for them only where that polls this queue too.
        deployment_config=deployment(settings),
        activities=[slices.process_slice],
        interceptors=[LogContextInterceptor(), EndsOnOwnFaults(), CancelBetweenSteps()],
        # One more than there are processes: while it stores and records, its process works on.
        max_concurrent_activities=settings.parser_processes + 1,
        max_heartbeat_throttle_interval=HEARTBEAT_THROTTLE,
        graceful_shutdown_timeout=grace,
    )


def deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """Return the version that workers have in Temporal; None where they have none.

    Every Workflow stays with the version that it began on: its runs are replayed by no other code.
    A run that continues another takes the newest (`workflows.versions`).
    """
    if not settings.worker_deployment or not settings.build_id:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(settings.worker_deployment, settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


def cache_size(settings: Settings) -> int:
    """Return how many Workflows are kept in memory."""
    return settings.cached_workflows or cached_workflows(memory_bytes())


def open_jobs(settings: Settings) -> Capacity:
    """Return how many jobs this worker may have open."""
    made = capacity(cache_size(settings), settings.parser_processes)
    return Capacity(
        small=settings.open_small_jobs or made.small, large=settings.open_large_jobs or made.large
    )


def worker_name() -> str:
    """Return the name under which this process claims, leases and logs."""
    return f"{os.getpid()}@{socket.gethostname()}"


async def run(settings: Settings, ready_file: Path | None) -> None:
    """Run until SIGINT or SIGTERM; while it runs, the time of the ready file goes on."""
    FILE_CALLS.stall_seconds = settings.stall_seconds
    async with beating(settings.liveness_seconds, ready_file):
        await _run(settings, ready_file)


async def _run(settings: Settings, ready_file: Path | None) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    if settings.metrics_port:
        serve_metrics(settings.metrics_host, settings.metrics_port)
    database = Database(settings.ledger_url, pool_size=settings.parser_processes + 5)
    await migrate(database)
    client = await connect()
    await ensure_search_attributes(client)
    leases = Leases(database, worker_name())
    service = job_service(settings, database, client)
    sweeper = Sweeper(JobLedger(database), service, leases, client, settings.sweep_seconds)
    freed = asyncio.Event()
    admitter = Admitter(
        AdmissionLedger(database),
        leases,
        service,
        open_jobs(settings),
        settings.admit_seconds,
        freed,
    )
    webhooks = WebhookProcess(settings.shutdown_grace_seconds)
    dispatcher = Dispatcher(
        DeliveryLedger(database),
        DeliveryLog(database),
        leases,
        client,
        webhooks,
        seconds=settings.webhook_poll_seconds,
        log_days=settings.webhook_log_days,
    )
    pool = ParserPool(
        settings.parser_processes,
        module=settings.parser_module,
        memory_bytes=settings.parser_memory_bytes,
    )
    async with pool:
        batches, slices = build_workers(client, settings, database, pool, service, freed)
        async with batches, slices:
            loops = [
                asyncio.create_task(loop.run(stop), name=type(loop).__name__)
                for loop in (admitter, sweeper, dispatcher)
            ]
            _keep_what_is_loaded()
            log.info(
                "worker started",
                parser_processes=settings.parser_processes,
                worker_deployment=settings.worker_deployment,
                build_id=settings.build_id,
            )
            if ready_file:
                await asyncio.to_thread(ready_file.write_text, str(os.getpid()))
            await stop.wait()
            log.info("worker stopping", grace_seconds=settings.shutdown_grace_seconds)
            await ended(loops, settings.shutdown_grace_seconds)
            await webhooks.stop()
    await database.close()


def main() -> None:
    """Run a worker; the exit code is 1 when it could not start."""
    configure_logging()
    logs = TelemetryConfig(logging=LoggingConfig(filter=SDK_LOG))
    Runtime.set_default(Runtime(telemetry=logs))
    name = os.environ.get("SHEAF_READY_FILE")
    ready_file = Path(name) if name else None
    if ready_file:
        # In a container that was started again, that of the process before is still there.
        ready_file.unlink(missing_ok=True)
    try:
        asyncio.run(run(Settings(), ready_file))
    except (OSError, RPCError, RuntimeError) as error:
        log.critical("worker cannot run", cause=str(error))
        _leave(1)
    _leave(0)


def _keep_what_is_loaded() -> None:
    """Have the garbage collector leave alone what was loaded at the start and is never freed."""
    gc.collect()
    gc.freeze()


def _leave(code: int) -> None:
    """Exit without the interpreter's finalisation.

    temporalio 1.35 may abort there while its threads still hold references (sdk-python#300).
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
