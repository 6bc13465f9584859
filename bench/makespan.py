"""How close a batch on the real server comes to the greedy list schedule.

    python -m bench.makespan [--files 400]

Files sleep for lognormal times with a mean of 0.5 s; pages and threshold are the contract's
defaults of 100; the concurrency is 16, with as many parser processes. Both makespans count from
the first claim to the last outcome of the same files in the order of their ordinals.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
from pathlib import Path

import sqlalchemy as sa

from bench.throughput import CALM
from sheaf.ledger.tables import items
from sheaf.testing.cluster import Cluster
from sheaf.testing.simulation import Simulation, greedy

CONCURRENCY = 16
PAGE = 100
MEAN_SECONDS = 0.5


def durations(files: int, sigma: float, seed: int) -> list[float]:
    """Return lognormal durations with the mean that was asked for."""
    drawn = [random.Random(f"{seed}-{n}").lognormvariate(0, sigma) for n in range(files)]
    factor = MEAN_SECONDS * files / sum(drawn)
    return [seconds * factor for seconds in drawn]


def make_files(folder: Path, seconds: list[float]) -> None:
    """Write one file a duration, all of one size, so that ordinals follow the names."""
    folder.mkdir()
    for number, duration in enumerate(seconds):
        (folder / f"{number:05}.txt").write_text(f"sleep {duration:08.4f}\ntext {number:05}\n")


async def measure(root: Path, seconds: list[float]) -> float:
    """Run a batch over sleeping files and return its makespan in seconds."""
    make_files(root / "in", seconds)
    cluster = Cluster(root / "home", parser_processes=CONCURRENCY, options=CALM)
    await cluster.open()
    try:
        # A first, small batch starts the parser processes.
        make_files(root / "warm", [0.05] * 2 * CONCURRENCY)
        warm = await cluster.submit(root / "warm", concurrency=CONCURRENCY)
        await cluster.ended(warm.id)
        job = await cluster.submit(
            root / "in", concurrency=CONCURRENCY, page_size=PAGE, continue_as_new_threshold=PAGE
        )
        await cluster.ended(job.id, seconds=600)
        query = sa.select(sa.func.min(items.c.started_at), sa.func.max(items.c.completed_at))
        async with cluster.database.read() as connection:
            began, ended = (await connection.execute(query.where(items.c.job_id == job.id))).one()
        return float(ended - began) / 1_000_000
    finally:
        await cluster.close()


def main() -> None:
    """Print one line a sigma."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=400)
    files = parser.parse_args().files
    for sigma in (1.0, 1.5):
        seconds = durations(files, sigma, seed=7)
        best = greedy(seconds, CONCURRENCY)
        simulated = Simulation(seconds, CONCURRENCY, PAGE, PAGE).run()
        drained = Simulation(seconds, CONCURRENCY, PAGE, PAGE, drains=True).run()
        with tempfile.TemporaryDirectory() as folder:
            measured = asyncio.run(measure(Path(folder), seconds))
        print(
            f"sigma {sigma}: {files} files, greedy {best:.1f} s; measured {measured / best:.2f} x, "
            f"simulated {simulated / best:.2f} x, simulated and drained {drained / best:.2f} x",
            flush=True,
        )


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
