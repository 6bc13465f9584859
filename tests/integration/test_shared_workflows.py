"""Jobs of one file that come in a rush share Workflows, and lose nothing by it."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest_asyncio

from sheaf.composition import job_service
from sheaf.contracts.states import JobStatus
from sheaf.ledger.records import JobRow
from sheaf.testing.cluster import Cluster, kill, until_async
from tests.integration.single_files import parse_one

RUSH = 24


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(tmp_path / "home", os.environ.get("SHEAF_TEST_POSTGRES_URL"))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def rush(run: Cluster, texts: Sequence[str]) -> list[JobRow]:
    """Make jobs while no worker looks, so that they are admitted at once."""
    kill(run.workers[-1])
    # On Postgres other tests' results are there, which files of the same bytes would take.
    made = [await parse_one(run, f"{text}\n{uuid4()}") for text in texts]
    await run.start_worker()
    return made


async def carriers(run: Cluster, jobs: Sequence[JobRow]) -> set[str | None]:
    return {(await run.jobs.get(job.id)).carried_by for job in jobs}


async def has_workflow(run: Cluster, job: JobRow) -> bool:
    found = run.client.list_workflows(f"WorkflowId = '{job.id}'")
    return bool([one async for one in found])


async def in_process(run: Cluster, job: JobRow) -> None:
    async def is_so() -> bool:
        return await run.processing(job.id) > 0

    await until_async(is_so, 30, "the file to be in process")


async def test_a_rush_of_single_files_shares_workflows(run: Cluster) -> None:
    made = await rush(run, ["sleep 0.01"] * RUSH)
    for job in made:
        ended = await run.ended(job.id)
        assert (ended.status, ended.completed) == (JobStatus.COMPLETED, 1)
        await run.check(ended, 1)
    assert 1 <= len(await carriers(run, made)) <= RUSH // 4
    await asyncio.sleep(1)
    own = [await has_workflow(run, job) for job in made]
    assert sum(own) < RUSH // 4


async def test_a_rush_goes_on_when_its_worker_is_killed(run: Cluster) -> None:
    made = await rush(run, ["sleep 0.5"] * RUSH)
    await in_process(run, made[0])
    kill(run.workers[-1])
    await run.start_worker()
    for job in made:
        ended = await run.ended(job.id)
        assert (ended.status, ended.completed) == (JobStatus.COMPLETED, 1)
        await run.check(ended, 1)


async def test_what_fails_transiently_goes_on_in_a_workflow_of_its_own(run: Cluster) -> None:
    made = await rush(run, ["sleep 0.01", "fail Unavailable", *["sleep 0.01"] * 4])
    ends = [await run.ended(job.id) for job in made]
    assert [(end.completed, end.failed) for end in ends] == [
        (1, 0), (0, 1), *[(1, 0)] * 4,
    ]  # fmt: skip
    (row,) = await run.item_rows(made[1].id)
    assert (row.failure_kind, row.attempts) == ("Exhausted", 4)
    assert await has_workflow(run, made[1])
    assert ends[1].carried_by is None


async def test_one_job_of_several_is_cancelled_in_its_middle(run: Cluster) -> None:
    made = await rush(run, ["sleep 30", "sleep 30", *["sleep 0.01"] * 4])
    await in_process(run, made[0])
    service = job_service(run.settings, run.database, run.client)
    await service.cancel(made[0].id, "by hand")
    ended = await run.ended(made[0].id, 15)
    assert (ended.status, ended.cancelled) == (JobStatus.CANCELLED, 1)
    for job in made[2:]:
        assert (await run.ended(job.id)).completed == 1
    assert not (await run.jobs.get(made[1].id)).status.is_terminal
    await service.cancel(made[1].id, None)
    await run.ended(made[1].id, 15)


async def test_jobs_whose_shared_workflow_is_terminated_go_on_in_their_own(run: Cluster) -> None:
    made = await rush(run, ["sleep 8", *["sleep 0.01"] * 5])
    await in_process(run, made[0])
    (carrier,) = await carriers(run, [made[0]])
    assert carrier is not None
    await run.client.get_workflow_handle(carrier).terminate("by hand")
    for job in made:
        ended = await run.ended(job.id)
        assert (ended.status, ended.completed) == (JobStatus.COMPLETED, 1)
        await run.check(ended, 1)
