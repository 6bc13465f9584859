"""Lists of jobs, newest first, and the acts that all jobs of single files have."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Path, Query

from sheaf.api.dependencies.auth import Caller
from sheaf.api.dependencies.paging import by_creation, decode_cursor, page_of
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.tasks import STATUS_FILTERS
from sheaf.api.state import ApiState
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.classify_v2 import TaskStatus
from sheaf.contracts.http.parse_tasks import Deleted
from sheaf.jobs.single_jobs import OfABatchError, Task
from sheaf.ledger.jobs.listing import JobFilter, JobListing
from sheaf.ledger.records import JobRow
from sheaf.rules.times import microseconds

TaskId = Annotated[str, Path(max_length=64, examples=["0192f0c1-a2b3-7c4d-8e9f-001122334455"])]
JobIds = Annotated[list[str] | None, Query(max_length=1000)]


class JobPage(NamedTuple):
    """Jobs of one page of a list, and the token of the next page where there is one."""

    rows: Sequence[JobRow]
    next_page_token: str | None


async def job_page(
    state: ApiState, asked: JobFilter, page_size: int, page_token: str | None
) -> JobPage:
    """Return the jobs behind a token, which names the last job of the page before."""
    position = decode_cursor(page_token, int, str)
    rows = await JobListing(state.database).behind(
        asked, position and (position[0], position[1]), page_size + 1
    )
    return JobPage(*page_of(rows, page_size, by_creation))


def ledger_time(moment: datetime | None) -> int | None:
    """Return a moment that a filter names as the ledger has times."""
    return microseconds(moment) if moment else None


def single_job_filter(
    caller: Caller,
    api: JobApi,
    status: TaskStatus | None,
    job_ids: list[str] | None,
    created: tuple[datetime | None, datetime | None],
) -> JobFilter:
    """Return what is asked for of the jobs of single files, of one kind."""
    statuses, has_failures = STATUS_FILTERS[status] if status else (None, None)
    since, until = map(ledger_time, created)
    return JobFilter(
        caller.project_id,
        (api,),
        statuses=statuses,
        has_failures=has_failures,
        public_ids=job_ids,
        created_from=since,
        created_to=until,
    )


async def cancelled(job_id: str, caller: Caller, state: ApiState) -> Task:
    """Cancel the job of a single file; one that has ended stays as it is.

    Raises:
        InvalidError: it is of a batch.
    """
    try:
        return await state.single_jobs.cancel(caller.project_id, job_id)
    except OfABatchError as error:
        raise InvalidError(("path", "job_id"), str(error)) from error


async def deleted(job_id: str, caller: Caller, state: ApiState) -> Deleted:
    """Delete the job of a single file and its result; the file stays.

    Raises:
        InvalidError: it is of a batch.
    """
    try:
        await state.single_jobs.delete(caller.project_id, job_id)
    except OfABatchError as error:
        raise InvalidError(("path", "job_id"), str(error)) from error
    return Deleted(id=job_id, project_id=caller.project_id)
