"""A job of a million files: memory, histories, bytes, cost a file, and the API over so many items.

    python -m bench.million [--files 1000000] [--few 10000]

The files are generated and cost nothing (`bench.noop_worker`), so that what is measured is all
Sheaf's. The same figures are taken of a job of `few` files first, and the API is asked about a job
of 1,000 and about the large one, both when they have ended.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.api_latency import timed
from bench.leaving import measure_and_leave
from bench.processor_time import ProcessorTime, processor_time
from bench.throughput import CALM, PAGES, PROCESSES
from sheaf.contracts.states import JobStatus
from sheaf.ledger.records import JobRow
from sheaf.testing.api_process import ApiProcess
from sheaf.testing.cluster import Cluster

SOURCE = "file:///generated/{}/{}"
SMALL = 1000
REQUESTS = 500
SAMPLE_SECONDS = 5.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Sample:
    """How far the job was, and what memory its processes had."""

    settled: int
    worker_mib: float
    api_mib: float


@dataclass(frozen=True)
class Cost:
    """What a job took."""

    job: JobRow
    seconds: float
    used: ProcessorTime

    @property
    def milliseconds(self) -> float:
        """Processor time a file, of worker and server."""
        return 1000 * (self.used.worker + self.used.temporal) / self.job.total


class Measured:
    """A cluster with an API, and what is read off them."""

    def __init__(self, cluster: Cluster, api: ApiProcess) -> None:
        self.cluster = cluster
        self.api = api
        self.samples: list[Sample] = []

    async def run(self, files: int, name: str) -> Cost:
        """Run a job of so many files, looking at it every few seconds."""
        before, began = processor_time(self.cluster), time.perf_counter()
        job = await self.cluster.submit_source(
            SOURCE.format(files, name), concurrency=PROCESSES + 1, **PAGES
        )
        self.samples = []
        while not (row := await self.cluster.jobs.get(job.id)).status.is_terminal:
            self.samples.append(self._sample(row.settled))
            if len(self.samples) % 12 == 0:
                print(f"  {row.settled} settled", file=sys.stderr, flush=True)
            await asyncio.sleep(min(SAMPLE_SECONDS, files / 20_000))
        seconds = time.perf_counter() - began
        if (row.status, row.completed) != (JobStatus.COMPLETED, files):
            raise RuntimeError(f"{row.status}: {row.completed} of {files} completed")
        return Cost(row, seconds, processor_time(self.cluster) - before)

    def _sample(self, settled: int) -> Sample:
        assert self.api.process
        worker, api = (
            psutil.Process(pid).memory_info().rss / MIB
            for pid in (self.cluster.workers[0].pid, self.api.process.pid)
        )
        return Sample(settled, worker, api)

    async def latencies(self, jobs: Sequence[JobRow]) -> dict[str, list[float]]:
        """Return the 99th percentile of the API's answers about each job, in milliseconds.

        The jobs are asked about in turn, so that all see the same machine.
        """
        found = {}
        async with httpx.AsyncClient(base_url=self.api.url, headers=self.api.headers) as client:
            for name in _paths(jobs[0]):
                taken: list[list[float]] = [[] for _ in jobs]
                for _ in range(REQUESTS):
                    for job, times in zip(jobs, taken, strict=True):
                        path = _paths(job)[name]
                        times.append(await timed(lambda path=path: client.get(path)))  # type: ignore[misc]
                found[name] = [statistics.quantiles(times, n=100)[98] for times in taken]
        return found


def _paths(job: JobRow) -> dict[str, str]:
    at = f"/api/v1/beta/batch-processing/{job.id}"
    return {
        "status": at,
        "items, first page": f"{at}/items?limit=100",
        "items, last page": f"{at}/items?limit=100&offset={job.total - 100}",
        "items that failed": f"{at}/items?limit=100&status=failed",
        "list of its directory's jobs": (
            f"/api/v1/beta/batch-processing?directory_id={job.directory_id}"
        ),
    }


async def histories(cluster: Cluster, job_id: str) -> tuple[dict[str, int], int]:
    """Return the longest history by Workflow type, and the events of all."""
    longest: Counter[str] = Counter()
    events = 0
    async for one in cluster.client.list_workflows(f"WorkflowId STARTS_WITH '{job_id}'"):
        length = int(one.history_length or 0)
        events += length
        longest[one.workflow_type] = max(longest[one.workflow_type], length)
    return dict(longest), events


def database_bytes(root: Path, name: str) -> int:
    """Return the size of a SQLite database with its write-ahead log."""
    return sum(path.stat().st_size for path in root.glob(f"{name}*"))


def growth(samples: list[Sample]) -> tuple[float, float]:
    """Return MiB a 100,000 files of worker and API, by least squares over the second half."""
    late = samples[len(samples) // 2 :]
    if len(late) < 3:
        return 0.0, 0.0
    settled = [one.settled / 100_000 for one in late]
    return (
        statistics.linear_regression(settled, [one.worker_mib for one in late]).slope,
        statistics.linear_regression(settled, [one.api_mib for one in late]).slope,
    )


async def measure(root: Path, files: int, few: int) -> None:
    """Run the jobs and print what was found."""
    cluster = Cluster(
        root / "home",
        parser_processes=PROCESSES,
        worker_module="bench.noop_worker",
        options=CALM,
    )
    await cluster.open()
    api = ApiProcess(root / "home", cluster.port)
    api.start()
    try:
        measured = Measured(cluster, api)
        small = await measured.run(SMALL, "small")
        short = await measured.run(few, "few")
        ledger, temporal = (database_bytes(cluster.root, n) for n in ("ledger.db", "temporal.db"))
        long = await measured.run(files, "many")
        report(measured, short, long)
        grown = database_bytes(cluster.root, "ledger.db") - ledger
        print(f"ledger: {grown / files:.0f} bytes an item")
        grown = database_bytes(cluster.root, "temporal.db") - temporal
        print(f"Temporal's database: {grown / files:.0f} bytes a file")
        longest, events = await histories(cluster, long.job.id)
        print(f"longest histories, in events: {longest}; {events / files:.3f} events a file")
        print(f"\n| API, p99 in ms | {SMALL} items | {files} items | ratio |\n|---|---|---|---|")
        for name, (few_ms, many_ms) in (await measured.latencies([small.job, long.job])).items():
            print(f"| {name} | {few_ms:.1f} | {many_ms:.1f} | {many_ms / few_ms:.2f} |")
    finally:
        api.stop()
        await cluster.close()


def report(measured: Measured, short: Cost, long: Cost) -> None:
    """Print time, cost and memory."""
    for cost in (short, long):
        print(
            f"{cost.job.total} files: {cost.seconds / 60:.2f} min, "
            f"{cost.job.total / cost.seconds:.0f} files/s, "
            f"{cost.milliseconds:.3f} ms of processor time a file "
            f"(worker {1000 * cost.used.worker / cost.job.total:.3f}, "
            f"Temporal {1000 * cost.used.temporal / cost.job.total:.3f})"
        )
    print(
        f"cost a file against the job of {short.job.total}: "
        f"{long.milliseconds / short.milliseconds:.2f} x in processor time, "
        f"{long.seconds / long.job.total / (short.seconds / short.job.total):.2f} x in time"
    )
    samples, (worker, api) = measured.samples, growth(measured.samples)
    for name, grows, mib in (
        ("worker", worker, [one.worker_mib for one in samples]),
        ("API", api, [one.api_mib for one in samples]),
    ):
        print(
            f"{name}: {mib[0]:.0f} MiB at the start, {mib[-1]:.0f} at the end, {max(mib):.0f} at "
            f"most; {grows:+.2f} MiB a 100,000 files in the second half"
        )


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=10_000)
    asked = parser.parse_args()
    measure_and_leave(measure, asked.files, asked.few)


if __name__ == "__main__":
    main()
