"""Outcomes of a slice on their way into the store and the ledger, in groups."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from activities.pages import isolated_slice
from sheaf.contracts.failures import OutageError
from sheaf.contracts.states import ItemStatus
from sheaf.contracts.temporal.runs import MAX_SAMPLED_FAILURES, Counts, FailureSample, Slice
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.records import ClaimedItem, Outcome
from sheaf.processing.job_work import Work
from sheaf.processing.output_copies import Outputs
from sheaf.processing.result_store import Processed, ResultStore
from sheaf.rules.outside_faults import Blame, blame, reason

log = structlog.get_logger(__name__)

GROUP_ITEMS = 500
GROUP_SECONDS = 1.0
GROUP_BYTES = 32 * 1024 * 1024
"""Outcomes are stored and recorded together up to so many, so long or so large. One transaction
and one sync for 25 items cost about what they cost for one (11,700 items/s against 450); at five
groups a second they were a twentieth of all the work on small PDFs."""


@dataclass
class Recorded:
    """What was recorded of a slice so far."""

    counts: dict[str, int] = field(default_factory=dict)
    failures: list[FailureSample] = field(default_factory=list)
    retried: list[Outcome] = field(default_factory=list)
    """Outcomes of attempts that failed transiently."""
    is_stopped: bool = False
    """Whether the job takes no more work."""

    def add(self, accepted: Sequence[Outcome]) -> None:
        """Note outcomes that the ledger has taken."""
        for outcome in accepted:
            self.counts[outcome.status] = self.counts.get(outcome.status, 0) + 1
            if outcome.status is ItemStatus.PENDING:
                self.retried.append(outcome)
            if outcome.status is ItemStatus.FAILED and len(self.failures) < MAX_SAMPLED_FAILURES:
                self.failures.append(_sample(outcome))

    @property
    def counted(self) -> Counts:
        """The counts as they cross the Temporal service."""
        return Counts(
            completed=self.counts.get(ItemStatus.COMPLETED, 0),
            failed=self.counts.get(ItemStatus.FAILED, 0),
            skipped=self.counts.get(ItemStatus.SKIPPED, 0),
        )

    @property
    def isolated(self) -> list[Slice]:
        """The items that go again, each by itself."""
        return [isolated_slice(o.item.ordinal, o.item.display_name) for o in self.retried]


class Recorder:
    """Records outcomes in groups, one group at a time, beside the work that makes the next."""

    def __init__(
        self, work: Work, store: ResultStore, outputs: Outputs, claims: ClaimLedger
    ) -> None:
        self._work = work
        self._store = store
        self._outputs = outputs
        self._claims = claims
        self._waiting: list[Processed] = []
        self._group: list[Processed] = []
        """Being written, or left behind by a write that failed."""
        self._bytes = 0
        self._began = 0.0
        self._writing: asyncio.Task[None] | None = None
        self.recorded = Recorded()

    async def add(self, processed: Processed) -> None:
        """Take an outcome, and begin to record its group when that is due.

        Raises:
            OutageError: an earlier group could not be stored or recorded.
        """
        if not self._waiting:
            self._began = time.monotonic()
        self._waiting.append(processed)
        self._bytes += len(processed.line) + sum(map(len, processed.images.values()))
        late = time.monotonic() - self._began >= GROUP_SECONDS
        if late or len(self._waiting) >= GROUP_ITEMS or self._bytes >= GROUP_BYTES:
            await self._begin()

    async def finish(self) -> Recorded:
        """Record all that is waiting, and return what was recorded.

        Raises:
            OutageError: some of it could not be stored or recorded.
        """
        await self._begin()
        await self._written()
        return self.recorded

    async def abandon(self) -> list[ClaimedItem]:
        """Wait for the group that is being recorded, whatever becomes of it.

        Returns:
            The items of all that was not recorded, whose outcomes are lost.
        """
        if self._writing is not None:
            await asyncio.wait({self._writing})
        return [one.outcome.item for one in (*self._group, *self._waiting)]

    async def _begin(self) -> None:
        # One group at a time: a crash leaves one pack without its rows at most, which the next
        # claim of the same items writes again under its own name.
        await self._written()
        if self._waiting:
            self._group, self._waiting, self._bytes = self._waiting, [], 0
            self._writing = asyncio.create_task(self._write(self._group))

    async def _written(self) -> None:
        if self._writing is not None:
            await self._writing
            self._writing = None

    async def _write(self, group: list[Processed]) -> None:
        """Store the group's results, then record its outcomes: a row never precedes its bytes."""
        work, spec = self._work, self._work.spec
        with _outage("the store of results"):
            outcomes = await self._store.write(spec.job_id, group)
        if work.output is not None:
            with _outage("the place for copies of results"):
                await self._outputs.write(
                    spec.project_id, work.output, work.output_region, _copies(group)
                )
        with _outage("the ledger"):
            settled = await self._claims.record(spec.job_id, outcomes)
        self._group = []
        self.recorded.is_stopped = settled.is_stopped
        self.recorded.add([o for o in outcomes if o.item.ordinal in settled.accepted])
        # All of them belong to newer claims, so no row will ever name this pack.
        if not settled.accepted:
            with _outage("the store of results"):
                await self._store.forget(spec.job_id, outcomes)
        if refused := len(outcomes) - len(settled.accepted):
            log.warning("writes refused", job_id=spec.job_id, items=refused)


@contextmanager
def _outage(what: str) -> Iterator[None]:
    """Turn whatever keeps outcomes from being kept, but for faults of code, into an OutageError.

    A folder that may not be written or a bucket that is gone is no fault of the files either.
    """
    try:
        yield
    except Exception as error:
        if blame(error) is Blame.PROGRAM:
            raise
        raise OutageError(what, reason(error)) from error


def _copies(group: Sequence[Processed]) -> list[tuple[str, str, bytes]]:
    """Return the copies of a group: its files' ids, the suffixes of the keys, the bytes."""
    copies = []
    for one in group:
        file_id = one.outcome.item.file_id
        if one.line:
            canonical = json.loads(one.line)
            markdown = canonical.pop("markdown")
            copies.append((file_id, "md", markdown.encode()))
            copies.append((file_id, "json", json.dumps(canonical, ensure_ascii=False).encode()))
        copies += [(file_id, f"images/{name}", image) for name, image in one.images.items()]
    return copies


def _sample(outcome: Outcome) -> FailureSample:
    return FailureSample(
        name=outcome.item.display_name[:120],
        kind=str(outcome.failure_kind),
        message=(outcome.error_message or "")[:160],
    )
