"""States, failures and token recall of the parse engines over a folder of documents.

    python -m bench.parse_quality --documents DIR [--results DIR]

DIR has `files/`, `gt/` and a MANIFEST.tsv with the columns `path`, `type` and `ground_truth`.
With `--results` nothing is parsed: the Markdown is read from `<path>.md` or `<name>.md` there.
"""

import argparse
import asyncio
import csv
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.recall import token_recall, truth_of
from sheaf.contracts.documents import EngineRequest
from sheaf.parser_pool.pool import ParserPool


@dataclass(frozen=True)
class Outcome:
    """What became of one document of the manifest."""

    path: str
    type: str
    seconds: float
    failure: str | None
    recall: float | None
    """None where there is no ground truth, or no output to compare with it."""


def manifest(documents: Path) -> list[dict[str, str]]:
    """Return the rows of the manifest, in its order."""
    with (documents / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def score(documents: Path, row: dict[str, str], markdown: str) -> float | None:
    """Return the recall of an output against the row's ground truth, where it has one."""
    if not row["ground_truth"]:
        return None
    return token_recall(truth_of(documents / row["ground_truth"]), markdown)


async def parse_all(documents: Path, processes: int, deadline: float) -> list[Outcome]:
    """Run every document of the manifest through a pool."""
    async with ParserPool(processes) as pool:

        async def parse(row: dict[str, str]) -> Outcome:
            path = documents / row["path"]
            started = time.perf_counter()
            request = EngineRequest(path=str(path.resolve()), name=path.name)
            result = await pool.run("prj-bench", request, deadline)
            elapsed = time.perf_counter() - started
            if result.document is None:
                assert result.failure is not None
                failure = f"{result.failure.kind}: {result.failure.message}"
                return Outcome(row["path"], row["type"], elapsed, failure, None)
            markdown = "\n\n".join(page.md for page in result.document.pages)
            recall = score(documents, row, markdown)
            return Outcome(row["path"], row["type"], elapsed, None, recall)

        return await asyncio.gather(*map(parse, manifest(documents)))


def read_all(documents: Path, results: Path) -> list[Outcome]:
    """Score Markdown that something else has written."""
    outcomes = []
    for row in manifest(documents):
        names = (f"{row['path']}.md", f"{Path(row['path']).name}.md")
        found = next((results / name for name in names if (results / name).is_file()), None)
        markdown = found.read_text(encoding="utf-8") if found else ""
        recall = score(documents, row, markdown) if found else None
        failure = None if found else "no output"
        outcomes.append(Outcome(row["path"], row["type"], 0.0, failure, recall))
    return outcomes


def report(outcomes: list[Outcome]) -> None:
    """Print a line a format, then the totals and every failure."""
    by_type: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_type[outcome.type].append(outcome)
    print(f"{'type':6} {'files':>5} {'ok':>4} {'scored':>6} {'median':>7} {'mean':>6}  failures")
    for kind, group in sorted(by_type.items()):
        _print_line(kind, group)
    _print_line("all", outcomes)
    for outcome in outcomes:
        if outcome.failure:
            print(f"  failed  {outcome.path}: {outcome.failure}")
    for outcome in outcomes:
        if outcome.recall is not None and outcome.recall < 0.8:
            print(f"  recall {outcome.recall:.2f}  {outcome.path}")


def _print_line(kind: str, group: list[Outcome]) -> None:
    recalls = [outcome.recall for outcome in group if outcome.recall is not None]
    median = f"{statistics.median(recalls):.3f}" if recalls else "-"
    mean = f"{statistics.fmean(recalls):.3f}" if recalls else "-"
    failures = [outcome.failure for outcome in group if outcome.failure]
    kinds = Counter(failure.partition(":")[0] for failure in failures)
    tally = ", ".join(f"{name} {count}" for name, count in sorted(kinds.items()))
    done = len(group) - len(failures)
    print(f"{kind:6} {len(group):5} {done:4} {len(recalls):6} {median:>7} {mean:>6}  {tally}")


async def overhead_milliseconds(runs: int = 300) -> float:
    """Return the wall time per file of a warm pool of one on a text of 11 bytes."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(b"hello world")
        file.flush()
        request = EngineRequest(path=file.name, name="hello.txt")
        async with ParserPool(1, files_per_process=runs + 2) as pool:
            await pool.run("prj-bench", request, 60)
            started = time.perf_counter()
            for _ in range(runs):
                await pool.run("prj-bench", request, 60)
            return (time.perf_counter() - started) / runs * 1000


def main() -> None:
    """Parse the arguments, then the documents."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--deadline", type=float, default=120)
    options = parser.parse_args()
    if options.results:
        report(read_all(options.documents, options.results))
        return
    started = time.perf_counter()
    outcomes = asyncio.run(parse_all(options.documents, options.processes, options.deadline))
    elapsed = time.perf_counter() - started
    report(outcomes)
    print(f"{len(outcomes)} files in {elapsed:.1f} s with {options.processes} processes")
    print(f"pool overhead: {asyncio.run(overhead_milliseconds()):.2f} ms for a trivial text file")


if __name__ == "__main__":
    main()
