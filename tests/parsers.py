"""Parsers for tests, and what a processor makes of one file by them."""

from collections.abc import AsyncGenerator

from sheaf.contracts.documents import EngineRequest, EngineResult
from sheaf.ledger.records import ClaimedItem
from sheaf.parser_pool.requests import ParseRequests
from sheaf.processing.job_work import Work
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed


class EachAlone:
    """A parser that answers for one file at a time, in its own process.

    Knows the project whose files it was given last.
    """

    project_id: str | None = None

    async def run(self, request: EngineRequest, deadline_seconds: float) -> EngineResult:
        raise NotImplementedError

    async def run_many(
        self, project_id: str, requests: ParseRequests
    ) -> AsyncGenerator[EngineResult, None]:
        self.project_id = project_id
        while await requests.wait() and (request := requests.take()):
            yield await self.run(request.engine_request, request.deadline_seconds)


async def process_one(processor: DocumentProcessor, work: Work, item: ClaimedItem) -> Processed:
    (done,) = [one async for one in processor.process(work, [item], 60)]
    return done
