"""How many files that cost nothing go through a whole job in a second.

    python -m bench.noop [--files 40000] [--rounds 3]

See `bench.noop_worker` for what is there and what is not. From the create to the end of the job,
enumeration and settle included; SQLite, one worker, the command line's pages of 1,000.
"""

import argparse
import statistics
import time
from pathlib import Path

from bench.leaving import measure_and_leave
from bench.throughput import CALM, PAGES, PROCESSES
from sheaf.testing.cluster import Cluster

WARM_FILES = 500


async def run(cluster: Cluster, files: int, name: str) -> float:
    """Run a job and return its files a second."""
    began = time.perf_counter()
    job = await cluster.submit_source(
        f"file:///generated/{files}/{name}", concurrency=PROCESSES + 1, **PAGES
    )
    ended = await cluster.ended(job.id, 3600)
    if ended.completed != files:
        raise RuntimeError(f"{ended.completed} of {files} files completed")
    return files / (time.perf_counter() - began)


async def measure(root: Path, files: int, rounds: int) -> None:
    """Print a line a round, and the median."""
    cluster = Cluster(
        root / "home", parser_processes=PROCESSES, worker_module="bench.noop_worker", options=CALM
    )
    await cluster.open()
    try:
        await run(cluster, WARM_FILES, "warm")
        rates = []
        for number in range(1, rounds + 1):
            rates.append(await run(cluster, files, f"round-{number}"))
            print(f"round {number}: {files} files, {rates[-1]:.0f} files/s", flush=True)
    finally:
        await cluster.close()
    print(f"median {statistics.median(rates):.0f} files/s")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    measure_and_leave(measure, asked.files, asked.rounds)


if __name__ == "__main__":
    main()
