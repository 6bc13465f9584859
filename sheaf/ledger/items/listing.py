"""The items of a job as people and callers ask for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from sheaf.contracts.failures import FailureKind
from sheaf.contracts.states import ItemStatus, JobType, SkipReason
from sheaf.ledger.database import Database
from sheaf.ledger.records import NotFoundError, ResultPlace
from sheaf.ledger.tables import attempts, directory_files, has_status, items, jobs, results


@dataclass(frozen=True)
class ItemRow:
    """An item as people ask for it."""

    ordinal: int
    file_id: str
    task_id: str
    unique_id: str
    display_name: str
    upload_id: str | None
    """The uploaded file that holds the bytes; None where a folder does."""
    status: ItemStatus
    attempts: int
    failure_kind: FailureKind | None
    error_message: str | None
    skip_reason: SkipReason | None
    result_id: str | None
    result_job_id: str | None
    """Job that made the result: an earlier one when the item was skipped."""
    pack: str | None
    pack_offset: int | None
    pack_bytes: int | None
    """Where in the store the result is; see `sheaf.processing.result_store`."""
    output_metadata: dict[str, Any] | None
    started_at: int | None
    completed_at: int | None

    @property
    def place(self) -> ResultPlace | None:
        """Where its result is kept, if it has one."""
        if self.result_id is None or self.result_job_id is None:
            return None
        return ResultPlace(
            self.result_job_id,
            self.result_id,
            self.pack,
            self.pack_offset or 0,
            self.pack_bytes or 0,
        )


class ItemListing:
    """Reads the items of jobs; it never writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(
        self,
        job_id: str,
        *,
        ordinal: int = 0,
        limit: int = 1000,
        statuses: Sequence[ItemStatus] = (),
    ) -> list[ItemRow]:
        """Return items by ascending ordinal, those after the given one."""
        query = _select_items().where(items.c.job_id == job_id, items.c.ordinal > ordinal)
        if len(statuses) == 1:
            query = query.where(_in_index(job_id, statuses[0], after=ordinal, limit=limit))
        elif statuses:
            query = query.where(items.c.status.in_(statuses))
        async with self._database.read() as connection:
            rows = await connection.execute(query.order_by(items.c.ordinal).limit(limit))
            return [_item(row) for row in rows]

    async def one(self, job_id: str, key: str) -> ItemRow:
        """Return one item by its file id, its task id, its path or its name in the directory."""
        query = _select_items().where(
            items.c.job_id == job_id,
            sa.or_(
                items.c.file_id == key,
                items.c.task_id == key,
                directory_files.c.unique_id == key,
                directory_files.c.display_name == key,
            ),
        )
        async with self._database.read() as connection:
            row = (await connection.execute(query.order_by(items.c.ordinal))).first()
        if row is None:
            raise NotFoundError(f"job {job_id} has no item {key}; `sheaf show {job_id}` lists them")
        return _item(row)

    async def failure_kinds(self, job_id: str) -> dict[str, int]:
        """Count the failed items of a job by kind, most frequent first."""
        count = sa.func.count()
        query = (
            sa.select(items.c.failure_kind, count)
            .where(items.c.job_id == job_id, has_status(ItemStatus.FAILED))
            .group_by(items.c.failure_kind)
            .order_by(count.desc())
        )
        async with self._database.read() as connection:
            return {str(row[0]): int(row[1]) for row in await connection.execute(query)}

    async def retried(self, job_id: str) -> tuple[int, str]:
        """Count a job's items that failed transiently and go again; and say why the last did."""
        is_left = sa.or_(*(has_status(one) for one in _UNSETTLED))
        query = (
            sa.select(sa.func.count(attempts.c.ordinal.distinct()), sa.func.max(attempts.c.id))
            .join(
                items,
                sa.and_(items.c.job_id == attempts.c.job_id, items.c.ordinal == attempts.c.ordinal),
            )
            .where(attempts.c.job_id == job_id, attempts.c.outcome != "refused", is_left)
        )
        async with self._database.read() as connection:
            count, last = (await connection.execute(query)).one()
            why = sa.select(attempts.c.outcome, attempts.c.message).where(attempts.c.id == last)
            row = (await connection.execute(why)).first() if count else None
        return count, f"{row.outcome}: {row.message}" if row else ""

    async def page(
        self, job_id: str, status: ItemStatus | None, *, offset: int, limit: int
    ) -> tuple[list[ItemRow], int]:
        """Return items by ascending ordinal, and how many there are of that status.

        Ordinals have no gaps, so without a status the offset is one and costs nothing; with one,
        an index is read up to it. How many there are, the job's counts say.
        """
        query = _select_items().where(items.c.job_id == job_id).order_by(items.c.ordinal)
        if status is None:
            total = sa.select(jobs.c.total).where(jobs.c.id == job_id)
            query = query.where(items.c.ordinal > offset)
        else:
            total = _count_of(job_id, status)
            query = query.where(_in_index(job_id, status, offset=offset, limit=limit))
        async with self._database.read() as connection:
            rows = await connection.execute(query.limit(limit))
            return [_item(row) for row in rows], int(await connection.scalar(total) or 0)

    async def of_task(self, project_id: str | None, task_id: str) -> tuple[str, ItemRow]:
        """Return the batch job and the item that a parse or classify job of one file is.

        None finds it in any project, for who has a signed link to it.

        Raises:
            NotFoundError: the project has no such job.
        """
        query = (
            _select_items()
            .add_columns(jobs.c.id.label("batch_job_id"))
            .join(jobs, jobs.c.id == items.c.job_id)
            .where(items.c.task_id == task_id, jobs.c.deleted_at.is_(None))
        )
        if project_id is not None:
            query = query.where(jobs.c.project_id == project_id)
        async with self._database.read() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFoundError(f"no job {task_id}")
        values = dict(row._mapping)
        job_id = values.pop("batch_job_id")
        return job_id, ItemRow(**values)

    async def first_of(self, job_ids: Sequence[str]) -> dict[str, ItemRow]:
        """Return the first item of each of a few jobs, by the job's id."""
        query = _select_items().add_columns(items.c.job_id.label("batch_job_id"))
        query = query.where(items.c.job_id.in_(job_ids), items.c.ordinal == 1)
        async with self._database.read() as connection:
            rows = [dict(row._mapping) for row in await connection.execute(query)]
        return {row.pop("batch_job_id"): ItemRow(**row) for row in rows}

    async def file_name(self, project_id: str, file_id: str) -> str:
        """Return the name of a directory file, also of a deleted one.

        Raises:
            NotFoundError: the project has no such file.
        """
        query = sa.select(directory_files.c.display_name).where(
            directory_files.c.id == file_id, directory_files.c.project_id == project_id
        )
        async with self._database.read() as connection:
            name = await connection.scalar(query)
        if name is None:
            raise NotFoundError(f"item_id: no directory file {file_id[:64]}")
        return str(name)

    async def results_of_file(
        self, project_id: str, file_id: str, job_type: JobType | None, limit: int = 1000
    ) -> Sequence[sa.Row[Any]]:
        """Return the results that a directory file ever had, newest first.

        They were made of it, or of another file of the project and reused for it. Each has the
        columns of `results` and those of its job that say what made it.
        """
        made = sa.select(results.c.id).where(results.c.file_id == file_id)
        reused = (
            sa.select(items.c.result_id)
            .join(jobs, jobs.c.id == items.c.job_id)
            .where(
                items.c.file_id == file_id,
                items.c.skip_reason.is_not(None),
                items.c.result_id.is_not(None),
                jobs.c.project_id == project_id,
            )
        )
        query = (
            sa.select(results, *_OF_THE_JOB)
            .join(jobs, jobs.c.id == results.c.job_id)
            .where(results.c.id.in_(made.union(reused)), jobs.c.project_id == project_id)
            .order_by(results.c.processed_at.desc(), results.c.id)
            .limit(limit)
        )
        if job_type:
            query = query.where(jobs.c.job_type == job_type)
        async with self._database.read() as connection:
            return (await connection.execute(query)).all()


