"""Claims of small jobs, of which several are taken and settled by one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from sheaf.contracts.states import ItemStatus, Phase
from sheaf.ledger.database import Database, now_us
from sheaf.ledger.group_commit import GroupCommit
from sheaf.ledger.items.claims import (
    CLAIMABLE,
    ClaimLedger,
    claimed_item,
    claimed_values,
    parted,
    recorded_outcomes,
    uncount,
)
from sheaf.ledger.items.outcomes import record_outcomes
from sheaf.ledger.many_rows import write_many
from sheaf.ledger.records import ClaimedItem, Outcome, RecordedOutcomes
from sheaf.ledger.tables import UNSETTLED, items, jobs
from sheaf.ledger.webhooks.outbox import JOB_COLUMNS, post_item_events


class JoinedClaims(ClaimLedger):
    """As `ClaimLedger`, for jobs of few items that are claimed as a whole."""

    def __init__(self, database: Database, worker: str) -> None:
        super().__init__(database, worker)
        self._claims = GroupCommit(self._claim_all)
        self._settles = GroupCommit(self._record_all)

    async def claim(self, job_id: str, first: int, last: int) -> tuple[list[ClaimedItem], bool]:
        """Claim the unsettled items of a job; `first` and `last` are those of all it has."""
        return await self._claims((job_id, first, last))

    async def record(self, job_id: str, outcomes: Sequence[Outcome]) -> RecordedOutcomes:
        """Record outcomes of a job."""
        return await self._settles((job_id, outcomes))

    async def _claim_all(
        self, asked: Sequence[tuple[str, int, int]]
    ) -> list[tuple[list[ClaimedItem], bool]]:
        if len(asked) == 1:
            return [await super().claim(*asked[0])]
        claimed: dict[str, list[ClaimedItem]] = {job_id: [] for job_id, _, _ in asked}
        with ExitStack() as stack:
            for job_id, own in claimed.items():
                # One transaction takes them all, so where its answer is lost every job has its
                # claims to remember.
                stack.enter_context(self._remembered(job_id, own))
            async with self._database.write() as connection:
                found = await connection.execute(_OPEN_JOBS, {"b_ids": list(claimed)})
                open_jobs = {row.id: row for row in found}
                rows = await connection.execute(_CLAIMABLE_OF_JOBS, {"b_ids": list(open_jobs)})
                by_job = {key: list(own) for key, own in groupby(rows.all(), lambda r: r.job_id)}
                now = now_us()
                for job_id, own_rows in by_job.items():
                    new = [row.ordinal for row in own_rows if row.started_at is None]
                    await post_item_events(connection, open_jobs[job_id], Phase.RUNNING, new, now)
                await write_many(
                    connection,
                    items.update().values(claimed_values(now)),
                    *(items.c.job_id.in_(by_job), UNSETTLED),
                )
                for job_id, own_rows in by_job.items():
                    unlost = self._unlost_of(job_id, own_rows)
                    await uncount(connection, job_id, unlost)
                    claimed[job_id] += [
                        claimed_item(row, is_lost=row.ordinal not in unlost) for row in own_rows
                    ]
        return [(claimed[job_id], job_id not in open_jobs) for job_id, _, _ in asked]

    async def _record_all(
        self, asked: Sequence[tuple[str, Sequence[Outcome]]]
    ) -> list[RecordedOutcomes]:
        if len(asked) == 1:
            return [await super().record(*asked[0])]
        async with self._database.write() as connection:
            job_ids = {"b_ids": [job_id for job_id, _ in asked]}
            # All jobs before any item, each by its id: two groups that share jobs wait for each
            # other in one order.
            of_id = {row.id: row for row in await connection.execute(_LOCKED_JOBS, job_ids)}
            fences: defaultdict[str, dict[int, int]] = defaultdict(dict)
            for row in await connection.execute(_HELD, job_ids):
                fences[row.job_id][row.ordinal] = row.fence
            now = now_us()
            recorded: list[tuple[sa.Row[Any], Sequence[Outcome]]] = []
            for job_id, outcomes in asked:
                accepted, refused = parted(outcomes, fences[job_id])
                await self._note_attempts(connection, job_id, accepted, refused, now)
                recorded.append((of_id[job_id], accepted))
            await record_outcomes(connection, recorded, now)
        return [recorded_outcomes(job, accepted) for job, accepted in recorded]


_IDS: sa.BindParameter[str] = sa.bindparam("b_ids", expanding=True)
_JOBS = sa.select(*JOB_COLUMNS).where(jobs.c.id.in_(_IDS))
_OPEN_JOBS = _JOBS.where(jobs.c.cancel_requested_at.is_(None), jobs.c.completed_at.is_(None))
_LOCKED_JOBS = _JOBS.order_by(jobs.c.id).with_for_update()
_CLAIMABLE_OF_JOBS = (
    CLAIMABLE.add_columns(items.c.job_id)
    .where(items.c.job_id.in_(_IDS), UNSETTLED)
    .order_by(items.c.job_id, items.c.ordinal)
    .with_for_update(of=items)
)
_HELD = (
    sa.select(items.c.job_id, items.c.ordinal, items.c.fence)
    .where(items.c.job_id.in_(_IDS), items.c.status == ItemStatus.PROCESSING)
    .order_by(items.c.job_id, items.c.ordinal)
    .with_for_update()
)
