"""What each trick of ADR 12 and ADR 13 gives: a job with it, and without it alone.

    python -m bench.ablation --documents DIR [--pdfs 2000] [--noops 8000] [--rounds 5]

Once on one-page PDFs, as in `bench.throughput`, and once on files whose parse costs nothing
(`bench.noop_engine`). In each round every worker of `bench.ablated_worker` runs one job of its own
on the same Temporal server, and the order of the workers is turned by one place from round to
round, so that whatever else the machine does meets all of them. A ratio is the median over the
rounds of a worker's files a second, from the create of the job to its end, against those of the
whole worker in the same round; under 1 the trick gives something. Beside it is the processor time
of the worker, its parsers and the server for each file, likewise, where it gives something over 1:
other work of the machine changes that far less, and where all processors are busy it is what
counts. What gives less than 3 % by both, on both kinds of files, is not worth its code.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.ablated_worker import WITHOUT
from bench.documents import one_page_pdfs, repeat
from bench.leaving import measure_and_leave
from bench.processor_time import processor_time
from bench.throughput import CALM, PAGES, PROCESSES, WARM_FILES
from sheaf.cli.progress import POLL_SECONDS
from sheaf.testing.cluster import Cluster, kill_with_children

SMALL_PAGES = PAGES | {"page_size": 100}
"""A tenth of the command line's, so that a job has as many pages as one of ten times its files."""

WHOLE = ""
LEAST_GAIN = 0.03


class Run(NamedTuple):
    """One job of one worker."""

    rate: float
    """Files a second."""
    processor: float
    """Milliseconds of processor time a file."""


Runs = dict[str, list[Run]]


async def run(cluster: Cluster, name: str, folders: tuple[Path, Path], files: int) -> Run:
    """Run a worker without something on a folder that warms it, and on one that counts."""
    cluster.environment["SHEAF_BENCH_WITHOUT"] = name
    (cluster.root / "ready-0").unlink(missing_ok=True)
    worker = await cluster.start_worker()
    try:
        for folder in folders:
            before = processor_time(cluster)
            job = await cluster.submit(folder, concurrency=PROCESSES + 1, **SMALL_PAGES)
            ended = await cluster.ended(job.id, 3600, pause=POLL_SECONDS)
        used = processor_time(cluster) - before
    finally:
        await asyncio.to_thread(kill_with_children, worker)
        cluster.workers.clear()
    if ended.completed != files or ended.completed_at is None:
        raise RuntimeError(f"{ended.completed} of {files} files completed")
    seconds = (ended.completed_at - ended.created_at) / 1e6
    return Run(files / seconds, 1000 * (used.worker + used.parsers + used.temporal) / files)


async def measure_kind(root: Path, kind: str, paths: list[Path], files: int, rounds: int) -> Runs:
    """Run all workers in turn on one kind of files; return the runs of each, round by round.

    Args:
        root: for all that is made.
        kind: names it.
        paths: PDFs to repeat; none for files that cost nothing.
        files: of each job.
        rounds: jobs of each worker.
    """
    cluster = Cluster(
        root / kind,
        parser_processes=PROCESSES,
        parser_module="sheaf.engines.dispatch" if paths else "bench.noop_engine",
        worker_module="bench.ablated_worker",
        options=CALM,
    )
    await cluster.open()
    await asyncio.to_thread(kill_with_children, cluster.workers.pop())
    names = [WHOLE, *WITHOUT]
    runs: Runs = {name: [] for name in names}
    try:
        for number in range(rounds):
            turned = names[number % len(names) :] + names[: number % len(names)]
            for place, name in enumerate(turned):
                folders = (root / f"{kind}-{number}-{place}w", root / f"{kind}-{number}-{place}")
                make(paths, WARM_FILES, folders[0])
                make(paths, files, folders[1])
                runs[name].append(await run(cluster, name, folders, files))
                print(
                    f"{kind}, round {number + 1}, without {name or 'nothing'}: "
                    f"{runs[name][-1].rate:.1f} files/s, {runs[name][-1].processor:.2f} ms a file",
                    file=sys.stderr,
                    flush=True,
                )
    finally:
        await cluster.close()
    return runs


def make(paths: list[Path], count: int, folder: Path) -> None:
    """Write files whose bytes no other folder has."""
    if paths:
        repeat(paths, count, folder, folder.name)
        return
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:07}.txt").write_text(f"{folder.name} {number}\n")


def ratio(runs: Runs, name: str, field: str) -> float:
    """Return the median of a worker's figures against those of the whole one."""
    pairs = zip(runs[name], runs[WHOLE], strict=True)
    return statistics.median(getattr(one, field) / getattr(whole, field) for one, whole in pairs)


def report(kinds: Sequence[Runs]) -> None:
    """Print the table."""
    columns = " | files/s | ratio | ms of processor a file | ratio" * len(kinds)
    print(f"| without{columns} | |\n|{'---|' * (4 * len(kinds) + 2)}")
    for name in (WHOLE, *WITHOUT):
        cells = []
        gains = []
        for runs in kinds:
            for field in Run._fields:
                of = ratio(runs, name, field)
                gains.append(1 - of if field == "rate" else 1 - 1 / of)
                median = statistics.median(getattr(one, field) for one in runs[name])
                cells.append(f"{median:.{0 if field == 'rate' else 2}f} | {of:.3f}")
        verdict = "" if name == WHOLE else ("stays" if max(gains) >= LEAST_GAIN else "goes")
        print(f"| {name or 'nothing'} | {' | '.join(cells)} | {verdict} |", flush=True)


async def measure(root: Path, documents: Path, pdfs: int, noops: int, rounds: int) -> None:
    """Measure both kinds of files, and print one table."""
    paths = one_page_pdfs(documents)
    kinds = [
        await measure_kind(root, "pdf", paths, pdfs, rounds),
        await measure_kind(root, "noop", [], noops, rounds),
    ]
    report(kinds)


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--pdfs", type=int, default=2000)
    parser.add_argument("--noops", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    measure_and_leave(measure, asked.documents, asked.pdfs, asked.noops, asked.rounds)


if __name__ == "__main__":
    main()
