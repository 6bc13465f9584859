"""Several small jobs in one transaction are each as they would be in one of their own."""

import asyncio
from collections.abc import Sequence

import pytest

from sheaf.contracts.states import ItemStatus, JobStatus
from sheaf.ledger.database import Database
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.items.joined_claims import JoinedClaims
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.small_jobs import SmallJobLedger
from sheaf.ledger.records import ClaimedItem, JobRow, NotFoundError
from sheaf.ledger.tables import attempts
from sheaf.ledger.webhook_tables import outbox
from tests.integration.test_ledger import (
    completed,
    enumerate_files,
    failed,
    files,
    make_job,
)

Claimed = list[tuple[list[ClaimedItem], bool]]


async def make_jobs(database: Database, *sizes: int, webhooks: bool = False) -> list[str]:
    """Make jobs with so many files each."""
    made = []
    for number, size in enumerate(sizes):
        job_id = await make_job(database, source=f"file:///{number}", webhooks=webhooks)
        await enumerate_files(database, job_id, files(*range(1, size + 1)))
        made.append(job_id)
    return made


async def begin(database: Database, job_ids: Sequence[str]) -> list[JobRow]:
    ledger = SmallJobLedger(database)
    return list(await asyncio.gather(*map(ledger.begin, job_ids)))


async def claim(claims: JoinedClaims, job_ids: Sequence[str], last: int = 3) -> Claimed:
    return list(await asyncio.gather(*(claims.claim(job_id, 1, last) for job_id in job_ids)))


async def end(database: Database, job_ids: Sequence[str]) -> list[str | None]:
    ledger = SmallJobLedger(database)
    ends = await asyncio.gather(*map(ledger.end, job_ids))
    return [one and str(one.status) for one in ends]


async def test_jobs_are_begun_claimed_settled_and_ended_together(database: Database) -> None:
    made = await make_jobs(database, 1, 3, 2)
    rows = await begin(database, made)
    assert [(row.id, row.status) for row in rows] == [(one, JobStatus.RUNNING) for one in made]
    assert rows == [await JobLedger(database).get(one) for one in made]
    claims = JoinedClaims(database, "w")
    claimed = await claim(claims, made)
    assert [(len(items), is_stopped) for items, is_stopped in claimed] == [
        (1, False), (3, False), (2, False),
    ]  # fmt: skip
    assert {item.fence for items, _ in claimed for item in items} == {1}
    outcomes = [[completed(item) for item in items] for items, _ in claimed]
    outcomes[1][0] = failed(claimed[1][0][0])
    settled = await asyncio.gather(*map(claims.record, made, outcomes))
    assert [sorted(one.accepted) for one in settled] == [[1], [1, 2, 3], [1, 2]]
    assert await end(database, made) == ["completed"] * 3
    ended = [await JobLedger(database).get(one) for one in made]
    assert [(job.completed, job.failed) for job in ended] == [(1, 0), (2, 1), (2, 0)]
    assert await end(database, made) == ["completed"] * 3


async def test_an_older_claim_of_one_job_is_refused_and_the_others_are_taken(
    database: Database,
) -> None:
    made = await make_jobs(database, 1, 1, 1)
    claims = JoinedClaims(database, "w")
    claimed = await claim(claims, made)
    await ClaimLedger(database, "other").claim(made[1], 1, 1)
    outcomes = [[completed(items[0])] for items, _ in claimed]
    settled = await asyncio.gather(*map(claims.record, made, outcomes))
    assert [len(one.accepted) for one in settled] == [1, 0, 1]
    async with database.read() as connection:
        (row,) = (await connection.execute(attempts.select())).all()
    assert (row.job_id, row.outcome) == (made[1], "refused")
    assert await end(database, made) == ["completed", None, "completed"]


async def test_a_cancelled_job_is_not_claimed_and_ends_cancelled_beside_others(
    database: Database,
) -> None:
    made = await make_jobs(database, 1, 2, 1)
    await JobLedger(database).request_cancel(made[1], "by hand")
    assert await SmallJobLedger(database).cancelled(made) == [made[1]]
    claims = JoinedClaims(database, "w")
    claimed = await claim(claims, made)
    assert [(len(items), is_stopped) for items, is_stopped in claimed] == [
        (1, False), (0, True), (1, False),
    ]  # fmt: skip
    for job_id in (made[0], made[2]):
        outcome = completed(claimed[made.index(job_id)][0][0])
        await claims.record(job_id, [outcome])
    assert await end(database, made) == ["completed", "cancelled", "completed"]
    rows = await ItemListing(database).after(made[1])
    assert [row.status for row in rows] == [ItemStatus.CANCELLED] * 2


async def test_a_claim_whose_worker_died_counts_as_lost_also_among_others(
    database: Database,
) -> None:
    made = await make_jobs(database, 1, 1)
    await ClaimLedger(database, "dead").claim(made[1], 1, 1)
    claimed = await claim(JoinedClaims(database, "w"), made)
    assert [items[0].lost_claims for items, _ in claimed] == [0, 1]
    assert [items[0].fence for items, _ in claimed] == [1, 2]


async def test_receivers_are_told_of_each_job_and_item(database: Database) -> None:
    made = await make_jobs(database, 1, 2, webhooks=True)
    await begin(database, made)
    claims = JoinedClaims(database, "w")
    claimed = await claim(claims, made)
    await asyncio.gather(
        *(
            claims.record(job_id, [completed(item) for item in items])
            for job_id, (items, _) in zip(made, claimed, strict=True)
        )
    )
    await end(database, made)
    async with database.read() as connection:
        told = (await connection.execute(outbox.select().order_by(outbox.c.id))).all()
    for job_id, count in zip(made, (1, 2), strict=True):
        own = [row.event_type for row in told if row.job_id == job_id]
        by_itself = await _told_alone(database, count)
        assert own == by_itself


async def _told_alone(database: Database, count: int) -> list[str]:
    """Return what is told of a job with so many files that has its transactions for itself."""
    job_id = await make_job(database, source=f"file:///alone/{count}", webhooks=True)
    await enumerate_files(database, job_id, files(*range(1, count + 1)))
    jobs, claims = JobLedger(database), ClaimLedger(database, "w")
    await jobs.begin(job_id)
    items, _ = await claims.claim(job_id, 1, count)
    await claims.record(job_id, [completed(item) for item in items])
    await jobs.finalize(job_id, cancels=False, gives_up=False, error=None)
    async with database.read() as connection:
        query = outbox.select().where(outbox.c.job_id == job_id).order_by(outbox.c.id)
        return [row.event_type for row in await connection.execute(query)]


async def test_a_job_that_is_not_there_fails_alone(database: Database) -> None:
    (made,) = await make_jobs(database, 1)
    ledger = SmallJobLedger(database)
    begun, missing = await asyncio.gather(
        ledger.begin(made), ledger.begin("bjb-" + "0" * 32), return_exceptions=True
    )
    assert isinstance(missing, NotFoundError)
    assert isinstance(begun, JobRow)
    with pytest.raises(NotFoundError):
        await ledger.begin("bjb-" + "0" * 32)
