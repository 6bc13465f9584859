"""Batches outlive what kills their processes and Workflows: real processes, real signals.

Each test proves that its fault landed while items were in flight, and that afterwards every item
is in exactly one state with one current result. SHEAF_TEST_SEEDS says how many seeds run.
"""

import asyncio
import os
import random
import signal
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from sheaf.contracts.states import JobStatus
from sheaf.testing.cluster import Cluster, cluster, kill, make_files, strike, until_async

SEEDS = range(int(os.environ.get("SHEAF_TEST_SEEDS", "3")))
FILES = 120
LONG = 1.0
"""Seconds of the longest file where a test has to find a moment of the run."""

pytestmark = pytest.mark.parametrize("seed", SEEDS)


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Cluster]:
    async with cluster(tmp_path, os.environ.get("SHEAF_TEST_POSTGRES_URL")) as made:
        yield made


async def begin(
    run: Cluster, tmp_path: Path, seed: int, longest: float = 0.4, **options: object
) -> str:
    """Start a batch and return once a random number of its items is settled."""
    folder = make_files(tmp_path / "in", FILES, seed, longest)
    job = await run.submit(folder, **{"page_size": 30, "continue_as_new_threshold": 30} | options)
    await run.in_flight(job.id, random.Random(seed).randint(5, FILES // 2))
    return job.id


async def test_a_killed_worker_loses_nothing(run: Cluster, tmp_path: Path, seed: int) -> None:
    job_id = await begin(run, tmp_path, seed)
    strike(run.workers[0])
    assert await run.processing(job_id) > 0
    kill(run.workers[0])
    await run.start_worker()
    job = await run.ended(job_id)
    assert job.status is JobStatus.COMPLETED
    await run.check(job, FILES)


async def test_a_killed_server_loses_nothing(run: Cluster, tmp_path: Path, seed: int) -> None:
    job_id = await begin(run, tmp_path, seed)
    strike(run.server)
    assert await run.processing(job_id) > 0
    kill(run.server)
    await asyncio.sleep(1)
    await run.start_server()
    job = await run.ended(job_id)
    assert job.status is JobStatus.COMPLETED
    await run.check(job, FILES)


async def test_a_killed_worker_and_server_lose_nothing(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    job_id = await begin(run, tmp_path, seed)
    strike(run.server, run.workers[0])
    assert await run.processing(job_id) > 0
    kill(run.server, run.workers[0])
    await run.start_server()
    await run.start_worker()
    job = await run.ended(job_id)
    assert job.status is JobStatus.COMPLETED
    await run.check(job, FILES)


async def test_a_page_terminated_in_its_own_run_is_dispatched_again(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    job_id = await begin(run, tmp_path, seed, page_size=FILES, continue_as_new_threshold=1000)
    (page,) = await run.open_pages(job_id)
    await run.client.get_workflow_handle(page).terminate("by hand")
    await run.goes_on(job_id)
    job = await run.ended(job_id)
    assert job.status is JobStatus.COMPLETED
    await run.check(job, FILES)


async def test_a_page_terminated_in_the_run_after_is_dispatched_again(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    job_id = await begin(run, tmp_path, seed, LONG, page_size=20, continue_as_new_threshold=20)
    page = await carried_page(run, job_id)
    await run.client.get_workflow_handle(page).terminate("by hand")
    await run.goes_on(job_id)
    job = await run.ended(job_id)
    assert job.status is JobStatus.COMPLETED
    await run.check(job, FILES)


async def test_a_terminated_parent_is_settled_and_leaves_no_children(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    job_id = await begin(run, tmp_path, seed)
    await run.client.get_workflow_handle(job_id).terminate("by hand")
    await run.goes_on(job_id)
    job = await run.ended(job_id, seconds=30)
    assert job.status is JobStatus.CANCELLED
    assert job.reason is not None
    assert "terminated" in job.reason

    async def are_gone() -> bool:
        return not await run.children(job_id)

    await until_async(are_gone, 10, "the children to end")
    await run.check(job, job.total)


async def test_a_cancelled_parent_ends_the_pages_that_it_carries(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    job_id = await begin(run, tmp_path, seed, LONG, page_size=20, continue_as_new_threshold=20)
    await carried_page(run, job_id)
    await run.client.get_workflow_handle(job_id).cancel()
    await run.goes_on(job_id)
    await asyncio.sleep(5)
    assert await run.children(job_id) == []
    job = await run.ended(job_id, seconds=20)
    assert job.status is JobStatus.CANCELLED
    assert job.cancelled > 0
    await run.check(job, job.total)


async def test_a_stopped_worker_that_continues_is_refused(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    # Long enough for some tries at a moment without a transaction.
    job_id = await begin(run, tmp_path, seed, longest=1.5)
    await stop_between_transactions(run, job_id)
    await run.start_worker()
    # Past the heartbeat timeout of 2 s its slices are given to the other worker.
    await asyncio.sleep(5)
    os.kill(run.workers[0].pid, signal.SIGCONT)
    job = await run.ended(job_id)
    await run.check(job, FILES)

    async def is_refused() -> bool:
        return await run.refused(job_id) > 0

    await until_async(is_refused, 10, "a refused write")
    await run.check(await run.jobs.get(job_id), FILES)


async def stop_between_transactions(run: Cluster, job_id: str) -> None:
    """Stop the worker with items in flight, while it does not hold the ledger's lock.

    Nobody could take that over.
    """

    async def is_stopped() -> bool:
        os.kill(run.workers[0].pid, signal.SIGSTOP)
        # Its threads stop one by one; until the last has, it may take the lock still.
        await asyncio.sleep(0.05)
        if await run.is_writable() and await run.processing(job_id) > 0:
            return True
        os.kill(run.workers[0].pid, signal.SIGCONT)
        # What has queued up behind the stop is written first.
        await asyncio.sleep(random.uniform(0.1, 0.5))
        return False

    await until_async(is_stopped, 30, "the worker to be between two transactions")


async def carried_page(run: Cluster, job_id: str) -> str:
    """Wait for a page that an earlier run of the parent has started, and return it.

    Its job's files take long: a look is some calls to a server under load, which lists pages late.
    """
    found: list[str] = []

    async def look() -> bool:
        assert not (await run.jobs.get(job_id)).status.is_terminal, "the job ended before the look"
        described = await run.client.get_workflow_handle(job_id).describe()
        for page in await run.open_pages(job_id):
            child = await run.client.get_workflow_handle(page).describe()
            if child.parent_run_id != described.run_id:
                found.append(page)
        return bool(found) and await run.processing(job_id) > 0

    await until_async(look, 30, "a carried page")
    return found[0]


async def test_a_parent_that_is_reset_to_an_earlier_run_takes_on_the_pages_that_still_run(
    run: Cluster, tmp_path: Path, seed: int
) -> None:
    job_id = await begin(run, tmp_path, seed, LONG, page_size=20, continue_as_new_threshold=20)
    await carried_page(run, job_id)
    await reset_to_first_run(run, job_id)
    job = await run.ended(job_id)
    assert job.status is JobStatus.COMPLETED
    await run.check(job, FILES)


async def reset_to_first_run(run: Cluster, job_id: str) -> None:
    """Begin the first run of a job's parent again, as an operator does in Temporal's UI."""
    described = await run.client.get_workflow_handle(job_id).describe()
    first = described.raw_description.workflow_execution_info.first_run_id
    history = await run.client.get_workflow_handle(job_id, run_id=first).fetch_history()
    begun = next(
        event.event_id
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    )
    await run.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace="default",
            workflow_execution=WorkflowExecution(workflow_id=job_id, run_id=first),
            reason="by hand",
            workflow_task_finish_event_id=begun,
            request_id=str(uuid.uuid4()),
        )
    )
