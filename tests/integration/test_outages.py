"""Batches outlast what they need: store, source, ledger and Temporal, each away for a while."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bench.outages import FILE_SECONDS, Deployment, half_open, outlast, s3, temporal
from bench.scale_out import make_files
from sheaf.contracts.states import JobStatus
from sheaf.storage.object_store import CONNECT_TIMEOUT
from sheaf.testing.cluster import Cluster

FILES = 200
SECONDS = 6.0
"""Several attempts at a slice: those come after 1, 2, 4 and 8 s."""


@asynccontextmanager
async def shut(root: Path, files: int) -> AsyncIterator[Deployment]:
    """Put a file in the place of the folder of results, as good as a disk that is away."""
    cluster = Cluster(root / "home")
    results, aside = root / "home/blobs/results", root / "home/blobs/aside"

    async def take() -> None:
        results.rename(aside)
        results.write_text("no folder")

    async def give() -> None:
        results.unlink()
        aside.rename(results)

    await cluster.open()
    try:
        source = make_files(root / "in", files, FILE_SECONDS)
        yield Deployment(cluster, cluster.database, source, take, give)
    finally:
        await cluster.close()


async def test_a_store_that_is_away_fails_no_file_and_counts_nothing(tmp_path: Path) -> None:
    async with shut(tmp_path, FILES) as deployment:
        seen = await outlast(deployment, FILES, SECONDS)
        log = (tmp_path / "home/worker-0.log").read_text()
    assert (seen.completed, seen.failed) == (FILES, 0)
    assert seen.at_end < FILES
    assert (seen.lost_claims, seen.attempts) == (0, 0)
    assert "waits for what is away" in log
    assert "the store of results cannot be used" in log


async def test_a_pending_slice_says_what_it_waits_for(tmp_path: Path) -> None:
    async with shut(tmp_path, FILES) as deployment:
        cluster = deployment.cluster
        assert isinstance(deployment.source, Path)
        job = await cluster.submit(deployment.source, page_size=1000)
        await cluster.in_flight(job.id, FILES // 10)
        await deployment.take()
        told = ""
        async with asyncio.timeout(30):
            while "the store of results cannot be used" not in told:
                pages = await cluster.open_pages(job.id)
                described = [
                    await cluster.client.get_workflow_handle(page).describe() for page in pages
                ]
                told = " ".join(
                    pending.last_failure.message
                    for one in described
                    for pending in one.raw_description.pending_activities
                )
                await asyncio.sleep(0.2)
        await deployment.give()
        assert (await cluster.ended(job.id)).status is JobStatus.COMPLETED


async def test_an_s3_with_sources_and_results_that_is_gone_fails_no_file(tmp_path: Path) -> None:
    async with s3(tmp_path, FILES) as deployment:
        # Longer than the client's own retries take together.
        seen = await outlast(deployment, FILES, 6 * CONNECT_TIMEOUT.total_seconds())
    assert (seen.completed, seen.failed, seen.lost_claims) == (FILES, 0, 0)
    assert seen.at_end < FILES


async def test_a_temporal_that_is_gone_fails_no_file(tmp_path: Path) -> None:
    async with temporal(tmp_path, FILES) as deployment:
        seen = await outlast(deployment, FILES, SECONDS)
    assert (seen.completed, seen.failed) == (FILES, 0)


@pytest.mark.postgres
async def test_a_postgres_that_falls_silent_fails_no_file(tmp_path: Path) -> None:
    async with half_open(tmp_path, FILES) as deployment:
        seen = await outlast(deployment, FILES, SECONDS)
    assert (seen.completed, seen.failed) == (FILES, 0)
    assert seen.at_end < FILES
