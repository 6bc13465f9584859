"""How long the API takes to answer while a batch runs.

    python -m bench.api_latency [--files 20000] [--requests 300]

A batch of files that cost nothing runs on a real Temporal server; meanwhile one client creates
jobs, reads the batch's status and lists its items, one request after the other.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from sheaf.testing.api_process import ApiProcess
from sheaf.testing.cluster import Cluster

BATCHES = "/api/v1/beta/batch-processing"


def make_files(folder: Path, count: int) -> None:
    """Write files of a few bytes, each of its own content."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:07}.txt").write_text(f"text {number}\n")


async def timed(call: Callable[[], Awaitable[httpx.Response]]) -> float:
    """Return a request's milliseconds."""
    began = time.perf_counter()
    (await call()).raise_for_status()
    return 1000 * (time.perf_counter() - began)


def line(name: str, milliseconds: list[float]) -> str:
    """Return one line of the table."""
    cuts = statistics.quantiles(milliseconds, n=100)
    return f"{name:<8} {len(milliseconds):>8} {cuts[49]:>8.1f} {cuts[98]:>8.1f}"


async def measure(root: Path, files: int, requests: int) -> None:
    """Run the batch and print the table."""
    make_files(root / "in", files)
    make_files(root / "none", 0)
    cluster = Cluster(root / "home", parser_processes=2, parser_module="bench.noop_engine")
    await cluster.open()
    api = ApiProcess(root / "home", cluster.port, SHEAF_SOURCE_ROOTS=f'["{root}"]')
    api.start()
    try:
        async with httpx.AsyncClient(base_url=api.url, headers=api.headers) as client:
            await _measure(cluster, client, root, requests)
    finally:
        api.stop()
        await cluster.close()


async def _measure(cluster: Cluster, client: httpx.AsyncClient, root: Path, requests: int) -> None:
    directories = "/api/v1/beta/directories"
    body = {"name": "none", "source_uri": (root / "none").as_uri()}
    empty = (await client.post(directories, json=body)).json()["id"]
    began = time.perf_counter()
    job = await cluster.submit(root / "in", page_size=1000, continue_as_new_threshold=20_000)
    create = {"job_config": {}, "directory_id": empty}
    calls: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "create": lambda: client.post(BATCHES, json=create),
        "status": lambda: client.get(f"{BATCHES}/{job.id}"),
        "items": lambda: client.get(f"{BATCHES}/{job.id}/items"),
        "list": lambda: client.get(BATCHES),
    }
    taken: dict[str, list[float]] = {name: [] for name in calls}
    while not (await cluster.jobs.get(job.id)).status.is_terminal:
        for name, call in calls.items():
            if name != "create" or len(taken[name]) < requests:
                taken[name].append(await timed(call))
    ended = await cluster.jobs.get(job.id)
    seconds = time.perf_counter() - began
    print(f"{ended.completed} files in {seconds:.1f} s beside the requests")
    print("request     count   p50 ms   p99 ms")
    for name, milliseconds in taken.items():
        print(line(name, milliseconds))


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=300, help="creates, at most")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), asked.files, asked.requests))


if __name__ == "__main__":
    main()