def _in_index(
    job_id: str, status: ItemStatus, *, limit: int, after: int = 0, offset: int = 0
) -> sa.ColumnElement[bool]:
    """Return that an item is of a run of those with a status, by ordinal.

    The run is read off an index alone: asked for whole rows, SQLite would look at every item of
    the job, whose rows already are in this order.
    """
    found = (
        sa.select(items.c.ordinal)
        .where(items.c.job_id == job_id, has_status(status), items.c.ordinal > after)
        .order_by(items.c.ordinal)
        .offset(offset)
        .limit(limit)
    )
    return items.c.ordinal.in_(found.correlate(None))


def _count_of(job_id: str, status: ItemStatus) -> sa.Select[Any]:
    if status in _UNSETTLED:
        count = sa.select(sa.func.count()).select_from(items)
        return count.where(items.c.job_id == job_id, has_status(status))
    return sa.select(jobs.c[status.value]).where(jobs.c.id == job_id)


_UNSETTLED = (ItemStatus.PENDING, ItemStatus.PROCESSING)
_OF_THE_JOB = (jobs.c.request, jobs.c.project_id, jobs.c.job_type, jobs.c.parameters_hash)


def _select_items() -> sa.Select[Any]:
    return (
        sa.select(
            *(
                items.c[name]
                for name in (
                    *("ordinal", "file_id", "task_id", "status", "attempts", "failure_kind"),
                    *("error_message", "skip_reason", "result_id", "started_at", "completed_at"),
                )
            ),
            directory_files.c.unique_id,
            directory_files.c.display_name,
            directory_files.c.upload_id,
            results.c.job_id.label("result_job_id"),
            *(results.c[name] for name in ("pack", "pack_offset", "pack_bytes")),
            results.c.output_metadata,
        )
        .join(directory_files, directory_files.c.id == items.c.file_id)
        .outerjoin(results, results.c.id == items.c.result_id)
    )


def _item(row: sa.Row[Any]) -> ItemRow:
    return ItemRow(**row._mapping)
