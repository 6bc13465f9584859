"""Many jobs at once: a few are open, the others wait their turn, whatever is killed meanwhile."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
import sqlalchemy as sa

from sheaf.contracts.states import JobStatus
from sheaf.ledger.tables import OPEN, jobs
from sheaf.testing.cluster import Cluster, kill, make_files, until_async
from tests.integration.single_files import parse_one

PLACES = 4


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(
        tmp_path / "home",
        os.environ.get("SHEAF_TEST_POSTGRES_URL"),
        options={"open_small_jobs": PLACES, "open_large_jobs": 1},
    )
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def watch(run: Cluster, wanted: int) -> int:
    """Return the most jobs that were seen open, once so many have ended."""
    most = 0

    async def is_over() -> bool:
        nonlocal most
        async with run.database.read() as connection:
            query = sa.select(sa.func.count()).select_from(jobs)
            most = max(most, int(await connection.scalar(query.where(OPEN)) or 0))
            ended = await connection.scalar(query.where(jobs.c.completed_at.is_not(None)))
        return int(ended or 0) >= wanted

    await until_async(is_over, 90, f"the ends of {wanted} jobs")
    return most


async def test_jobs_of_two_projects_take_turns_also_when_the_worker_is_killed(
    run: Cluster,
) -> None:
    # None is admitted before all are there.
    kill(run.workers[0])
    made = {
        project: [await parse_one(run, f"sleep 0.2\n{project} {n}", project) for n in range(12)]
        for project in ("a", "b")
    }
    await run.start_worker()
    assert await watch(run, 6) <= PLACES
    kill(run.workers[-1])
    await run.start_worker()
    # The places of those that the dead one had open are not given away meanwhile.
    assert await watch(run, 24) <= 2 * PLACES
    async with run.database.read() as connection:
        rows = (await connection.execute(jobs.select().order_by(jobs.c.admitted_at))).all()
    for project, created in made.items():
        own = [row for row in rows if row.project_id == project]
        assert [row.completed for row in own] == [1] * 12
        ranks = {job.id: rank for rank, job in enumerate(created)}
        # Those of one look are admitted in the same moment.
        assert all(abs(ranks[row.id] - rank) < PLACES for rank, row in enumerate(own))
    taken = Counter(row.project_id for row in rows[:12])
    assert abs(taken["a"] - taken["b"]) <= PLACES


async def test_a_single_file_does_not_wait_for_a_large_job(run: Cluster, tmp_path: Path) -> None:
    folder = make_files(tmp_path / "in", 60, seed=1)
    large = [await run.submit(folder), await run.submit(folder)]
    await run.in_flight(large[0].id, 1)
    single = await run.ended((await parse_one(run, "sleep 0.1")).id)
    assert single.status is JobStatus.COMPLETED
    first, second = [await run.jobs.get(job.id) for job in large]
    assert not first.status.is_terminal
    assert (second.status, second.is_waiting) == (JobStatus.PENDING, True)
    for job in large:
        await run.ended(job.id)


async def test_a_worker_that_leaves_hands_on_what_it_was_doing_in_one_go(run: Cluster) -> None:
    job = await parse_one(run, "sleep 6")

    async def is_processed() -> bool:
        return await run.processing(job.id) > 0

    await until_async(is_processed, 30, "the file to be in process")
    run.workers[0].terminate()
    assert await asyncio.to_thread(run.workers[0].wait, 30) == 0
    await run.start_worker()
    ended = await run.ended(job.id)
    assert (ended.status, ended.completed) == (JobStatus.COMPLETED, 1)
    await run.check(ended, 1)
