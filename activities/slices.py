"""The work itself: claim, process, store, record."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.cancellation import stop_if_cancelled
from activities.heartbeats import heartbeating
from activities.pages import MAX_LOST_CLAIMS, alone_slice
from activities.signatures import SliceActivities
from models.batch import ItemStatus
from models.failures import DocumentError, FailureKind
from models.runs import (
    MAX_SAMPLED_FAILURES,
    Counts,
    FailureSample,
    OrdinalRange,
    Slice,
    SliceInput,
    SliceResult,
)
from services.documents import DocumentProcessor, Processed, all_blobs, copies_of, failed
from services.ledger.claims import ClaimLedger
from services.ledger.jobs import JobLedger
from services.ledger.records import ClaimedItem, Outcome
from services.outputs import Outputs
from services.storage.blobs import Blobs
from services.work import Work

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
"""Attempts of an item that fails transiently; then it is `Exhausted`."""

GROUP_ITEMS = 100
GROUP_SECONDS = 0.2
"""Outcomes are stored and recorded together up to so many or so long. One transaction and one
round of syncs for 25 items cost about what they cost for one (11,700 items/s against 450)."""

MAX_CACHED_JOBS = 64


@dataclass
class _Group:
    """Outcomes that wait to be stored and recorded, and what was recorded so far."""

    claimed: deque[ClaimedItem] = field(default_factory=deque)
    """Items that this attempt holds and has not finished."""
    waiting: list[Processed] = field(default_factory=list)
    began: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    failures: list[FailureSample] = field(default_factory=list)
    alone: list[Slice] = field(default_factory=list)
    retried: list[Outcome] = field(default_factory=list)
    is_stopped: bool = False

    def add(self, processed: Processed) -> None:
        if not self.waiting:
            self.began = time.monotonic()
        self.waiting.append(processed)

    @property
    def is_due(self) -> bool:
        late = time.monotonic() - self.began >= GROUP_SECONDS
        return len(self.waiting) >= GROUP_ITEMS or (bool(self.waiting) and late)

    def recorded(self, accepted: Sequence[Outcome]) -> None:
        for outcome in accepted:
            self.counts[outcome.status] = self.counts.get(outcome.status, 0) + 1
            if outcome.status is ItemStatus.PENDING:
                self.retried.append(outcome)
                self.alone.append(alone_slice(outcome.item.ordinal, outcome.item.display_name))
            if outcome.status is ItemStatus.FAILED and len(self.failures) < MAX_SAMPLED_FAILURES:
                self.failures.append(_sample(outcome))


class LedgerSliceActivities(SliceActivities):
    """Slices over a ledger, a blob store and a document processor."""

    def __init__(
        self,
        jobs: JobLedger,
        claims: ClaimLedger,
        blobs: Blobs,
        outputs: Outputs,
        processor: DocumentProcessor,
    ) -> None:
        self._jobs = jobs
        self._claims = claims
        self._blobs = blobs
        self._outputs = outputs
        self._processor = processor
        self._works: dict[str, Work] = {}

    @activity.defn
    async def process_slice(self, input: SliceInput) -> SliceResult:
        began = time.monotonic()
        work = await self._work(input.job_id)
        group = _Group()
        async with heartbeating():
            try:
                rest = await self._process(work, input, group, began)
            except asyncio.CancelledError:
                await self._give_back(work, group)
                raise
        if input.is_alone and group.retried:
            raise _again(group.retried[0])
        return SliceResult(
            counts=Counts(
                completed=group.counts.get(ItemStatus.COMPLETED, 0),
                failed=group.counts.get(ItemStatus.FAILED, 0),
                skipped=group.counts.get(ItemStatus.SKIPPED, 0),
            ),
            seconds=time.monotonic() - began,
            rest=rest,
            alone=tuple(group.alone),
            failures=tuple(group.failures),
            is_stopped=group.is_stopped,
        )

    async def _process(
        self, work: Work, input: SliceInput, group: _Group, began: float
    ) -> OrdinalRange | None:
        """Work through the range; return what was not begun.

        The first attempt claims the whole range in one statement. A later one claims file by
        file, because one of them may be what killed the worker, and its neighbours must not be
        taken down with it again.
        """
        step = input.last if activity.info().attempt == 1 else 1
        first = input.first
        while first <= input.last and not group.is_stopped:
            last = min(input.last, first + step - 1)
            claimed, group.is_stopped = await self._claims.claim(input.job_id, first, last)
            group.claimed = deque(claimed)
            while group.claimed:
                stop_if_cancelled()
                item = group.claimed[0]
                if group.is_stopped or (item.ordinal > input.first and _is_over(input, began)):
                    await self._give_back(work, group)
                    return OrdinalRange(first=item.ordinal, last=input.last)
                await self._one(work, input, group, item)
                group.claimed.popleft()
                if group.is_due:
                    await self._flush(work, group)
            first = last + 1
        await self._flush(work, group)
        return None

    async def _give_back(self, work: Work, group: _Group) -> None:
        """Record what is done and release what was claimed and is not."""
        await self._flush(work, group)
        await self._claims.release(work.spec.job_id, list(group.claimed))

    async def _one(self, work: Work, input: SliceInput, group: _Group, item: ClaimedItem) -> None:
        if item.lost_claims >= MAX_LOST_CLAIMS and not input.is_alone:
            await self._claims.release(input.job_id, [item])
            group.alone.append(alone_slice(item.ordinal, item.display_name))
            return
        if item.lost_claims > MAX_LOST_CLAIMS:
            message = f"{item.lost_claims} workers died while they processed this file"
            group.add(Processed(failed(item, DocumentError(FailureKind.CRASHED, message))))
            return
        processed = await self._processor.process(work, item, input.file_seconds)
        group.add(replace(processed, outcome=_bounded(processed.outcome)))

    async def _flush(self, work: Work, group: _Group) -> None:
        """Store the group's blobs, then record its outcomes: a row never precedes its blob."""
        if not group.waiting:
            return
        outcomes = [processed.outcome for processed in group.waiting]
        await self._blobs.put_many(all_blobs(group.waiting))
        spec = work.spec
        if work.output is not None:
            copies = copies_of(group.waiting)
            await self._outputs.write(spec.project_id, work.output, work.output_region, copies)
        settled = await self._claims.settle(
            spec.job_id,
            spec.job_type,
            outcomes,
            (spec.parameters_hash, spec.engine_fingerprint),
        )
        group.waiting = []
        group.is_stopped = settled.is_stopped
        group.recorded([o for o in outcomes if o.item.ordinal in settled.accepted])
        if refused := len(outcomes) - len(settled.accepted):
            log.warning("writes refused", job_id=spec.job_id, items=refused)

    async def _work(self, job_id: str) -> Work:
        if job_id not in self._works:
            while len(self._works) >= MAX_CACHED_JOBS:
                del self._works[next(iter(self._works))]
            self._works[job_id] = Work.of(await self._jobs.spec(job_id))
        return self._works[job_id]


def _is_over(input: SliceInput, began: float) -> bool:
    """Whether the slice should hand back the rest: its time is up, or the worker is leaving."""
    return time.monotonic() - began > input.slice_seconds or activity.is_worker_shutdown()


def _bounded(outcome: Outcome) -> Outcome:
    """Turn a transient failure into `Exhausted` once the item has had all its attempts."""
    if outcome.status is not ItemStatus.PENDING or outcome.item.attempts + 1 < MAX_ATTEMPTS:
        return outcome
    message = f"after {MAX_ATTEMPTS} attempts: {outcome.failure_kind}: {outcome.error_message}"
    return replace(
        outcome,
        status=ItemStatus.FAILED,
        failure_kind=FailureKind.EXHAUSTED,
        error_message=message,
    )


def _again(outcome: Outcome) -> ApplicationError:
    """Return the error that makes Temporal try a file on its own once more."""
    return ApplicationError(
        str(outcome.error_message),
        type=str(outcome.failure_kind),
        next_retry_delay=outcome.retry_after,
    )


def _sample(outcome: Outcome) -> FailureSample:
    return FailureSample(
        name=outcome.item.display_name[:120],
        kind=str(outcome.failure_kind),
        message=(outcome.error_message or "")[:160],
    )
