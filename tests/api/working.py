"""What a worker does, in the process of a test: it claims, processes, stores and records."""

from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.items import ItemLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.processing.job_work import Work
from sheaf.processing.parsing import Parser
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed, ResultStore
from sheaf.sources.items import ItemFiles
from tests.api.conftest import Served
from tests.parsers import process_all


async def work_through(served: Served, job_id: str, parser: Parser, last: int) -> list[Processed]:
    """Work through a job's items up to an ordinal; return what became of those that were open."""
    state = served.state
    claims = ClaimLedger(state.database, "worker")
    claimed, _ = await claims.claim(job_id, 1, last)
    spec = await JobLedger(state.database).spec(job_id)
    processor = DocumentProcessor(parser, ItemLedger(state.database), ItemFiles(state.blobs))
    done = await process_all(processor, Work.of(spec), claimed)
    outcomes = await ResultStore(state.blobs).write(job_id, done)
    await claims.record(job_id, outcomes)
    return done
