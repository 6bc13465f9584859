"""What becomes of a batch while something that it needs is away, and how soon it goes on after.

    python -m bench.outages [disk s3 postgres temporal] [--files 5000]

Each outage has a deployment of its own and happens once a tenth of the batch is done: the disk of
results is full (a small tmpfs, which takes root to mount), S3 with sources and results is gone,
Postgres stops to answer on connections that stay open, Temporal is killed. No file may fail by it.
Recovery is from the end of the outage to the next outcome. It needs Debian's Postgres.
"""

import argparse
import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import sqlalchemy as sa

from bench.scale_out import make_files, postgres
from bench.throughput import CALM, PAGES
from sheaf.ledger.database import Database
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.tables import items
from sheaf.storage.object_store import bucket
from sheaf.testing.api_process import ApiProcess
from sheaf.testing.cluster import Cluster, kill, until_async
from sheaf.testing.s3_server import s3_server
from sheaf.testing.tcp_proxy import tcp_proxy

FILE_SECONDS = 0.05
DISK_BYTES = 256 * 1024**2
S3_SECONDS = 150
"""Longer than every retry of the client of S3 takes together."""
END_SECONDS = 900
API_PATIENCE_SECONDS = 60


@dataclass
class Deployment:
    """A cluster with files, and the one thing that is taken from it and given back."""

    cluster: Cluster
    ledger: Database
    """Past whatever is away."""
    source: str | Path
    take: Callable[[], Awaitable[None]]
    give: Callable[[], Awaitable[None]]
    api: ApiProcess | None = None


@dataclass
class Seen:
    """What was seen of one batch."""

    completed: int = 0
    failed: int = 0
    at_begin: int = 0
    """Outcomes when the outage began, and when it ended."""
    at_end: int = 0
    recovery: float = 0.0
    lost_claims: int = 0
    """Most of any item; only a worker that died may count."""
    attempts: int = 0
    api: float = 0.0
    """The slowest answer of the API during the outage."""


@asynccontextmanager
async def disk(root: Path, files: int) -> AsyncIterator[Deployment]:
    """Keep results on a small disk of its own, and fill that."""
    blobs = root / "home" / "blobs"
    await asyncio.to_thread(blobs.mkdir, parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(blobs)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    filler = blobs / "filler"

    async def fill() -> None:
        await asyncio.to_thread(_fill, filler)

    async def free() -> None:
        await asyncio.to_thread(filler.unlink)

    try:
        async with _opened(Cluster(root / "home", options=CALM)) as cluster:
            source = make_files(root / "in", files, FILE_SECONDS)
            yield Deployment(cluster, cluster.database, source, fill, free)
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", str(blobs)], check=True)


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 1024**2)


@asynccontextmanager
async def s3(root: Path, files: int) -> AsyncIterator[Deployment]:
    """Keep files and results in a bucket, and cut the way to it."""
    with s3_server() as server, tcp_proxy(server.port) as proxy, _set(server.environment()):
        contents = {
            f"{number:06}.txt": f"sleep {FILE_SECONDS}\nobject {number}\n".encode()
            for number in range(files)
        }
        await asyncio.to_thread(server.fill, "in/", contents)
        environment = server.environment(f"http://127.0.0.1:{proxy.port}")
        options = {
            **CALM,
            "storage_url": "s3://bucket/store/",
            "s3_sources": {"default": ("s3://bucket/in/",)},
        }
        made = Cluster(root / "home", environment=environment, options=options)
        async with _opened(made) as cluster:
            yield Deployment(
                cluster,
                cluster.database,
                "s3://bucket/in/",
                lambda: asyncio.to_thread(proxy.refuse),
                lambda: asyncio.to_thread(proxy.heal),
            )


