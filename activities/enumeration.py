"""Giving a job's items their ordinals, from a folder, from uploads or from a list of ids."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.cancellation import stop_if_cancelled
from activities.heartbeats import heartbeating
from activities.outages import comes_again
from activities.pages import RPC_TIMEOUT
from activities.signatures import EnumerationActivities
from sheaf.contracts.temporal.runs import EnumerationInput, EnumerationProgress
from sheaf.ledger.items.enumerations import EnumerationLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.records import JobSpec, SupersededError
from sheaf.processing.job_work import Work
from sheaf.sources.listing import SourceListing, vanished_of
from sheaf.sources.roots import SourceRefusedError

log = structlog.get_logger(__name__)

CHUNK_FILES = 1000
"""Files committed in one transaction: 20 ms on SQLite, so that claims are not kept waiting."""

SIGNAL_SECONDS = 1.0
"""Least time between two signals to the parent; each is an event of its history."""


class LedgerEnumerationActivities(EnumerationActivities):
    """Enumeration over a ledger.

    Args:
        client: to signal the parent, which may have continued as new meanwhile.
    """

    def __init__(
        self,
        jobs: JobLedger,
        enumerations: EnumerationLedger,
        listing: SourceListing,
        client: Client,
    ) -> None:
        self._jobs = jobs
        self._listing = listing
        self._enumerations = enumerations
        self._client = client

    @activity.defn
    async def enumerate_items(self, input: EnumerationInput) -> EnumerationProgress:
        with comes_again(input.job_id):
            return await self._enumerated(input)

    async def _enumerated(self, input: EnumerationInput) -> EnumerationProgress:
        spec = await self._jobs.spec(input.job_id)
        async with heartbeating():
            try:
                return await self._enumerate(input, spec)
            except SupersededError as error:
                # A cancelled job, or a second enumeration that the watchdog started.
                log.info("enumeration stopped", job_id=input.job_id, cause=str(error))
                return EnumerationProgress(high_water_mark=0, is_superseded=True)
            except SourceRefusedError as error:
                return EnumerationProgress(
                    high_water_mark=0, error=f"the source cannot be listed: {error}"
                )

    async def list_first(self, spec: JobSpec, most: int) -> EnumerationProgress:
        """List a source to its end, or until more than so many files are known; tell nobody.

        Where it does not come to the end, an enumeration goes on behind what is committed.
        """
        try:
            # The fence ends whoever listed before: its next chunk is refused, not added twice.
            fence, cursor, high_water_mark, skipped, _ = await self._enumerations.take_over(
                spec.job_id
            )
            async with aclosing(self._commits(spec, fence, cursor)) as moves:
                async for moved_to, new in moves:
                    high_water_mark, skipped = moved_to, skipped + new
                    stop_if_cancelled()
                    if high_water_mark > most:
                        return EnumerationProgress(high_water_mark=high_water_mark, skipped=skipped)
            await self._finish(spec, fence)
        except SupersededError:
            return EnumerationProgress(high_water_mark=0)
        except SourceRefusedError as error:
            return EnumerationProgress(
                high_water_mark=0, error=f"the source cannot be listed: {error}"
            )
        return EnumerationProgress(high_water_mark=high_water_mark, skipped=skipped, is_final=True)

    async def _enumerate(self, input: EnumerationInput, spec: JobSpec) -> EnumerationProgress:
        fence, cursor, high_water_mark, skipped, is_complete = await self._enumerations.take_over(
            input.job_id
        )
        if not is_complete:
            high_water_mark, skipped = await self._add(
                input, spec, fence, cursor, high_water_mark, skipped
            )
            # An attempt that dies here lists nothing again: the next finds the cursor at the end.
            await self._finish(spec, fence)
        return EnumerationProgress(high_water_mark=high_water_mark, skipped=skipped, is_final=True)

    async def _finish(self, spec: JobSpec, fence: int) -> None:
        if spec.source_uri is not None:
            # Only after the whole listing: a file that a broken one had not reached is not gone.
            await self._mark_vanished(spec, fence, spec.source_uri)
        await self._enumerations.finish(spec.job_id, fence)

    async def _add(
        self,
        input: EnumerationInput,
        spec: JobSpec,
        fence: int,
        cursor: str | None,
        high_water_mark: int,
        skipped: int,
    ) -> tuple[int, int]:
        told_at = 0.0
        async for moved_to, new in self._commits(spec, fence, cursor):
            high_water_mark, skipped = moved_to, skipped + new
            stop_if_cancelled()
            if time.monotonic() - told_at >= SIGNAL_SECONDS:
                await self._tell(
                    input, EnumerationProgress(high_water_mark=high_water_mark, skipped=skipped)
                )
                told_at = time.monotonic()
        return high_water_mark, skipped

    def _commits(
        self, spec: JobSpec, fence: int, cursor: str | None
    ) -> AsyncGenerator[tuple[int, int], None]:
        """Return what commits chunk by chunk, and yields the mark and how many were skipped."""
        if spec.source_uri is not None:
            commit = self._commit_files
        elif spec.request.get("item_ids") is not None:
            commit = self._commit_ids
        else:
            commit = self._commit_uploaded
        return commit(spec, fence, cursor, spec.page_files)

    async def _mark_vanished(self, spec: JobSpec, fence: int, source_uri: str) -> None:
        """Mark the files that the whole listing did not show and that are gone."""
        last = ""
        while unseen := await self._enumerations.unseen(spec.job_id, last, CHUNK_FILES):
            last = unseen[-1][1]
            gone = set(await vanished_of(source_uri, [key for _, key in unseen]))
            if ids := [file_id for file_id, key in unseen if key in gone]:
                await self._enumerations.mark_deleted(spec.job_id, fence, ids)
            stop_if_cancelled()

    async def _commit_files(
        self, spec: JobSpec, fence: int, cursor: str | None, page_files: int
    ) -> AsyncGenerator[tuple[int, int], None]:
        assert spec.source_uri is not None
        reuses = Work.of(spec).reuses
        sizes = _chunk_sizes(page_files)
        chunks = self._listing.chunks(spec.project_id, spec.source_uri, cursor, sizes)
        async for chunk in chunks:
            yield await self._enumerations.add_files(
                spec.job_id, fence, chunk, page_files=page_files, reuses=reuses
            )

    async def _commit_uploaded(
        self, spec: JobSpec, fence: int, cursor: str | None, page_files: int
    ) -> AsyncGenerator[tuple[int, int], None]:
        del cursor  # Read again with each chunk, in its transaction.
        reuses = Work.of(spec).reuses
        for size in _chunk_sizes(page_files):
            moved = await self._enumerations.add_uploaded(
                spec.job_id, fence, size, page_files=page_files, reuses=reuses
            )
            if moved is None:
                return
            yield moved

    async def _commit_ids(
        self, spec: JobSpec, fence: int, cursor: str | None, page_files: int
    ) -> AsyncGenerator[tuple[int, int], None]:
        reuses = Work.of(spec).reuses
        file_ids: list[str] = spec.request["item_ids"]
        position = int(cursor or 0)
        for size in _chunk_sizes(page_files):
            chunk = file_ids[position : position + size]
            if not chunk:
                return
            position += len(chunk)
            yield await self._enumerations.add_ids(
                spec.job_id, fence, chunk, str(position), reuses=reuses
            )

    async def _tell(self, input: EnumerationInput, enumerated: EnumerationProgress) -> None:
        parent = self._client.get_workflow_handle(input.parent_id)
        try:
            await parent.signal("enumerated", enumerated, rpc_timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise SupersededError("the batch has ended") from error
            raise


def _chunk_sizes(page_files: int) -> Iterator[int]:
    """Yield sizes of chunks: one page first, so that work begins at once, then whole pages."""
    yield page_files
    while True:
        yield page_files * max(1, CHUNK_FILES // page_files)
