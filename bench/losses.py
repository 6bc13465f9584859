"""Where each millisecond of a file goes, for one-page PDFs and for files that cost nothing.

    python -m bench.losses --documents DIR [--files 2000]

Two tables for each kind. The steps are wall time within the slices of the worker, divided by the
files; several slices run at once, so they add up to more than the job took. Processor time is
that of the processes, from the job's first moment to its last.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.api_latency import make_files
from bench.documents import one_page_pdfs, repeat
from bench.processor_time import ProcessorTime, processor_time
from bench.throughput import CALM, PAGES, PROCESSES, WARM_FILES
from sheaf.testing.cluster import Cluster

OUTSIDE = ("enumeration", "slice", "blobs and fsync", "record")
"""Steps that are not parts of a slice's own way: the last two go on beside it."""


async def measure(root: Path, folders: tuple[Path, Path], files: int, module: str) -> None:
    """Run a small job that warms everything up, then the one that counts, and print its tables."""
    times = root / "times.json"
    cluster = Cluster(
        root / "home",
        parser_processes=PROCESSES,
        parser_module=module,
        worker_module="bench.timed_worker",
        options=CALM,
        environment={"SHEAF_BENCH_TIMES": str(times)},
    )
    await cluster.open()
    try:
        warm, folder = folders
        await cluster.ended((await cluster.submit(warm, concurrency=PROCESSES + 1, **PAGES)).id)
        before, used = json.loads(times.read_text()), processor_time(cluster)
        began = time.perf_counter()
        job = await cluster.submit(folder, concurrency=PROCESSES + 1, **PAGES)
        await cluster.ended(job.id, 3600)
        seconds = time.perf_counter() - began
        report(json.loads(times.read_text()), before, files)
        report_processor(processor_time(cluster) - used, seconds, files)
    finally:
        await cluster.close()


def report(after: dict[str, list[float]], before: dict[str, list[float]], files: int) -> None:
    """Print what each step took."""
    calls = {name: after[name][0] - before[name][0] for name in after}
    took = {name: 1000 * (after[name][1] - before[name][1]) / files for name in after}
    parts = sum(value for name, value in took.items() if name not in OUTSIDE)
    rows = [(name, calls[name], value) for name, value in took.items() if name != "slice"]
    rows.append(("other work of slices", calls["slice"], took["slice"] - parts))
    print("| step | calls | ms a file |\n|---|---|---|")
    for name, count, value in rows:
        print(f"| {name} | {count:.0f} | {value:.3f} |")


def report_processor(used: ProcessorTime, seconds: float, files: int) -> None:
    """Print who had the processors."""
    print("\n| processor time of | ms a file |\n|---|---|")
    for name, value in vars(used).items():
        print(f"| {name} | {1000 * value / files:.3f} |")
    both = 1000 * seconds * PROCESSES / files
    print(f"| both processors, from create to end | {both:.3f} |\n", flush=True)


def main() -> None:
    """Parse the arguments and print both pairs of tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--files", type=int, default=2000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = one_page_pdfs(asked.documents)
        pdfs = (
            repeat(paths, WARM_FILES, root / "warm-pdf", "warm"),
            repeat(paths, asked.files, root / "pdf"),
        )
        print(f"{asked.files} one-page PDFs\n")
        asyncio.run(measure(root / "a", pdfs, asked.files, "sheaf.engines.dispatch"))
        make_files(root / "warm", WARM_FILES)
        make_files(root / "noop", asked.files)
        print(f"{asked.files} files that cost nothing\n")
        noop = (root / "warm", root / "noop")
        asyncio.run(measure(root / "b", noop, asked.files, "bench.noop_engine"))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
