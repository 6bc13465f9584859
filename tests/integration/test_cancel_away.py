"""A cancel while Temporal is away is kept by the ledger, and decides once Temporal is back."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.states import JobStatus
from sheaf.ledger.records import JobRow
from sheaf.testing.api_process import ApiProcess
from sheaf.testing.cluster import ROOT, Cluster, kill, make_files, until_async
from tests.integration.single_files import parse_one

FILES = 120


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(tmp_path / "home", os.environ.get("SHEAF_TEST_POSTGRES_URL"))
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def sheaf(
    run: Cluster, *arguments: str, embedded: bool = False
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SHEAF_HOME": str(run.root)}
    if run.database_url:
        environment["SHEAF_DATABASE_URL"] = run.database_url
    if not embedded:
        environment["TEMPORAL_ADDRESS"] = f"127.0.0.1:{run.port}"
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "starter", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


async def cancel_by_command(run: Cluster, job_id: str) -> None:
    done = await sheaf(run, "cancel", job_id, "--reason", "enough", "--json")
    assert json.loads(done.stdout)["id"] == job_id
    # Again, with the reason of the first.
    done = await sheaf(run, "cancel", job_id, "--reason", "another")
    assert "Temporal does not answer" in done.stdout


async def cancel_by_api(run: Cluster, job_id: str) -> None:
    ledger = {"SHEAF_DATABASE_URL": run.database_url} if run.database_url else {}
    api = ApiProcess(run.root, run.port, **ledger)
    await asyncio.to_thread(api.start)
    try:
        async with httpx.AsyncClient(headers=api.headers, trust_env=False, timeout=30) as client:
            answer = await client.post(
                f"{api.url}/api/v1/beta/batch-processing/{job_id}/cancel",
                json={"reason": "enough"},
            )
            assert answer.status_code == 200, answer.text
    finally:
        await asyncio.to_thread(api.stop)


CANCELS = {"command": cancel_by_command, "api": cancel_by_api}


async def check_cancelled(run: Cluster, job_id: str, total: int) -> JobRow:
    ended = await run.ended(job_id)
    assert (ended.status, ended.reason) == (JobStatus.CANCELLED, "enough")
    await run.check(ended, total)
    kinds = {row.failure_kind for row in await run.item_rows(job_id)}
    assert kinds <= {None, FailureKind.CORRUPT}  # which the files ask for
    return ended


async def workflow_ends(run: Cluster, job_id: str) -> None:
    async def is_closed() -> bool:
        described = await run.client.get_workflow_handle(job_id).describe()
        return described.close_time is not None

    await until_async(is_closed, 30, "the end of the Workflow")


@pytest.mark.parametrize("way", CANCELS)
async def test_a_job_that_runs_ends_cancelled_with_what_was_done(
    run: Cluster, tmp_path: Path, way: str
) -> None:
    job = await run.submit(make_files(tmp_path / "in", FILES, seed=1, longest=1.5))
    await run.in_flight(job.id, FILES // 10)
    await asyncio.to_thread(kill, run.server)
    await CANCELS[way](run, job.id)
    assert not (await run.jobs.get(job.id)).status.is_terminal
    await run.start_server()
    ended = await check_cancelled(run, job.id, FILES)
    assert ended.completed > 0
    assert ended.cancelled > FILES // 2
    await workflow_ends(run, job.id)


async def test_it_does_so_though_the_worker_dies_meanwhile_too(
    run: Cluster, tmp_path: Path
) -> None:
    job = await run.submit(make_files(tmp_path / "in", FILES, seed=2, longest=1.5))
    await run.in_flight(job.id, FILES // 10)
    await asyncio.to_thread(kill, run.server, run.workers[0])
    await cancel_by_command(run, job.id)
    await run.start_server()
    await run.start_worker()
    ended = await check_cancelled(run, job.id, FILES)
    assert ended.cancelled > FILES // 2


async def test_a_job_in_one_go_does_so(run: Cluster) -> None:
    job = await parse_one(run, "sleep 8")

    async def is_processed() -> bool:
        return await run.processing(job.id) > 0

    await until_async(is_processed, 30, "the file to be in process")
    await asyncio.to_thread(kill, run.server)
    await cancel_by_command(run, job.id)
    await run.start_server()
    await check_cancelled(run, job.id, 1)


async def test_a_job_of_a_home_in_which_nothing_runs_is_cancelled_by_the_ledger(
    run: Cluster, tmp_path: Path
) -> None:
    job = await run.submit(make_files(tmp_path / "in", FILES, seed=4, longest=1.5))
    await run.in_flight(job.id, 1)
    await asyncio.to_thread(kill, run.server, run.workers[0])
    done = await sheaf(run, "cancel", job.id, "--json", embedded=True)
    assert json.loads(done.stdout)["status"] == "running"
    assert (await run.jobs.get(job.id)).cancel_requested_at is not None
    done = await sheaf(run, "cancel", job.id, embedded=True)
    assert "`sheaf up` runs again" in " ".join(done.stdout.split())


async def test_a_job_without_a_workflow_yet_does_so(run: Cluster, tmp_path: Path) -> None:
    await asyncio.to_thread(kill, run.server)
    job = await run.submit(make_files(tmp_path / "in", 5, seed=3))

    async def is_admitted() -> bool:
        return not (await run.jobs.get(job.id)).is_waiting

    await until_async(is_admitted, 30, "the admission")
    await cancel_by_command(run, job.id)
    await run.start_server()
    ended = await run.ended(job.id)
    assert (ended.status, ended.completed, ended.failed) == (JobStatus.CANCELLED, 0, 0)
