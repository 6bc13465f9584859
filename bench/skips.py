"""A second batch over a folder in which nothing has changed.

    python -m bench.skips [--files 100000]

Small text files are parsed for real, once. The batch after it skips them all by size, time of
change and known hash: no file is opened, and no slice is made.
"""

import argparse
import time
from pathlib import Path

from bench.leaving import measure_and_leave
from bench.processor_time import processor_time
from bench.throughput import CALM, PAGES, PROCESSES
from sheaf.ledger.records import JobRow
from sheaf.testing.cluster import Cluster

FILES_A_FOLDER = 1000


def make_files(root: Path, count: int) -> Path:
    """Write text files of some words, each of its own content, a thousand to a folder."""
    for number in range(count):
        folder = root / f"{number // FILES_A_FOLDER:05}"
        if number % FILES_A_FOLDER == 0:
            folder.mkdir(parents=True)
        text = f"Note {number}\n\nSeen on day {number % 365}, filed under {number % 97}.\n"
        (folder / f"{number:07}.txt").write_text(text)
    return root


async def run(cluster: Cluster, folder: Path) -> tuple[JobRow, float]:
    """Run a batch; return it and its seconds, from create to end."""
    began = time.perf_counter()
    job = await cluster.submit(folder, concurrency=PROCESSES + 1, **PAGES)
    ended = await cluster.ended(job.id, 3600)
    return ended, time.perf_counter() - began


async def measure(root: Path, files: int) -> None:
    """Run both batches and print a line of each."""
    folder = make_files(root / "in", files)
    cluster = Cluster(
        root / "home",
        parser_processes=PROCESSES,
        parser_module="sheaf.engines.dispatch",
        options=CALM,
    )
    await cluster.open()
    try:
        for name in ("first", "second"):
            before = processor_time(cluster)
            ended, seconds = await run(cluster, folder)
            used = processor_time(cluster) - before
            print(
                f"{name} batch: {ended.completed} completed, {ended.skipped} skipped in "
                f"{seconds:.1f} s: {files / seconds:.0f} files/s; ms of processor time a file: "
                f"worker {1000 * used.worker / files:.3f}, parsers "
                f"{1000 * used.parsers / files:.3f}, Temporal {1000 * used.temporal / files:.3f}",
                flush=True,
            )
    finally:
        await cluster.close()


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=int, default=100_000)
    asked = parser.parse_args()
    measure_and_leave(measure, asked.files)


if __name__ == "__main__":
    main()
