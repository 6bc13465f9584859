"""`sheaf show`, `watch` and `list` say what a batch waits for, whatever that is."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from sheaf.testing.cluster import ROOT, Cluster, kill, make_files, until, until_async

WIDTH = 80


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Cluster]:
    made = Cluster(tmp_path / "home", options={"open_small_jobs": 1, "open_large_jobs": 1})
    await made.open()
    try:
        yield made
    finally:
        await made.close()


def environment(run: Cluster) -> dict[str, str]:
    return {
        **os.environ,
        "SHEAF_HOME": str(run.root),
        "TEMPORAL_ADDRESS": f"127.0.0.1:{run.port}",
        "COLUMNS": str(WIDTH),
    }


async def sheaf(run: Cluster, *arguments: str) -> str:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "starter", *arguments],
        cwd=ROOT,
        env=environment(run),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def waits_for(run: Cluster, job_id: str) -> list[str]:
    shown: dict[str, Any] = json.loads(await sheaf(run, "show", job_id, "--json"))
    return list(shown["waits_for"])


async def says(run: Cluster, job_id: str, text: str) -> str:
    """Wait until a batch says that it waits for something; return the sentence."""
    found: list[str] = []

    async def is_said() -> bool:
        found[:] = [one for one in await waits_for(run, job_id) if text in one]
        return bool(found)

    await until_async(is_said, 40, text)
    return found[0]


async def test_its_turn_a_worker_and_temporal(run: Cluster, tmp_path: Path) -> None:
    # The first batch outlasts all commands on any machine; it is never waited for.
    folder = make_files(tmp_path / "in", 150, seed=1, longest=10)
    jobs = [await run.submit(folder) for _ in range(3)]
    await run.in_flight(jobs[0].id, 1)
    assert await waits_for(run, jobs[2].id) == ["Waits for other jobs: 1 goes before it."]
    assert await waits_for(run, jobs[1].id) == ["It is the next to begin."]
    assert "Held up" not in " ".join(await waits_for(run, jobs[0].id))
    listed = (await sheaf(run, "list")).splitlines()
    assert [line.split()[2:4] for line in listed[1:3]] == [["place", "2"], ["place", "1"]]
    assert max(map(len, listed)) <= WIDTH
    watching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "starter", "watch", jobs[2].id),
        cwd=ROOT,
        env=environment(run),
        stdout=subprocess.PIPE,
    )
    assert watching.stdout
    first = (await watching.stdout.readline()).decode()
    watching.send_signal(signal.SIGINT)
    await watching.communicate()
    assert "Waits for other jobs: 1 goes before it." in first

    kill(run.server)
    assert "does not answer" in await says(run, jobs[0].id, "Waits for Temporal")
    kill(run.workers[0])
    assert "python -P -m worker" in await says(run, jobs[2].id, "Waits for a worker")


async def test_a_store_that_is_away_and_files_that_go_again(run: Cluster, tmp_path: Path) -> None:
    folder = make_files(tmp_path / "in", 200, seed=2)
    (folder / "again.txt").write_text("fail Unavailable\n")
    job = await run.submit(folder)
    results, aside = run.root / "blobs/results", run.root / "blobs/aside"
    await until(results.exists, 30, "the first results")
    await run.in_flight(job.id, 1)
    results.rename(aside)
    results.write_text("no folder")
    told = await says(run, job.id, "the store of results cannot be used")
    assert told.startswith("Held up, tried ")
    results.unlink()
    aside.rename(results)
    assert "Unavailable" in await says(run, job.id, "1 file goes again")
    ended = await run.ended(job.id)
    assert await waits_for(run, ended.id) == []
