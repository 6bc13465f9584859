"""Claims: who may work on an item, and whose outcome counts.

A claim raises the item's fence; an outcome is recorded only while the item is `processing` under
that fence. Whatever a slow or stopped worker writes later is refused and noted.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.states import ItemStatus, Phase
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.items.outcomes import record_outcomes
from sheaf.ledger.records import ClaimedItem, Outcome, RecordedOutcomes
from sheaf.ledger.tables import UNSETTLED, attempts, directories, directory_files, items, jobs
from sheaf.ledger.webhooks.outbox import JOB_COLUMNS, post_item_events


class ClaimLedger:
    """Claims on the items of jobs, from the taking to the outcome.

    Args:
        worker: name of this process, noted with attempts that did not end their item.
    """

    def __init__(self, database: Database, worker: str) -> None:
        self._database = database
        self._worker = worker
        self._unlost: defaultdict[str, dict[int, int]] = defaultdict(dict)
        """By job, ordinals and fences of claims that may be in the ledger and are no lost ones:
        the answer to their commit was not heard, or their release failed."""

    async def claim(self, job_id: str, first: int, last: int) -> tuple[list[ClaimedItem], bool]:
        """Claim the unsettled items of a range; return them, and whether the job is stopped.

        Items of a job that is to be cancelled are not claimed. An item that another attempt
        holds is taken from it: its fence rises, and that attempt's write will be refused.
        """
        claimed: list[ClaimedItem] = []
        with self._remembered(job_id, claimed):
            async with self._database.write() as connection:
                job = await _open_job(connection, job_id)
                if job is None:
                    self._unlost.pop(job_id, None)
                    return [], True
                span = {"b_job": job_id, "b_first": first, "b_last": last}
                rows = (await connection.execute(_CLAIMABLE, span)).all()
                if rows:
                    now = now_us()
                    new = [row.ordinal for row in rows if row.started_at is None]
                    # An item that is claimed once more was told as running by its first claim.
                    await post_item_events(connection, job, Phase.RUNNING, new, now)
                    await connection.execute(_CLAIM, span | {"b_now": now})
                    unlost = self._unlost_of(job_id, rows)
                    # Each claim counts itself as lost until an outcome is recorded, so that nobody
                    # need notice a worker that dies. Those that are known to have ended otherwise
                    # are taken back.
                    await uncount(connection, job_id, unlost)
                    claimed += [
                        claimed_item(row, is_lost=row.ordinal not in unlost) for row in rows
                    ]
        return claimed, False

    async def release(self, job_id: str, claimed: Sequence[ClaimedItem]) -> None:
        """Give back items that were claimed and not finished.

        Those that others have claimed meanwhile are left, and noted as refused.
        """
        with self._remembered(job_id, claimed):
            async with self._database.write() as connection:
                held, refused = await _releasable(connection, job_id, claimed)
                await self._note_attempts(connection, job_id, (), refused, now_us())
                await _RELEASE.execute(connection, [_release_row(job_id, item) for item in held])

    async def record(self, job_id: str, outcomes: Sequence[Outcome]) -> RecordedOutcomes:
        """Record outcomes, their results and events, and move the job's counts by what changed.

        One transaction. Each outcome has its own fence check; the refused ones are left out of
        the answer and noted as attempts.
        """
        async with self._database.write() as connection:
            # The job before its items, as every writer takes them: see `many_rows.TABLES`. It also
            # keeps a job's end from coming between the check of the fences and what is written
            # under them.
            job = await _lock_job(connection, job_id)
            fences = await _fences(connection, job_id, [o.item.ordinal for o in outcomes])
            accepted, refused = parted(outcomes, fences)
            now = now_us()
            await self._note_attempts(connection, job_id, accepted, refused, now)
            await record_outcomes(connection, [(job, accepted)], now)
            return recorded_outcomes(job, accepted)

    @contextmanager
    def _remembered(self, job_id: str, claimed: Sequence[ClaimedItem]) -> Iterator[None]:
        """Remember claims that a failed transaction may have left behind, until one succeeds."""
        try:
            yield
        # Also a cancel: whether the commit came through is not known then. Counted as lost, such
        # claims would have a file blamed for workers that never died.
        except BaseException:
            self._unlost[job_id] |= {item.ordinal: item.fence for item in claimed}
            raise
        known = self._unlost.get(job_id, {})
        for item in claimed:
            known.pop(item.ordinal, None)
        if not known:
            self._unlost.pop(job_id, None)

    def _unlost_of(self, job_id: str, rows: Sequence[Any]) -> set[int]:
        """Return the ordinals whose claim is one that this process knows not to be lost."""
        known = self._unlost.get(job_id, {})
        return {
            row.ordinal
            for row in rows
            if row.status is ItemStatus.PROCESSING and known.get(row.ordinal) == row.fence
        }

    async def _note_attempts(
        self,
        connection: AsyncConnection,
        job_id: str,
        accepted: Sequence[Outcome],
        refused: Sequence[ClaimedItem],
        now: int,
    ) -> None:
        rows = [
            _attempt(job_id, o.item, o.failure_kind or "Unavailable", o.error_message)
            for o in accepted
            if o.status is ItemStatus.PENDING
        ] + [_attempt(job_id, item, "refused", "a newer claim owns the item") for item in refused]
        if rows:
            note = {"worker": self._worker, "ended_at": now}
            await connection.execute(attempts.insert(), [row | note for row in rows])


def claimed_item(row: Any, *, is_lost: bool) -> ClaimedItem:
    """Return a row of `CLAIMABLE` as it is once it is claimed."""
    return ClaimedItem(
        ordinal=row.ordinal,
        fence=row.fence + 1,
        attempts=row.attempts,
        lost_claims=row.lost_claims if is_lost else row.lost_claims - 1,
        task_id=row.task_id,
        file_id=row.file_id,
        unique_id=row.unique_id,
        display_name=row.display_name,
        size_bytes=row.size_bytes,
        mtime_ns=row.mtime_ns,
        source_uri=row.source_uri,
        upload_id=row.upload_id,
        etag=row.etag,
    )


def _release_row(job_id: str, item: ClaimedItem) -> dict[str, Any]:
    return {"b_job": job_id, "b_ordinal": item.ordinal, "b_lost": item.lost_claims}


def _attempt(job_id: str, item: ClaimedItem, outcome: str, message: str | None) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "ordinal": item.ordinal,
        "fence": item.fence,
        "outcome": str(outcome),
        "message": message,
    }


_OF_SPAN = (
    items.c.job_id == sa.bindparam("b_job"),
    items.c.ordinal.between(sa.bindparam("b_first"), sa.bindparam("b_last")),
)
CLAIMABLE = (
    sa.select(
        items.c.ordinal,
        items.c.fence,
        items.c.status,
        items.c.attempts,
        items.c.lost_claims,
        items.c.task_id,
        items.c.file_id,
        items.c.started_at,
        directory_files.c.unique_id,
        directory_files.c.display_name,
        directory_files.c.size_bytes,
        directory_files.c.mtime_ns,
        directory_files.c.upload_id,
        directory_files.c.etag,
        directories.c.source_uri,
    )
    .join(directory_files, directory_files.c.id == items.c.file_id)
    .join(directories, directories.c.id == directory_files.c.directory_id)
)
"""What `claimed_item` takes."""
_CLAIMABLE = (
    CLAIMABLE.where(*_OF_SPAN, UNSETTLED).order_by(items.c.ordinal).with_for_update(of=items)
)


def claimed_values(now: int | sa.BindParameter[int]) -> dict[str, Any]:
    """Return what a claim makes of its items, which stay lost until an outcome is recorded."""
    return {
        "status": ItemStatus.PROCESSING,
        "fence": items.c.fence + 1,
        "lost_claims": items.c.lost_claims + 1,
        "started_at": sa.func.coalesce(items.c.started_at, now),
    }


_CLAIM = items.update().where(*_OF_SPAN, UNSETTLED).values(claimed_values(sa.bindparam("b_now")))
_HELD = (
    sa.select(items.c.ordinal, items.c.fence)
    .where(*_OF_SPAN, items.c.status == ItemStatus.PROCESSING)
    .order_by(items.c.ordinal)
    .with_for_update()
)
_OF_ITEM = (
    items.c.job_id == sa.bindparam("b_job"),
    items.c.ordinal == sa.bindparam("b_ordinal"),
)
_RELEASE = Bulk(
    items.update()
    .where(*_OF_ITEM)
    .values(status=ItemStatus.PENDING, lost_claims=sa.bindparam("b_lost"))
)
_UNCOUNT = Bulk(items.update().where(*_OF_ITEM).values(lost_claims=items.c.lost_claims - 1))
_FENCES = (
    sa.select(items.c.ordinal, items.c.fence, items.c.status)
    .where(*_OF_SPAN)
    .order_by(items.c.ordinal)
    .with_for_update()
)
_JOB = sa.select(*JOB_COLUMNS).where(jobs.c.id == sa.bindparam("b_job"))
_LOCKED_JOB = _JOB.with_for_update()
_OPEN_JOB = _JOB.where(jobs.c.cancel_requested_at.is_(None), jobs.c.completed_at.is_(None))
"""Built once: building a statement takes as long as running it."""


async def _open_job(connection: AsyncConnection, job_id: str) -> sa.Row[Any] | None:
    """Return a job that takes work, or None."""
    return (await connection.execute(_OPEN_JOB, {"b_job": job_id})).first()


async def _lock_job(connection: AsyncConnection, job_id: str) -> sa.Row[Any]:
    return (await connection.execute(_LOCKED_JOB, {"b_job": job_id})).one()


async def uncount(connection: AsyncConnection, job_id: str, ordinals: Collection[int]) -> None:
    """Take back that the claims before those just taken were lost ones."""
    await _UNCOUNT.execute(
        connection, [{"b_job": job_id, "b_ordinal": ordinal} for ordinal in ordinals]
    )


async def _releasable(
    connection: AsyncConnection, job_id: str, claimed: Sequence[ClaimedItem]
) -> tuple[list[ClaimedItem], list[ClaimedItem]]:
    """Part the claimed items into those to give back, and those that others have claimed.

    Those that are settled already, by a commit whose answer was lost, are neither.
    """
    if not claimed:
        return [], []
    ordinals = [item.ordinal for item in claimed]
    span = {"b_job": job_id, "b_first": min(ordinals), "b_last": max(ordinals)}
    rows = {row.ordinal: row for row in await connection.execute(_FENCES, span)}
    own = [one for one in claimed if rows[one.ordinal].fence == one.fence]
    held = [one for one in own if rows[one.ordinal].status is ItemStatus.PROCESSING]
    return held, [one for one in claimed if one not in own]


async def _fences(
    connection: AsyncConnection, job_id: str, ordinals: Sequence[int]
) -> dict[int, int]:
    """Return the fences of those items that are in process."""
    if not ordinals:
        return {}
    span = {"b_job": job_id, "b_first": min(ordinals), "b_last": max(ordinals)}
    return {row.ordinal: row.fence for row in await connection.execute(_HELD, span)}


def parted(
    outcomes: Sequence[Outcome], fences: Mapping[int, int]
) -> tuple[list[Outcome], list[ClaimedItem]]:
    """Part outcomes into those of items still held under their fence, and the other items."""
    accepted = [o for o in outcomes if fences.get(o.item.ordinal) == o.item.fence]
    refused = [o.item for o in outcomes if fences.get(o.item.ordinal) != o.item.fence]
    return accepted, refused


def recorded_outcomes(job: sa.Row[Any], accepted: Sequence[Outcome]) -> RecordedOutcomes:
    """Return what the outcomes of a job that were accepted have changed."""
    ordinals = frozenset(outcome.item.ordinal for outcome in accepted)
    return RecordedOutcomes(ordinals, job.cancel_requested_at is not None)
