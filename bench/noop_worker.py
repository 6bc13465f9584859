"""A worker whose files do not exist and cost nothing: `python -m bench.noop_worker`.

Everything that makes a batch durable is there: enumeration, pages, slices, claims, outcomes,
counts, results in the ledger. What is not: opening and hashing files, parser processes, and the
bytes of results. A source `file:///generated/N` has N files.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import islice
from typing import Any

import worker
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.records import ClaimedItem, Outcome, ResultRow, SourceFile
from sheaf.processing.job_work import Work
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages

SIZE = 1000
PREFIX = "file:///generated/"
_SHA256 = "0" * 64


class GeneratedListing:
    """Lists files that are not there."""

    def __init__(self, *_: Any) -> None:
        pass

    async def chunks(
        self, project_id: str, source_uri: str, after: str | None, sizes: Iterable[int]
    ) -> AsyncIterator[list[SourceFile]]:
        """List as many files as the source's name says."""
        del project_id
        first = int(after.partition(".")[0]) + 1 if after else 0
        numbers = iter(range(first, int(source_uri.removeprefix(PREFIX).partition("/")[0])))
        for size in sizes:
            chunk = [
                SourceFile(unique_id=f"{number:09}.txt", size_bytes=SIZE, mtime_ns=1)
                for number in islice(numbers, size)
            ]
            if not chunk:
                return
            yield chunk


class NoopProcessor:
    """Completes every item at once."""

    def __init__(self, *_: Any) -> None:
        pass

    def start(
        self,
        stages: Stages,
        work: Work,
        items: Sequence[ClaimedItem],
        file_seconds: float,
        processed: BoundedQueue[Processed],
        budget: SliceBudget,
        stop: asyncio.Future[None] | None = None,
    ) -> None:
        """Put a result without bytes for each item."""
        del work, file_seconds, stop
        stages.start(_complete(items, processed, budget), writes=(processed,))


async def _complete(
    items: Sequence[ClaimedItem], processed: BoundedQueue[Processed], budget: SliceBudget
) -> None:
    since = time.monotonic()
    for item in items:
        if not budget.begins():
            return
        now = time.monotonic()
        if not await processed.put(_done(item, now - since)):
            return
        since = now


def _done(item: ClaimedItem, seconds: float) -> Processed:
    sha256 = _SHA256[: -len(str(item.ordinal))] + str(item.ordinal)
    result = ResultRow(
        id=item.task_id,
        file_id=item.file_id,
        content_sha256=sha256,
        engine="noop 1",
        media_type="text/plain",
        pages=1,
        size_bytes=0,
        is_reusable=True,
    )
    return Processed(
        Outcome(item=item, status=ItemStatus.COMPLETED, result=result, content_sha256=sha256),
        seconds=seconds,
    )


def main() -> None:
    """Put the two in their places, and run."""
    vars(worker)["SourceListing"] = GeneratedListing
    vars(worker)["DocumentProcessor"] = NoopProcessor
    worker.main()


if __name__ == "__main__":
    main()
