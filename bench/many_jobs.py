"""Many jobs at once: thousands of one file each, and hundreds of a hundred files.

    python -m bench.many_jobs [--quick]

Files cost nothing (`bench.noop_worker`), so what is measured is what a job costs. Jobs are created
by what the API's handlers call, a few at once, while the worker takes them; SQLite, one worker.
One job of as many files as all the others together, in the same run, is what they are measured by.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from bench.leaving import measure_and_leave
from bench.noop import run as run_one
from bench.processor_time import processor_time, servers
from bench.throughput import CALM, PAGES, PROCESSES
from sheaf.composition import job_service
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.batch import BatchJobCreate
from sheaf.jobs.service import Origin
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.tables import directories, directory_files, jobs
from sheaf.testing.cluster import Cluster

AT_ONCE = 8
"""Creates at once, as of a few clients."""
MIB = 1024**2
SECONDS_AT_MOST = 1800


@dataclass(frozen=True)
class Sizes:
    """How much is run."""

    single_jobs: int
    jobs: int
    files: int
    """Of each of `jobs`."""
    files_of_one: int


FULL = Sizes(5000, 1000, 100, 100_000)
QUICK = Sizes(500, 100, 100, 10_000)


async def create_all(count: int, create: Callable[[int], Awaitable[object]]) -> None:
    """Create jobs in their order, a few at once."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await create(number)

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def run_many(
    cluster: Cluster, name: str, count: int, files: int, create: Callable[[int], Awaitable[object]]
) -> float:
    """Create jobs, wait until all have ended, print what they took; return files a second."""
    before, began_us, began = processor_time(cluster), time.time_ns() // 1000, time.perf_counter()
    await create_all(count, create)
    created = time.perf_counter() - began
    ended = await ends(cluster, began_us, count)
    spent = processor_time(cluster) - before
    seconds = ended[-1][1] / 1e6
    waits = sorted(end - made for made, end in ended)
    p99 = waits[int(0.99 * (count - 1))] / 1e6
    rate = count / seconds
    print(f"{name}: {count} jobs of {files} files")
    print(f"  {rate:.0f} jobs/s, {rate * files:.0f} files/s; created {count / created:.0f}/s")
    print(f"  first end after {ended[0][1] / 1e6:.2f} s, last after {seconds:.1f} s")
    print(f"  wait of a job: median {waits[count // 2] / 1e6:.2f} s, p99 {p99:.2f} s")
    print(f"  off the line of its place by at most {100 * bend(ended):.0f} % of the whole")
    parts = " + ".join(
        f"{1000 * value / count:.1f} {part}"
        for part, value in (
            ("worker", spent.worker),
            ("Temporal", spent.temporal),
            ("creating", spent.bench),
        )
    )
    print(f"  processor time a job: {parts} ms")
    worker, temporal = (one.memory_info().rss / MIB for one in servers(cluster))
    print(f"  memory: worker {worker:.0f} MiB, Temporal {temporal:.0f} MiB", flush=True)
    return rate * files


async def ends(cluster: Cluster, began_us: int, count: int) -> list[tuple[int, int]]:
    """Wait for the jobs made since then; return (created, ended) of each after it, by the end."""
    made = jobs.c.created_at >= began_us
    query = sa.select(sa.func.count()).where(made, jobs.c.completed_at.is_not(None))
    deadline = time.monotonic() + SECONDS_AT_MOST
    while True:
        async with cluster.database.read() as connection:
            if await connection.scalar(query) == count:
                break
        if time.monotonic() > deadline:
            raise RuntimeError("the jobs do not end")
        await asyncio.sleep(0.5)
    columns = (jobs.c.created_at, jobs.c.completed_at, jobs.c.completed, jobs.c.total)
    async with cluster.database.read() as connection:
        rows = (await connection.execute(sa.select(*columns).where(made))).all()
    if any(row.completed != row.total or not row.total for row in rows):
        raise RuntimeError("not all files completed")
    return sorted(
        ((row.created_at - began_us, row.completed_at - began_us) for row in rows),
        key=lambda one: one[1],
    )


def bend(ended: Sequence[tuple[int, int]]) -> float:
    """Return how far ends by their place are off a straight line, as a part of the last."""
    last, count = ended[-1][1], len(ended)
    by_age = [end for _, end in sorted(ended)]
    return max(abs(end / last - place / count) for place, end in enumerate(by_age, 1))


async def file_ids(cluster: Cluster, files: int) -> list[str]:
    """List a source of so many files, and return their ids."""
    await run_one(cluster, files, "single")
    query = (
        sa.select(directory_files.c.id)
        .join(directories, directories.c.id == directory_files.c.directory_id)
        .where(directories.c.source_uri == f"file:///generated/{files}/single")
    )
    async with cluster.database.read() as connection:
        return list(await connection.scalars(query))


async def measure(root: Path, sizes: Sizes) -> None:
    """Run all three, and print the ratios."""
    cluster = Cluster(
        root / "home", parser_processes=PROCESSES, worker_module="bench.noop_worker", options=CALM
    )
    await cluster.open()
    try:
        ids = await file_ids(cluster, sizes.single_jobs)
        service = job_service(cluster.settings, cluster.database, cluster.client)
        folders = DirectoryLedger(cluster.database)
        one = await run_one(cluster, sizes.files_of_one, "one")
        print(f"one job of {sizes.files_of_one} files: {one:.0f} files/s", flush=True)

        async def create_single(number: int) -> None:
            task_id = str(UUID(int=uuid4().int))
            origin = Origin(
                JobApi.PARSE, f"bjb-{UUID(task_id).hex}", task_id, task_id, echo={}, unsupported=()
            )
            body = BatchJobCreate.model_validate({"item_ids": [ids[number]], "job_config": {}})
            await service.create("default", body, origin=origin)

        async def create_folder(number: int) -> None:
            uri = f"file:///generated/{sizes.files}/folder-{number}"
            directory_id = await folders.register_source("default", uri, "in")
            body = {"directory_id": directory_id, "job_config": {}, **PAGES}
            await service.create("default", BatchJobCreate.model_validate(body))

        await run_many(cluster, "single", sizes.single_jobs, 1, create_single)
        many = await run_many(cluster, "folders", sizes.jobs, sizes.files, create_folder)
        print(f"folders / one job: {many / one:.2f}")
    finally:
        await cluster.close()


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of it all")
    asked = parser.parse_args()
    measure_and_leave(measure, QUICK if asked.quick else FULL)


if __name__ == "__main__":
    main()
