"""Places of jobs in the ledger: given in order, never twice, and taken back by an end."""

import asyncio
import itertools

import pytest

from sheaf.contracts.ids import new_file_id, new_job_id, new_task_id
from sheaf.contracts.states import JobStatus
from sheaf.ledger.database import Database, chunks, now_us
from sheaf.ledger.jobs.admissions import WORKER_LEASE, AdmissionLedger
from sheaf.ledger.jobs.jobs import JobLedger
from sheaf.ledger.jobs.receivers import NewReceiver, NewReceivers
from sheaf.ledger.jobs.small_jobs import SmallJobLedger
from sheaf.ledger.leases import Leases
from sheaf.ledger.webhook_tables import outbox
from sheaf.rules.scheduling.admission import FEWEST_CARRIED, Capacity
from sheaf.testing.new_jobs import new_job

SMALL = Capacity(small=8, large=0)


async def make(
    database: Database,
    project: str = "p",
    *,
    is_small: bool = True,
    priority: int = 3,
    webhooks: bool = False,
    only: tuple[str, str] | None = None,
) -> str:
    job_id = new_job_id()
    await JobLedger(database).create(
        new_job(
            id=job_id,
            project_id=project,
            request={"job_config": {}, "item_ids": ["x"]},
            run={"job_id": job_id, "page_files": 10, "threshold": 10, "begins_inline": True},
            has_webhooks=webhooks,
            is_small=is_small,
            priority=priority,
        ),
        only,
        NewReceivers([NewReceiver(b"sealed", None, "json")]) if webhooks else None,
    )
    return job_id


async def make_single(database: Database, project: str = "p") -> str:
    return await make(database, project, only=(new_file_id(), new_task_id()))


async def admit(database: Database, capacity: Capacity = SMALL, worker: str = "w") -> list[str]:
    return [job.id for job in await AdmissionLedger(database).admit(worker, capacity)]


async def end(database: Database, job_id: str) -> None:
    await JobLedger(database).finalize(job_id, cancels=True, gives_up=False, error=None)


async def live(database: Database, *workers: str) -> None:
    for worker in workers:
        assert await Leases(database, worker).take(WORKER_LEASE + worker, 60)


async def test_jobs_are_admitted_oldest_first_as_others_end(database: Database) -> None:
    made = [await make(database) for _ in range(10)]
    assert await admit(database) == made[:4]
    assert await admit(database) == []
    await end(database, made[1])
    assert await admit(database) == [made[4]]
    assert (await JobLedger(database).get(made[4])).status is JobStatus.PENDING


async def test_two_projects_take_turns(database: Database) -> None:
    first = [await make(database, "a") for _ in range(10)]
    second = [await make(database, "b") for _ in range(10)]
    assert await admit(database) == [
        one for pair in zip(first[:3], second[:3], strict=True) for one in pair
    ]
    # Two places are left, for a third project.
    third = await make(database, "c")
    assert await admit(database) == [third]


async def test_what_is_urgent_goes_first(database: Database) -> None:
    low, medium, critical = [await make(database, priority=one) for one in (4, 3, 1)]
    assert await admit(database, Capacity(2, 0)) == [critical]
    await end(database, critical)
    assert await admit(database, Capacity(2, 0)) == [medium]
    assert await AdmissionLedger(database).place(await JobLedger(database).get(low)) == 1


async def test_large_jobs_do_not_keep_small_ones_waiting(database: Database) -> None:
    large = [await make(database, is_small=False) for _ in range(4)]
    small = await make(database)
    assert await admit(database, Capacity(2, 4)) == [small, *large[:2]]


async def test_a_job_knows_its_place_until_it_is_admitted(database: Database) -> None:
    made = [await make(database, "a") for _ in range(6)]
    for _ in range(2):
        await make(database, "b")
    await make(database, "b", is_small=False)
    admissions, jobs = AdmissionLedger(database), JobLedger(database)
    places = [await admissions.place(await jobs.get(job_id)) for job_id in made]
    assert places == [2, 4, 5, 6, 7, 8]
    await admit(database)
    assert await admissions.place(await jobs.get(made[0])) is None


