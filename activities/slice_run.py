"""One attempt at a slice: its items are claimed, processed and recorded, or given back."""

import asyncio
from collections import defaultdict
from dataclasses import replace

import structlog
from temporalio import activity

from activities.cancellation import cancellation, stop_if_cancelled
from activities.outages import give_back
from activities.pages import MAX_LOST_CLAIMS, isolated_slice
from activities.recording import Recorder
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.contracts.states import ItemStatus
from sheaf.contracts.temporal.runs import OrdinalRange, ProcessSliceInput, Slice, Spent
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.records import ClaimedItem, Outcome
from sheaf.processing.job_work import Work
from sheaf.processing.outcomes import exhausted, failed_outcome
from sheaf.processing.processor import DocumentProcessor
from sheaf.processing.result_store import Processed
from sheaf.processing.slice_budget import SliceBudget
from sheaf.rules.outside_faults import Blame, blame, reason
from sheaf.rules.scheduling.prediction import kind_of, predicted_seconds
from sheaf.runtime.bounded_queue import BoundedQueue
from sheaf.runtime.stages import Stages

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5
"""Attempts of an item that fails transiently; then it is `Exhausted`."""

MOST_PROCESSED = 64
"""Outcomes that wait for the recorder, which gathers them anyway."""


class SliceRun:
    """One attempt at a slice."""

    def __init__(
        self,
        input: ProcessSliceInput,
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
        self._budget = SliceBudget(
            input.slice_seconds, self._takes_no_more, activity.is_worker_shutdown
        )
        self._held: dict[int, ClaimedItem] = {}
        """Items that this attempt has claimed and not finished, by their ordinals."""
        self._spent: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        self.isolated: list[Slice] = []
        self.remaining: OrdinalRange | None = None
        self.is_stopped = False

    @property
    def seconds(self) -> float:
        """Time since the attempt began."""
        return self._budget.seconds

    @property
    def spent(self) -> dict[str, Spent]:
        """The time of completed files by their kind."""
        return {
            kind: Spent(predicted=predicted, seconds=seconds)
            for kind, (predicted, seconds) in self._spent.items()
        }

    async def process(self) -> None:
        """Work through the range; `remaining` then says what was not begun.

        However it ends, what it has claimed and not finished is given back.

        Raises:
            OutageError: something that every file needs does not answer.
        """
        try:
            try:
                async with cancellation() as stop:
                    await self._take_range(stop)
            finally:
                # Also of a cancelled Activity: what is done is done.
                await self._recorder.finish()
        except asyncio.CancelledError:
            await self._give_back()
            raise
        except Exception as error:
            left = [*self._held.values(), *await self._recorder.abandon()]
            if blame(error) is not Blame.PROGRAM:
                await give_back(self._claims, self._input.job_id, left)
                raise
            if not await self._count_attempts(left, error):
                raise
            return
        self.is_stopped = self.is_stopped or self._recorder.recorded.is_stopped
        await self._give_back()

    async def _take_range(self, stop: asyncio.Future[None]) -> None:
        """Claim and process, until the range or the time is at its end.

        The first attempt claims the whole range in one statement. A later one begins file by
        file, because one of them may be what killed the worker, and its neighbours must not be
        taken down with it again. Where the attempt before gave its claims back, it killed nobody:
        once one file is recorded, so that nothing is away any more, the rest follows together.
        """
        first, last = self._input.first, self._input.last
        is_together = activity.info().attempt == 1
        while first <= last and not self.is_stopped and self.remaining is None:
            until = last if is_together else first
            claimed = await self._claim(first, until)
            await self._work_through(stop)
            if claimed and not any(item.lost_claims for item in claimed):
                is_together = True
                await self._recorder.finish()
            first = until + 1

    async def _claim(self, first: int, last: int) -> list[ClaimedItem]:
        claimed, self.is_stopped = await self._claims.claim(self._input.job_id, first, last)
        self._held = {item.ordinal: item for item in claimed}
        for item in claimed:
            # Lost claims are counted for all that a worker held when it died. By itself, the file
            # that kills workers is told from those that were only beside it.
            if item.lost_claims >= MAX_LOST_CLAIMS and not self._input.is_isolated:
                self.isolated.append(isolated_slice(item.ordinal, item.display_name))
                await give_back(self._claims, self._input.job_id, [item])
                del self._held[item.ordinal]
            elif item.lost_claims > MAX_LOST_CLAIMS:
                message = f"{item.lost_claims} workers died while they processed this file"
                await self._finish(
                    failed_outcome(item, DocumentError(FailureKind.CRASHED, message))
                )
        return claimed

    async def _work_through(self, stop: asyncio.Future[None]) -> None:
        """Process what is held, until the time is up or the job takes no more work."""
        # Every queue is bounded: where the store is slow, parsers wait, and a crash loses no more
        # than what is between two stages.
        async with Stages() as stages:
            processed = BoundedQueue[Processed](MOST_PROCESSED)
            self._processor.start(
                stages,
                self._job,
                list(self._held.values()),
                self._input.file_seconds,
                processed,
                self._budget,
                stop,
            )
            stages.start(self._record(processed), reads=(processed,))
        stop_if_cancelled()
        if self._held:
            self.remaining = OrdinalRange(first=min(self._held), last=self._input.last)

    async def _record(self, processed: BoundedQueue[Processed]) -> None:
        """Hand what has been processed to the recorder: the last stage of a file's bytes."""
        async for one in processed:
            self._note_time(one.outcome, one.seconds)
            await self._finish(one)

    def _note_time(self, outcome: Outcome, seconds: float) -> None:
        if outcome.status is ItemStatus.COMPLETED:
            name = outcome.item.display_name
            spent = self._spent[kind_of(name)]
            spent[0] += predicted_seconds(name, outcome.item.size_bytes)
            spent[1] += seconds

    def _takes_no_more(self) -> bool:
        """Whether the job takes no more work, by what the ledger has said so far."""
        self.is_stopped = self.is_stopped or self._recorder.recorded.is_stopped
        return self.is_stopped

    async def _finish(self, processed: Processed) -> None:
        self._held.pop(processed.outcome.item.ordinal)
        await self._recorder.add(replace(processed, outcome=_counted(processed.outcome)))

    async def _give_back(self) -> None:
        """Release what was claimed and not begun."""
        await give_back(self._claims, self._input.job_id, list(self._held.values()))

    async def _count_attempts(self, left: list[ClaimedItem], error: Exception) -> bool:
        """Record an error of code as an attempt at each file it left behind; they go again alone.

        Left unrecorded it would come again without end, and nobody would be told of it. Returns
        whether there were any.
        """
        log.error("slice broke off", job_id=self._input.job_id, files=len(left), exc_info=error)
        message = f"an error of the program, which its log has: {reason(error)}"
        outcomes = [
            _counted(failed_outcome(item, DocumentError(FailureKind.UNAVAILABLE, message)).outcome)
            for item in left
        ]
        if outcomes:
            # Under the fences of the claims: what another attempt holds by now is not counted here.
            settled = await self._claims.record(self._input.job_id, outcomes)
            self._recorder.recorded.add(
                [one for one in outcomes if one.item.ordinal in settled.accepted]
            )
        return bool(outcomes)


def _counted(outcome: Outcome) -> Outcome:
    """Return an outcome, or its failure for good where a transient one was the item's last."""
    if outcome.status is ItemStatus.PENDING and outcome.item.attempts + 1 >= MAX_ATTEMPTS:
        return exhausted(outcome, MAX_ATTEMPTS)
    return outcome
