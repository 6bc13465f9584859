"""One, two and three workers on Postgres and S3, a worker killed, and Postgres restarted.

    python -m bench.scale_out [--files 400] [--seconds 0.25]

The engine waits instead of working, so that the workers do not compete for this machine's cores:
what is measured is whether they get in each other's way. Each worker has 4 parser processes. Then
three workers run a batch in which one is killed, and another in which Postgres is restarted; no
item may be lost or recorded twice. It needs Debian's Postgres.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.throughput import CALM, span
from sheaf.contracts.states import JobStatus
from sheaf.testing.cluster import Cluster, kill
from sheaf.testing.s3_server import s3_server

POSTGRES = Path(__file__).parents[1] / ".ci" / "postgres"
PROCESSES = 4
SLOTS = PROCESSES + 1
PAGES = {"page_size": 100}
"""And every other number as the contract has it."""


@contextmanager
def postgres() -> Iterator[tuple[str, str]]:
    """Run a throw-away server; give its URL and its folder, which its own user can enter."""
    folder = tempfile.mkdtemp(prefix="sheaf-bench-")
    Path(folder).chmod(0o755)
    command = [str(POSTGRES), "start", folder]
    url = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    try:
        yield url, folder
    finally:
        subprocess.run([str(POSTGRES), "stop", folder], check=False)
        subprocess.run(["rm", "-rf", folder], check=False)


def make_files(folder: Path, count: int, seconds: float) -> Path:
    """Write files that take so long each, all of one size."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:06}.txt").write_text(f"sleep {seconds}\nfile {number:06} {folder}\n")
    return folder


class Bench:
    """The cluster and where its files are."""

    def __init__(self, cluster: Cluster, root: Path, files: int, seconds: float) -> None:
        self.cluster = cluster
        self.root = root
        self.files = files
        self.seconds = seconds

    async def rate(self, workers: int) -> float:
        """Return the files a second of a batch on so many workers."""
        while len(self.cluster.workers) < workers:
            await self.cluster.start_worker()
        await self._run(f"warm-{workers}", SLOTS * workers, workers)
        files = self.files * workers
        return files / await self._run(f"in-{workers}", files, workers)

    async def survives_a_kill(self) -> None:
        """Kill one of three workers in the middle."""
        job = await self._start("kill")
        await self.cluster.in_flight(job, self.files // 2)
        kill(self.cluster.workers[-1])
        await self._check(job, "kill -9 of one of three workers")

    async def survives_a_restart(self, folder: str) -> None:
        """Restart Postgres in the middle, without waiting for its clients."""
        job = await self._start("restart")
        await self.cluster.in_flight(job, self.files // 2)
        await asyncio.to_thread(subprocess.run, [str(POSTGRES), "restart", folder], check=True)
        await self._check(job, "a restart of Postgres")

    async def _start(self, name: str) -> str:
        folder = make_files(self.root / name, self.files, self.seconds)
        return (await self.cluster.submit(folder, concurrency=3 * SLOTS, **PAGES)).id

    async def _run(self, name: str, files: int, workers: int) -> float:
        folder = make_files(self.root / name, files, self.seconds)
        job = await self.cluster.submit(folder, concurrency=SLOTS * workers, **PAGES)
        await self.cluster.ended(job.id, 600)
        return await span(self.cluster, job.id)

    async def _check(self, job_id: str, what: str) -> None:
        ended = await self.cluster.ended(job_id, 300)
        if (ended.status, ended.completed) != (JobStatus.COMPLETED, self.files):
            raise RuntimeError(f"{ended.status}: {ended.completed} of {self.files} completed")
        await self.cluster.check(ended, self.files)
        print(f"{what}: {ended.completed} of {self.files} completed, each with one result")


async def measure(root: Path, url: str, folder: str, files: int, seconds: float) -> None:
    """Print a line a number of workers, and what became of the batches with faults."""
    cluster = Cluster(root / "home", url, parser_processes=PROCESSES, options=CALM)
    await cluster.open()
    try:
        bench = Bench(cluster, root, files, seconds)
        by_itself = 0.0
        for workers in (1, 2, 3):
            rate = await bench.rate(workers)
            by_itself = by_itself or rate
            print(
                f"{workers} workers: {rate:.1f} files/s, {rate / by_itself / workers:.2f} x linear",
                flush=True,
            )
        await bench.survives_a_kill()
        await bench.survives_a_restart(folder)
    finally:
        await cluster.close()


def main() -> None:
    """Start Postgres and S3, and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=400, help="files a worker")
    parser.add_argument("--seconds", type=float, default=0.25, help="a file")
    asked = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request, of the S3 server
    with postgres() as (url, folder), s3_server() as s3, tempfile.TemporaryDirectory() as root:
        os.environ |= s3.environment() | {"SHEAF_TEST_STORAGE_URL": "s3://bucket/storage/"}
        asyncio.run(measure(Path(root), url, folder, asked.files, asked.seconds))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
