"""Parsers for tests, and what a processor makes of files by them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequests, ParseResponse
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages


class EachAlone:
    """A parser that answers for one file at a time, in its own process.

    Knows the project whose files it was given last.
    """

    project_id: str | None = None

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        raise NotImplementedError

    async def run_many(
        self,
        project_id: str,
        requests: ParseRequests,
        begins: Callable[[], bool],
        stop: asyncio.Future[None] | None,
    ) -> AsyncGenerator[ParseResponse, None]:
        self.project_id = project_id
        while await requests.wait() and begins():
            for one in requests.take() or ():
                result = await self.run(one.engine_request, one.deadline_seconds)
                yield ParseResponse(one.id, result, 0.0)


async def process_all(
    processor: DocumentProcessor,
    work: Work,
    items: Sequence[ClaimedItem],
    seconds: float = 60,
    *,
    meanwhile: Callable[[Processed], None] = lambda _: None,
) -> list[Processed]:
    """Return what became of each item, by the order in which that was known.

    Args:
        meanwhile: is told of each at once.
    """
    done: list[Processed] = []

    async def collect(processed: BoundedQueue[Processed]) -> None:
        async for one in processed:
            done.append(one)
            meanwhile(one)

    async with Stages() as stages:
        processed = BoundedQueue[Processed](1)
        processor.start(stages, work, items, seconds, processed, SliceBudget())
        stages.start(collect(processed), reads=(processed,))
    return done


async def process_one(processor: DocumentProcessor, work: Work, item: ClaimedItem) -> Processed:
    (done,) = await process_all(processor, work, [item])
    return done
