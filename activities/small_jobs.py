"""A whole job in one go: begun, listed, worked through and settled by one Activity.

It is made of the same parts as a job with pages, in the same order, and each of them leaves the
ledger as it would there. So it may break off anywhere, by its own choice, by an error or with its
worker: whoever goes on, in one go again or by pages, finds what is done and does what is left.
"""

import structlog
from temporalio import activity

from activities.enumeration import LedgerEnumerationActivities
from activities.outages import comes_again
from activities.signatures import SmallJobActivities
from activities.slices import LedgerSliceActivities
from models.runs import Enumerated, SliceInput, SliceResult
from models.small_jobs import SmallJobInput, SmallJobResult
from rules.inline import INLINE_SECONDS, MOST_INLINE_FILES, is_inline
from rules.prediction import predicted_seconds
from services.ledger.items import ItemLedger
from services.ledger.jobs import JobLedger

log = structlog.get_logger(__name__)


class LedgerSmallJobActivities(SmallJobActivities):
    """Jobs in one go, over the Activities of their parts."""

    def __init__(
        self,
        jobs: JobLedger,
        items: ItemLedger,
        enumeration: LedgerEnumerationActivities,
        slices: LedgerSliceActivities,
    ) -> None:
        self._jobs = jobs
        self._items = items
        self._enumeration = enumeration
        self._slices = slices

    @activity.defn
    async def run_small_job(self, input: SmallJobInput) -> SmallJobResult:
        with comes_again(input.job_id):
            row = await self._jobs.begin(input.job_id)
            is_refused = row.cancel_requested_at is not None
            if is_refused or row.status.is_terminal:
                return await self._settled(input.job_id, Enumerated(mark=0), cancels=is_refused)
            listed = Enumerated(mark=row.total, is_final=True)
            if not row.is_enumerated:
                listed = await self._enumeration.list_first(input.job_id, MOST_INLINE_FILES)
            if not await self._is_inline(input.job_id, listed):
                return SmallJobResult(enumerated=listed)
            await self._slices.know(row)
            done = await self._work_through(input, listed.mark)
            if done.rest or done.alone or done.is_stopped:
                return SmallJobResult(enumerated=listed, counts=done.counts, failures=done.failures)
            return await self._settled(input.job_id, listed, done)

    async def _is_inline(self, job_id: str, listed: Enumerated) -> bool:
        if not listed.is_final or listed.error or listed.mark > MOST_INLINE_FILES:
            return False
        rows = await self._items.unsettled(job_id, 1, listed.mark) if listed.mark > 1 else []
        return is_inline([predicted_seconds(name, size) for _, name, size, _ in rows])

    async def _work_through(self, input: SmallJobInput, mark: int) -> SliceResult:
        if mark == 0:
            return SliceResult()
        return await self._slices.run_slice(
            SliceInput(
                job_id=input.job_id,
                first=1,
                last=mark,
                file_seconds=input.file_seconds,
                slice_seconds=INLINE_SECONDS,
            )
        )

    async def _settled(
        self,
        job_id: str,
        listed: Enumerated,
        done: SliceResult | None = None,
        *,
        cancels: bool = False,
    ) -> SmallJobResult:
        """Settle the job; without an end where something is unsettled, which pages will find."""
        result = await self._jobs.settle(job_id, cancels=cancels, gives_up=False, error=None)
        if result:
            log.info("job ended", job_id=job_id, **result.model_dump())
        done = done or SliceResult()
        return SmallJobResult(
            result=result, enumerated=listed, counts=done.counts, failures=done.failures
        )
