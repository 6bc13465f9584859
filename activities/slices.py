"""The work itself: claim, process, record."""

import asyncio
import time
from collections import defaultdict
from contextlib import aclosing
from dataclasses import replace

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.cancellation import stop_if_cancelled
from activities.heartbeats import heartbeating
from activities.pages import MAX_LOST_CLAIMS, alone_slice
from activities.recording import Recorder
from activities.signatures import SliceActivities
from activities.slice_time import SliceTime
from models.batch import ItemStatus
from models.failures import DocumentError, FailureKind
from models.runs import OrdinalRange, Slice, SliceInput, SliceResult, Spent
from rules.prediction import kind_of, predicted_seconds
from services.canonical import exhausted, failed
from services.documents import DocumentProcessor
from services.ledger.claims import ClaimLedger
from services.ledger.jobs import JobLedger
from services.ledger.records import ClaimedItem, Outcome
from services.outputs import Outputs
from services.result_store import Processed, ResultStore
from services.work import Work

MAX_ATTEMPTS = 5
"""Attempts of an item that fails transiently; then it is `Exhausted`."""

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
    async def process_slice(self, input: SliceInput) -> SliceResult:
        work = await self._work(input.job_id)
        recorder = Recorder(work, self._store, self._outputs, self._claims)
        run = SliceRun(input, work, self._claims, self._processor, recorder)
        async with heartbeating():
            await run.process()
        recorded = recorder.recorded
        if input.is_alone and recorded.retried:
            raise _again(recorded.retried[0])
        return SliceResult(
            counts=recorded.counted,
            seconds=run.seconds,
            spent=run.spent,
            rest=run.rest,
            alone=(*run.alone, *recorded.alone),
            failures=tuple(recorded.failures),
            is_stopped=run.is_stopped,
        )

    async def _work(self, job_id: str) -> Work:
        if job_id not in self._works:
            while len(self._works) >= MAX_CACHED_JOBS:
                del self._works[next(iter(self._works))]
            self._works[job_id] = Work.of(await self._jobs.spec(job_id))
        return self._works[job_id]


class SliceRun:
    """One attempt at a slice."""

    def __init__(
        self,
        input: SliceInput,
        work: Work,
        claims: ClaimLedger,
        processor: DocumentProcessor,
        recorder: Recorder,
    ) -> None:
        self._input = input
        self._job = work
        self._claims = claims
        self._processor = processor
        self._recorder = recorder
        self._time = SliceTime(input.slice_seconds, self._stops)
        self._held: dict[int, ClaimedItem] = {}
        """Items that this attempt has claimed and not finished, by their ordinals."""
        self._spent: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.alone: list[Slice] = []
        self.rest: OrdinalRange | None = None
        self.is_stopped = False

    @property
    def seconds(self) -> float:
        """Time since the attempt began."""
        return self._time.seconds

    @property
    def spent(self) -> dict[str, Spent]:
        """The time of completed files by their kind."""
        return {
            kind: Spent(predicted=predicted, seconds=seconds)
            for kind, (predicted, seconds) in self._spent.items()
        }

    async def process(self) -> None:
        """Work through the range; `rest` then says what was not begun.

        The first attempt claims the whole range in one statement. A later one claims file by
        file, because one of them may be what killed the worker, and its neighbours must not be
        taken down with it again.
        """
        step = self._input.last if activity.info().attempt == 1 else 1
        first, last = self._input.first, self._input.last
        try:
            while first <= last and not self.is_stopped and self.rest is None:
                await self._claim(first, min(last, first + step - 1))
                await self._work_through()
                first += step
        except asyncio.CancelledError:
            await self._give_back()
            raise
        except Exception:
            await self._recorder.wait()
            raise
        await self._give_back()

    async def _claim(self, first: int, last: int) -> None:
        claimed, self.is_stopped = await self._claims.claim(self._input.job_id, first, last)
        self._held = {item.ordinal: item for item in claimed}
        for item in claimed:
            if item.lost_claims >= MAX_LOST_CLAIMS and not self._input.is_alone:
                self.alone.append(alone_slice(item.ordinal, item.display_name))
                await self._claims.release(self._input.job_id, [self._held.pop(item.ordinal)])
            elif item.lost_claims > MAX_LOST_CLAIMS:
                message = f"{item.lost_claims} workers died while they processed this file"
                await self._finish(failed(item, DocumentError(FailureKind.CRASHED, message)))

    async def _work_through(self) -> None:
        """Process what is held, until the time is up or the job takes no more work."""
        processing = self._processor.process(
            self._job, list(self._held.values()), self._input.file_seconds, self._time
        )
        since = time.monotonic() if self._time.began else None
        async with aclosing(processing) as done:
            async for processed in done:
                stop_if_cancelled()
                now = time.monotonic()
                self._note_time(processed.outcome, now - (since or self._time.began or now))
                since = now
                await self._finish(processed)
        if self._held:
            self.rest = OrdinalRange(first=min(self._held), last=self._input.last)

    def _note_time(self, outcome: Outcome, seconds: float) -> None:
        if outcome.status is ItemStatus.COMPLETED:
            name = outcome.item.display_name
            spent = self._spent[kind_of(name)]
            spent[0] += predicted_seconds(name, outcome.item.size_bytes)
            spent[1] += seconds

    def _stops(self) -> bool:
        """Whether the job takes no more work, by what the ledger has said so far."""
        self.is_stopped = self.is_stopped or self._recorder.recorded.is_stopped
        return self.is_stopped

    async def _finish(self, processed: Processed) -> None:
        self._held.pop(processed.outcome.item.ordinal)
        if _has_had_its_attempts(processed.outcome):
            processed = replace(processed, outcome=exhausted(processed.outcome, MAX_ATTEMPTS))
        await self._recorder.add(processed)

    async def _give_back(self) -> None:
        """Record what is done, and release what was claimed and is not."""
        recorded = await self._recorder.finish()
        self.is_stopped = self.is_stopped or recorded.is_stopped
        if self._held:
            await self._claims.release(self._input.job_id, list(self._held.values()))


def _has_had_its_attempts(outcome: Outcome) -> bool:
    """Whether a transient failure was the item's last."""
    return outcome.status is ItemStatus.PENDING and outcome.item.attempts + 1 >= MAX_ATTEMPTS


def _again(outcome: Outcome) -> ApplicationError:
    """Return the error that makes Temporal try a file on its own once more."""
    return ApplicationError(
        str(outcome.error_message),
        type=str(outcome.failure_kind),
        next_retry_delay=outcome.retry_after,
    )
