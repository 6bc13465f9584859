"""Which jobs are open and which wait: places are given in one transaction at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from sheaf.contracts.ids import new_carrier_id
from sheaf.ledger.bulk import Bulk
from sheaf.ledger.database import Database, chunks, now_us
from sheaf.ledger.jobs.jobs import job_row, select_jobs
from sheaf.ledger.leases import count_held
from sheaf.ledger.records import JobRow
from sheaf.ledger.tables import OPEN, WAITING, jobs, leases
from sheaf.rules.scheduling.admission import Capacity, Waiting, admitted, carried, place

WORKER_LEASE = "worker/"
"""Begins the leases of workers that admit jobs; as many as are held share the places."""
TURN_LEASE = "admission"
"""The row that whoever admits holds until its transaction ends."""

_COUNT = sa.select(sa.func.count()).select_from(jobs)


class AdmissionLedger:
    """Gives jobs their places."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_waiting(self) -> bool:
        """Whether any job waits."""
        async with self._database.read() as connection:
            return await connection.scalar(_ANY_WAITING) is not None

    async def admit(self, worker: str, capacity: Capacity) -> list[JobRow]:
        """Give places that are free to jobs that wait, and return those, in their order.

        Whoever dies before it has started their Workflows leaves them to the sweeper.

        Args:
            worker: name of the one that admits, whose own places are counted too.
            capacity: its places; the deployment has as many for each worker that lives.
        """
        async with self._database.write() as connection:
            # Held to the end of the transaction: of two that counted at once, each would give the
            # places that it sees free.
            await connection.execute(_TURN)
            workers = max(1, await count_held(connection, WORKER_LEASE, now_us()))
            chosen: list[str] = []
            for is_small, places in ((True, capacity.small), (False, capacity.large)):
                chosen += await _choose(connection, worker, is_small, places, workers)
            if not chosen:
                return []
            rows = await connection.execute(_JOBS, {"b_ids": chosen})
            found = {row.id: job_row(row) for row in rows}
            ordered = [found[job_id] for job_id in chosen]
            now, carriers = now_us(), _carriers(ordered)
            # Their Workflows are started after the commit. A crash in between leaves jobs that are
            # open and have none, which is what the sweeper looks for.
            await _ADMIT.execute(
                connection,
                [
                    {
                        "b_id": job_id,
                        "b_now": now,
                        "b_worker": worker,
                        "b_carrier": carriers.get(job_id),
                    }
                    for job_id in chosen
                ],
            )
            return [
                replace(job, admitted_at=now, carried_by=carriers.get(job.id)) for job in ordered
            ]

    async def place(self, job: JobRow) -> int | None:
        """Return a job's place in its queue, from 1; None when it does not wait."""
        if not job.is_waiting:
            return None
        async with self._database.read() as connection:
            of_class = sa.and_(WAITING, jobs.c.is_small == job.is_small)
            order = sa.tuple_(jobs.c.priority, jobs.c.created_at, jobs.c.id)
            own = sa.select(sa.func.count(), sa.func.max(sa.case((jobs.c.id == job.id, 1)))).where(
                of_class,
                jobs.c.project_id == job.project_id,
                order <= (job.priority, job.created_at, job.id),
            )
            rank, is_waiting = (await connection.execute(own)).one()
            if not is_waiting:
                return None
            others = (
                sa.select(sa.func.count())
                .where(of_class, jobs.c.project_id != job.project_id)
                .group_by(jobs.c.project_id)
            )
            return place(rank, list(await connection.scalars(others)))

    async def places(self, rows: Sequence[JobRow]) -> dict[str, int]:
        """Return the places of those of some jobs that wait, by their ids, in two queries.

        Reads all jobs that wait; for one job, `place` reads less.
        """
        wanted = {row.id for row in rows if row.is_waiting}
        if not wanted:
            return {}
        counted = sa.select(jobs.c.is_small, jobs.c.project_id, sa.func.count()).where(WAITING)
        queue = (jobs.c.is_small, jobs.c.project_id)
        order = (jobs.c.priority, jobs.c.created_at, jobs.c.id)
        rank = sa.func.row_number().over(partition_by=queue, order_by=order)
        ranked = sa.select(jobs.c.id, *queue, rank.label("rank")).where(WAITING).subquery()
        found: dict[str, int] = {}
        async with self._database.read() as connection:
            counts = (await connection.execute(counted.group_by(*queue))).all()
            for some in chunks(sorted(wanted)):
                query = sa.select(ranked).where(ranked.c.id.in_(some))
                for row in await connection.execute(query):
                    others = [
                        count
                        for is_small, project_id, count in counts
                        if is_small == row.is_small and project_id != row.project_id
                    ]
                    found[row.id] = place(row.rank, others)
        return found

    async def open_and_waiting(self) -> dict[bool, tuple[int, int]]:
        """Count the jobs that are open, and that wait: the small ones (True), and the others."""
        found = {}
        async with self._database.read() as connection:
            for is_small in (True, False):
                counts = [
                    int(
                        await connection.scalar(_COUNT.where(one, jobs.c.is_small == is_small)) or 0
                    )
                    for one in (OPEN, WAITING)
                ]
                found[is_small] = (counts[0], counts[1])
        return found

    async def has_workers(self) -> bool:
        """Whether any worker lives that could admit a job."""
        async with self._database.read() as connection:
            return await count_held(connection, WORKER_LEASE, now_us()) > 0