@contextmanager
def _set(variables: dict[str, str]) -> Iterator[None]:
    """Have this process, which reads results to check them, go past the proxy."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ |= variables
    bucket.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        bucket.cache_clear()


@asynccontextmanager
async def half_open(root: Path, files: int) -> AsyncIterator[Deployment]:
    """Keep the ledger in a Postgres behind a proxy, and have that fall silent."""
    async with AsyncExitStack() as stack:
        url, _ = stack.enter_context(postgres())
        ledger = Database(url)
        stack.push_async_callback(ledger.close)
        assert ledger.engine.url.port is not None
        proxy = stack.enter_context(tcp_proxy(ledger.engine.url.port))
        behind = ledger.engine.url.set(port=proxy.port).render_as_string(hide_password=False)
        made = Cluster(root / "home", behind, options=CALM)
        cluster = await stack.enter_async_context(_opened(made))
        api = ApiProcess(root / "home", cluster.port, SHEAF_DATABASE_URL=behind)
        await asyncio.to_thread(api.start)
        stack.callback(api.kill)
        yield Deployment(
            cluster,
            ledger,
            make_files(root / "in", files, FILE_SECONDS),
            lambda: asyncio.to_thread(proxy.silence),
            lambda: asyncio.to_thread(proxy.heal),
            api,
        )


@asynccontextmanager
async def temporal(root: Path, files: int) -> AsyncIterator[Deployment]:
    """Kill the Temporal server, and start it again."""
    async with _opened(Cluster(root / "home", options=CALM)) as cluster:

        async def stop() -> None:
            await asyncio.to_thread(kill, cluster.server)

        source = make_files(root / "in", files, FILE_SECONDS)
        yield Deployment(cluster, cluster.database, source, stop, cluster.start_server)


OUTAGES = {"disk": disk, "s3": s3, "postgres": half_open, "temporal": temporal}


@asynccontextmanager
async def _opened(cluster: Cluster) -> AsyncIterator[Cluster]:
    await cluster.open()
    try:
        yield cluster
    finally:
        await cluster.close()


async def outlast(deployment: Deployment, files: int, seconds: float) -> Seen:
    """Run a batch through an outage of so many seconds; return what was seen of it."""
    cluster, seen = deployment.cluster, Seen()
    if isinstance(deployment.source, Path):
        job = await cluster.submit(deployment.source, **PAGES)
    else:
        job = await cluster.submit_source(deployment.source, **PAGES)
    await cluster.in_flight(job.id, files // 10)
    jobs = JobLedger(deployment.ledger)
    await deployment.take()
    seen.at_begin = (await jobs.get(job.id)).settled
    until = time.monotonic() + seconds
    if deployment.api:
        seen.api = await _slowest_answer(deployment.api, until)
    await asyncio.sleep(max(0.0, until - time.monotonic()))
    seen.at_end = (await jobs.get(job.id)).settled
    await deployment.give()
    healed = time.monotonic()

    async def goes_on() -> bool:
        return (await jobs.get(job.id)).settled > seen.at_end

    await until_async(goes_on, END_SECONDS, "the next outcome", 0.1)
    seen.recovery = time.monotonic() - healed

    async def is_ended() -> bool:
        return (await jobs.get(job.id)).status.is_terminal

    await until_async(is_ended, END_SECONDS, "the end", 0.5)
    ended = await jobs.get(job.id)
    seen.completed, seen.failed = ended.completed, ended.failed
    most = sa.select(sa.func.max(items.c.lost_claims), sa.func.max(items.c.attempts))
    async with deployment.ledger.read() as connection:
        row = (await connection.execute(most.where(items.c.job_id == job.id))).one()
    seen.lost_claims, seen.attempts = row
    await cluster.check(ended, files)
    return seen


async def _slowest_answer(api: ApiProcess, until: float) -> float:
    """Ask the API until a time; return the longest that it took to say that it cannot answer."""
    slowest = 0.0
    async with httpx.AsyncClient(timeout=API_PATIENCE_SECONDS, headers=api.headers) as client:
        while time.monotonic() < until:
            began = time.monotonic()
            answer = await client.get(f"{api.url}/api/v1/beta/batch-processing")
            slowest = max(slowest, time.monotonic() - began)
            if answer.status_code != 503:
                raise RuntimeError(f"the API answered {answer.status_code} without its ledger")
            await asyncio.sleep(0.5)
    return slowest


async def measure(names: list[str], files: int, seconds: float, s3_seconds: float) -> bool:
    """Print a row an outage; return whether no file failed."""
    print(
        "| outage | seconds | files | done before it | failed | most attempts | recovery | API |\n"
        "|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    is_right = True
    for name in names:
        lasts = s3_seconds if name == "s3" else seconds
        with tempfile.TemporaryDirectory() as root:
            async with OUTAGES[name](Path(root), files) as deployment:
                seen = await outlast(deployment, files, lasts)
        is_right = is_right and (seen.completed, seen.failed) == (files, 0)
        api = f"{seen.api:.1f} s" if seen.api else ""
        print(
            f"| {name} | {lasts:.0f} | {seen.completed} of {files} | {seen.at_end} "
            f"| {seen.failed} | {seen.attempts} | {seen.recovery:.1f} s | {api} |",
            flush=True,
        )
    return is_right


def main() -> None:
    """Read the options, and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", choices=[[], *OUTAGES], default=[])
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--s3-seconds", type=float, default=S3_SECONDS)
    asked = parser.parse_args()
    for noisy in ("werkzeug", "sqlalchemy"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    names = asked.names or list(OUTAGES)
    is_right = asyncio.run(measure(names, asked.files, asked.seconds, asked.s3_seconds))
    sys.stdout.flush()
    os._exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