async def test_the_places_of_many_jobs_are_those_of_each(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sheaf.ledger.jobs.admissions.chunks", lambda ids: chunks(ids, 3))
    made = [
        await make(database, project, priority=priority, is_small=is_small)
        for project, priority, is_small in itertools.product("abc", (4, 3, 3, 1), (True, False))
    ]
    await admit(database, Capacity(1, 0))
    admissions, jobs = AdmissionLedger(database), JobLedger(database)
    rows = [await jobs.get(job_id) for job_id in made]
    each = {row.id: await admissions.place(row) for row in rows}
    assert await admissions.places(rows) == {one: at for one, at in each.items() if at}
    assert len(await admissions.places(rows)) == len(made) - 1
    assert await admissions.places([row for row in rows if not row.is_waiting]) == {}


async def test_workers_that_admit_at_once_give_no_place_twice(database: Database) -> None:
    for _ in range(40):
        await make(database)
    await live(database, "v", "w")
    rounds = await asyncio.gather(
        *(admit(database, SMALL, worker) for worker in ("v", "w") for _ in range(4))
    )
    taken = list(itertools.chain.from_iterable(rounds))
    assert len(taken) == len(set(taken)) == 8


async def test_each_worker_takes_what_it_has_room_for(database: Database) -> None:
    for _ in range(40):
        await make(database)
    await live(database, "v", "w", "u")
    assert len(await admit(database, SMALL, "v")) == 8
    assert len(await admit(database, SMALL, "w")) == 4


async def test_the_jobs_of_a_worker_that_died_keep_their_places(database: Database) -> None:
    for _ in range(40):
        await make(database)
    assert len(await admit(database, SMALL, "died")) == 4
    assert await admit(database, SMALL, "next") == []


@pytest.mark.parametrize("webhooks", [False, True])
async def test_a_job_cancelled_while_it_waits_ends_at_once(
    database: Database, webhooks: bool
) -> None:
    job_id = await make(database, webhooks=webhooks)
    row = await JobLedger(database).request_cancel(job_id, "not this one")
    assert (row.status, row.reason) == (JobStatus.CANCELLED, "not this one")
    assert await admit(database) == []
    async with database.read() as connection:
        told = await connection.scalars(outbox.select().with_only_columns(outbox.c.event_type))
        assert list(told) == (["batch.pending", "batch.cancelled"] if webhooks else [])


async def test_an_admitted_job_is_left_to_its_workflow_when_it_is_cancelled(
    database: Database,
) -> None:
    job_id = await make(database)
    await admit(database)
    row = await JobLedger(database).request_cancel(job_id, None)
    assert row.status is JobStatus.PENDING
    assert row.cancel_requested_at is not None


async def test_the_sweeper_is_shown_no_job_that_waits(database: Database) -> None:
    waiting, admitted = await make(database, is_small=False), await make(database)
    await admit(database)
    shown = await JobLedger(database).open_jobs(now_us() + 1, None, 10)
    assert shown == [admitted]
    assert waiting != admitted


async def test_single_files_admitted_at_once_share_a_workflow_and_others_do_not(
    database: Database,
) -> None:
    single = [await make_single(database) for _ in range(FEWEST_CARRIED)]
    of_several_files = await make(database)
    few = [await make_single(database, "q") for _ in range(FEWEST_CARRIED - 1)]
    admitted = await AdmissionLedger(database).admit("w", Capacity(small=40, large=0))
    carriers = {job.id: job.carried_by for job in admitted}
    (carrier,) = {carriers[job_id] for job_id in single}
    assert carrier is not None
    assert carrier.startswith("small-jobs/")
    assert [carriers[job_id] for job_id in (of_several_files, *few)] == [None] * FEWEST_CARRIED
    for job in admitted:
        assert job == await JobLedger(database).get(job.id)


async def test_a_job_that_is_handed_on_is_carried_no_more(database: Database) -> None:
    single = [await make_single(database) for _ in range(FEWEST_CARRIED)]
    admitted = await AdmissionLedger(database).admit("w", Capacity(small=40, large=0))
    carrier = str(admitted[0].carried_by)
    ledger = SmallJobLedger(database)
    assert (await ledger.leave(single[1])).carried_by is None
    carried = await ledger.carried(single, carrier)
    assert sorted(carried) == sorted({*single} - {single[1]})
    assert await ledger.carried(single, "small-jobs/another") == []
