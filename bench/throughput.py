"""How many files a second go through a job, beside the bare engine in as many processes.

    python -m bench.throughput --documents DIR [--files 4000] [--rounds 3]

The files are the one-page PDFs of DIR that have a text layer, repeated, each copy with bytes of
its own. The bare engine runs in 2 processes that write their markdown; Sheaf runs with 2 parser
processes on a real Temporal server. Both count from the first file to the last: for Sheaf from
the first claim to the last outcome in the ledger. Rounds alternate, so that both see the same
machine. Last, a quarter of the files go through a job that gives each an Activity of its own.
"""

import argparse
import asyncio
import statistics
from pathlib import Path

import sqlalchemy as sa

from bench import bare_processes
from bench.documents import one_page_pdfs, repeat
from bench.leaving import measure_and_leave
from sheaf.cli.progress import POLL_SECONDS
from sheaf.config import Settings
from sheaf.ledger.tables import items
from sheaf.testing.cluster import Cluster

PROCESSES = 2
WARM_FILES = 100
CALM = {
    name: Settings.model_fields[name].default
    for name in ("heartbeat_seconds", "watchdog_seconds", "sweep_seconds")
}
"""As a deployment has them: tests look for faults every second."""

PAGES = {"page_size": 1000, "continue_as_new_threshold": 20_000}
"""As the command line has them."""


async def span(cluster: Cluster, job_id: str) -> float:
    """Return the seconds from a job's first claim to its last outcome."""
    query = sa.select(sa.func.min(items.c.started_at), sa.func.max(items.c.completed_at))
    async with cluster.database.read() as connection:
        began, ended = (await connection.execute(query.where(items.c.job_id == job_id))).one()
    return float(ended - began) / 1_000_000


async def run_job(
    cluster: Cluster, folder: Path, files: int, *, one_file_per_activity: bool = False
) -> float:
    """Run a job over a folder and return its seconds; every file must complete."""
    job = await cluster.submit(
        folder,
        concurrency=PROCESSES,
        one_file_per_activity=one_file_per_activity,
        **PAGES,
    )
    ended = await cluster.ended(job.id, 3600, pause=POLL_SECONDS)
    if ended.completed != files:
        raise RuntimeError(f"{ended.completed} of {files} files completed")
    return await span(cluster, job.id)


async def measure(root: Path, documents: Path, files: int, rounds: int) -> None:
    """Print a line a round, and the ratios."""
    paths = one_page_pdfs(documents)
    print(f"{len(paths)} one-page PDFs, repeated to {files}", flush=True)
    cluster = Cluster(
        root / "home",
        parser_processes=PROCESSES,
        parser_module="sheaf.engines.dispatch",
        options=CALM,
    )
    await cluster.open()
    ratios = []
    try:
        warm = repeat(paths, WARM_FILES, root / "warm", "warm")
        await run_job(cluster, warm, WARM_FILES)
        for number in range(rounds):
            folder = repeat(paths, files, root / f"in-{number}", str(number))
            listed = sorted(folder.iterdir())
            bare, core = [
                await asyncio.to_thread(
                    bare_processes.run,
                    listed,
                    root / f"bare-{number}-{as_documented}",
                    PROCESSES,
                    as_documented=as_documented,
                )
                for as_documented in (True, False)
            ]
            ours = await run_job(cluster, folder, files)
            ratios.append((bare / ours, core / ours))
            print(
                f"round {number + 1}: bare {files / bare:.1f} files/s, its native core "
                f"{files / core:.1f}, Sheaf {files / ours:.1f}; "
                f"ratios {bare / ours:.3f} and {core / ours:.3f}",
                flush=True,
            )
        few = files // 4
        folder = repeat(paths, few, root / "alone", "alone")
        by_itself = few / await run_job(cluster, folder, few, one_file_per_activity=True)
        print(f"an Activity a file: {by_itself:.1f} files/s, ratio {by_itself * bare / files:.3f}")
    finally:
        await cluster.close()
    medians = [statistics.median(ratio) for ratio in zip(*ratios, strict=True)]
    print(f"median ratios: {medians[0]:.3f} of the bare engine, {medians[1]:.3f} of its core")


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    measure_and_leave(measure, asked.documents, asked.files, asked.rounds)


if __name__ == "__main__":
    main()