_ANY_WAITING = sa.select(jobs.c.id).where(WAITING).limit(1)
_TURN = sa.select(leases.c.name).where(leases.c.name == TURN_LEASE).with_for_update()
_OF_CLASS = jobs.c.is_small == sa.bindparam("b_small")
_OPEN_COUNTS = (
    sa.select(jobs.c.project_id, jobs.c.admitted_by, sa.func.count())
    .where(OPEN, _OF_CLASS)
    .group_by(jobs.c.project_id, jobs.c.admitted_by)
)
_NEXT = (
    sa.select(jobs.c.id)
    .where(WAITING, _OF_CLASS, jobs.c.project_id == sa.bindparam("b_project"))
    .order_by(jobs.c.priority, jobs.c.created_at, jobs.c.id)
    .limit(sa.bindparam("b_most"))
    .with_for_update(skip_locked=True)
)
_NEXT_HEAD = (
    sa.select(jobs.c.project_id, jobs.c.priority, jobs.c.created_at)
    .where(WAITING, _OF_CLASS, jobs.c.project_id > sa.bindparam("b_project"))
    .order_by(jobs.c.project_id, jobs.c.priority, jobs.c.created_at)
    .limit(1)
)
"""Built once: building a statement takes as long as running it."""
_JOBS = select_jobs().where(jobs.c.id.in_(sa.bindparam("b_ids", expanding=True)))
_ADMIT = Bulk(
    jobs.update()
    .where(jobs.c.id == sa.bindparam("b_id"))
    .values(
        admitted_at=sa.bindparam("b_now"),
        admitted_by=sa.bindparam("b_worker"),
        carried_by=sa.bindparam("b_carrier"),
    )
)


def _carriers(admitted_jobs: Sequence[JobRow]) -> dict[str, str]:
    """Return the Workflows that jobs of one file share, by the jobs' ids."""
    single = [(job.project_id, job.id) for job in admitted_jobs if _is_single(job)]
    carriers: dict[str, str] = {}
    for group in carried(single):
        carriers |= dict.fromkeys(group, new_carrier_id())
    return carriers


def _is_single(job: JobRow) -> bool:
    """Whether a job is of one file that is known, and is to be done in one go."""
    return job.is_enumerated and job.total == 1 and bool(job.run.get("begins_inline"))


async def _choose(
    connection: AsyncConnection, worker: str, is_small: bool, places: int, workers: int
) -> list[str]:
    """Return the ids of the jobs of a class that take the places which are free."""
    open_jobs: Counter[str] = Counter()
    own = 0
    of_class = {"b_small": is_small}
    for project_id, admitted_by, count in await connection.execute(_OPEN_COUNTS, of_class):
        open_jobs[project_id] += count
        own += count if admitted_by == worker else 0
    # Neither more than this worker's cache holds, nor more than are left of all workers' places:
    # one that has just died keeps its jobs open until others have taken them up.
    most = min(places - own, places * workers - open_jobs.total())
    if most <= 0:
        return []
    waiting = await _waiting(connection, is_small, open_jobs, most)
    return admitted(waiting, open_jobs, places * workers, most)


async def _waiting(
    connection: AsyncConnection, is_small: bool, open_jobs: Counter[str], most: int
) -> list[Waiting]:
    """Return the jobs that may be next: `most` of each of as many projects.

    Those projects with the fewest open jobs: each of them is given one before any is given two.
    """
    heads = await _heads(connection, is_small)
    ordered = sorted(heads, key=lambda name: (open_jobs[name], heads[name], name))
    found = []
    for project_id in ordered[:most]:
        of_project = {"b_small": is_small, "b_project": project_id, "b_most": most}
        job_ids: Sequence[str] = (await connection.scalars(_NEXT, of_project)).all()
        found.append(Waiting(project_id, job_ids, heads[project_id]))
    return found


async def _heads(connection: AsyncConnection, is_small: bool) -> dict[str, tuple[int, int]]:
    """Return priority and time of the first job that waits of each project.

    From project to project by the index: a look must not read all that wait.
    """
    heads: dict[str, tuple[int, int]] = {}
    after = {"b_small": is_small, "b_project": ""}
    while row := (await connection.execute(_NEXT_HEAD, after)).first():
        heads[row.project_id] = (row.priority, row.created_at)
        after["b_project"] = row.project_id
    return heads
