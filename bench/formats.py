"""Per format: files, recall of words and table cells, time; beside the bare engine, in one run.

    python -m bench.formats --documents DIR

DIR is as for `bench.parse_quality`. The bare engine is that of the format, as it comes, in the same
pool of parser processes; see `bench.bare_engine`. Then: whether the markdown of PDFs is its own.
"""

import argparse
import asyncio
import json
import re
import statistics
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.parse_quality import manifest, score
from bench.recall import tokens
from sheaf.contracts.documents import EngineRequest, ParsedDocument
from sheaf.engines.pdf.liteparse import PLACEHOLDER
from sheaf.parser_pool.pool import ParserPool

DEADLINE = 120.0
_EMPTY = re.compile(r"\A```text\s*```\s*\Z")
"""What the engine writes for a page without text."""
WARM_FILES = 4
"""Parsed before the clock runs, so that no format pays for the loading of an engine."""


@dataclass(frozen=True)
class Read:
    """What one engine made of one file."""

    document: ParsedDocument | None
    failure: str | None
    milliseconds: float

    @property
    def markdown(self) -> str:
        """The markdown of all pages."""
        return "\n\n".join(page.md for page in self.document.pages) if self.document else ""


async def read_all(documents: Path, rows: list[dict[str, str]], module: str) -> list[Read]:
    """Read each file, one after the other."""
    done = []
    async with ParserPool(1, module=module) as pool:
        for row in rows[:WARM_FILES]:
            await _read(pool, documents / row["path"])
        for number, row in enumerate(rows, 1):
            done.append(await _read(pool, documents / row["path"]))
            print(f"\r{module}: {number}/{len(rows)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return done


async def _read(pool: ParserPool, path: Path) -> Read:
    began = time.perf_counter()
    answer = await pool.run(
        "prj-bench", EngineRequest(path=str(path.resolve()), name=path.name), DEADLINE
    )
    milliseconds = (time.perf_counter() - began) * 1000
    return Read(answer.document, answer.failure and str(answer.failure.kind), milliseconds)


BORDER = re.compile(r"(?<!\\)\|")
"""Between two cells; one that is escaped is of a cell."""


def cell_recall(truth: Path, markdown: str) -> float | None:
    """Return the share of the truth's cells whose words stand together in one line of markdown."""
    if truth.suffix != ".json":
        return None
    cells = [tokens(cell) for cell in _cells(json.loads(truth.read_text(encoding="utf-8")))]
    wanted = [" ".join(cell) for cell in cells if cell]
    if not wanted:
        return None
    lines = [
        f" {' '.join(tokens(part))} "
        for line in markdown.split("\n")
        for part in BORDER.split(line)
    ]
    text = "\n".join(lines)
    return sum(f" {cell} " in text for cell in wanted) / len(wanted)


def _cells(truth: dict[str, object]) -> list[str]:
    tables = truth.get("tables") or []
    assert isinstance(tables, list)
    return [str(cell) for table in tables for row in _rows(table) for cell in row if cell]


def _rows(table: object) -> list[list[object]]:
    found = table.get("rows", table.get("cells", [])) if isinstance(table, dict) else table
    rows = found if isinstance(found, list) else []
    return [row if isinstance(row, list) else [row] for row in rows]


def report(documents: Path, rows: list[dict[str, str]], ours: list[Read], bare: list[Read]) -> None:
    """Print a table of formats."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        groups[Path(row["path"]).suffix.lower()].append(at)
    print(
        "| format | files | completed | failed as | words, median | mean | bare, mean | cells | "
        "bare | ms a file | bare |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, places in sorted(groups.items()):
        failures = Counter(ours[at].failure for at in places if ours[at].failure)
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(failures.items())) or "-"
        words = [[_words(documents, rows[at], read[at]) for at in places] for read in (ours, bare)]
        cells = [[_table(documents, rows[at], read[at]) for at in places] for read in (ours, bare)]
        times = [statistics.median(read[at].milliseconds for at in places) for read in (ours, bare)]
        median = _number(statistics.median, words[0])
        print(
            f"| {name} | {len(places)} | {len(places) - failures.total()} | {told} | {median} | "
            f"{_mean(words[0])} | {_mean(words[1])} | {_mean(cells[0])} | {_mean(cells[1])} | "
            f"{times[0]:.1f} | {times[1]:.1f} |"
        )


def _words(documents: Path, row: dict[str, str], read: Read) -> float | None:
    return None if ours_failed(read) else score(documents, row, read.markdown)


def _table(documents: Path, row: dict[str, str], read: Read) -> float | None:
    if ours_failed(read) or not row["ground_truth"]:
        return None
    return cell_recall(documents / row["ground_truth"], read.markdown)


def ours_failed(read: Read) -> bool:
    """Whether there is nothing to score."""
    return read.document is None


def _mean(values: list[float | None]) -> str:
    return _number(statistics.fmean, values)


def _number(of: "object", values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{of(known):.3f}" if known else "-"  # type: ignore[operator]


def report_pdfs(rows: list[dict[str, str]], ours: list[Read], bare: list[Read]) -> None:
    """Print whether PDFs have the engine's own markdown, page by page."""
    counts: Counter[str] = Counter()
    others = []
    for row, own, engine in zip(rows, ours, bare, strict=True):
        if not row["path"].endswith(".pdf") or own.document is None:
            continue
        if engine.document is None:
            counts["read by the fallback alone"] += 1
            continue
        if own.document.engine != "liteparse":
            others.append(f"{row['path']}: read by {own.document.engine}")
            continue
        theirs = {page.page: _plain(page.md) for page in engine.document.pages}
        unlike = [page.page for page in own.document.pages if theirs.get(page.page) != page.md]
        by_ocr = [page for page in unlike if not theirs.get(page)]
        if len(by_ocr) < len(unlike):
            others.append(f"{row['path']}: pages {unlike}")
        counts["equal, but for pages that only OCR could read" if by_ocr else "equal"] += len(
            by_ocr
        ) == len(unlike)
    print(
        "\nMarkdown of PDFs beside the engine's, without the links to pictures that are not kept:"
    )
    for name, count in counts.items():
        print(f"- {name}: {count}")
    print(f"- other: {len(others)}", *others, sep="\n  ")


def _plain(markdown: str) -> str:
    """Return the engine's markdown as Sheaf keeps it: without links to pictures it has not kept."""
    return _EMPTY.sub("", PLACEHOLDER.sub("", markdown)).strip("\n")


def main() -> None:
    """Parse the arguments, read everything twice, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=Path, required=True)
    documents = parser.parse_args().documents
    rows = manifest(documents)
    ours = asyncio.run(read_all(documents, rows, "sheaf.engines.dispatch"))
    bare = asyncio.run(read_all(documents, rows, "bench.bare_engine"))
    report(documents, rows, ours, bare)
    report_pdfs(rows, ours, bare)


if __name__ == "__main__":
    main()
