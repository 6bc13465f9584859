"""The work itself: claim, process, record."""

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import heartbeating
from activities.outages import comes_again
from activities.recording import Recorder
from activities.signatures import SliceActivities
from activities.slice_run import SliceRun
from sheaf.contracts.temporal.runs import ProcessSliceInput, ProcessSliceResult
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import JobSpec, Outcome
from sheaf.processing.job_work import Work
from sheaf.processing.output_copies import Outputs
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import ResultStore

log = structlog.get_logger(__name__)

MAX_CACHED_JOBS = 64


class LedgerSliceActivities(SliceActivities):
    """Slices over a ledger, a store of results and a document processor."""

    def __init__(
        self,
        jobs: JobLedger,
        claims: ClaimLedger,
        store: ResultStore,
        outputs: Outputs,
        processor: DocumentProcessor,
    ) -> None:
        self._jobs = jobs
        self._claims = claims
        self._store = store
        self._outputs = outputs
        self._processor = processor
        self._works: dict[str, Work] = {}

    @activity.defn
    async def process_slice(self, input: ProcessSliceInput) -> ProcessSliceResult:
        async with heartbeating():
            return await self.run_slice(input)

    async def run_slice(
        self, input: ProcessSliceInput, claims: ClaimLedger | None = None
    ) -> ProcessSliceResult:
        """Make one attempt at a slice, without heartbeats; see `process_slice`.

        Args:
            input: the slice.
            claims: what claims and settles, where it is not what does so for other slices.
        """
        claims = claims or self._claims
        with comes_again(input.job_id):
            work = await self._work(input.job_id)
            recorder = Recorder(work, self._store, self._outputs, claims)
            run = SliceRun(input, work, claims, self._processor, recorder)
            await run.process()
        recorded = recorder.recorded
        if input.is_isolated and recorded.retried:
            raise _again(recorded.retried[0])
        return ProcessSliceResult(
            counts=recorded.counted,
            seconds=run.seconds,
            spent=run.spent,
            remaining=run.remaining,
            isolated=(*run.isolated, *recorded.isolated),
            failures=tuple(recorded.failures),
            is_stopped=run.is_stopped,
        )

    def know(self, spec: JobSpec) -> None:
        """Keep what a job asks for, so that its slices need not look it up."""
        self._keep(Work.of(spec))

    async def _work(self, job_id: str) -> Work:
        if job_id not in self._works:
            self._keep(Work.of(await self._jobs.spec(job_id)))
        return self._works[job_id]

    def _keep(self, work: Work) -> None:
        while len(self._works) >= MAX_CACHED_JOBS:
            del self._works[next(iter(self._works))]
        self._works[work.spec.job_id] = work


def _again(outcome: Outcome) -> ApplicationError:
    """Return the error that makes Temporal try a file on its own once more."""
    return ApplicationError(
        str(outcome.error_message),
        type=str(outcome.failure_kind),
        next_retry_delay=outcome.retry_after,
    )
