"""`/api/v1/beta/batch-processing`: jobs over the files of a directory."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.paging import Offset, Page
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.batch_jobs import (
    batch_item,
    batch_job,
    batch_job_status,
    processing_result,
)
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.batch import (
    BatchJob,
    BatchJobCancel,
    BatchJobCancelled,
    BatchJobCreate,
    BatchJobStatus,
)
from sheaf.contracts.http.batch_items import BatchItem, ProcessingResults
from sheaf.contracts.states import ItemStatus, JobStatus, JobType
from sheaf.jobs.service import Origin
from sheaf.ledger.items.listing import ItemListing
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.ledger.jobs.listing import JobFilter, JobListing
from sheaf.webhooks.receivers import BadReceiverError

router = APIRouter(prefix="/api/v1/beta/batch-processing", tags=["batch processing"])

JobId = Annotated[str, Path(max_length=64, examples=["bjb-0192f0c1a2b37c4d8e9f001122334455"])]
TemporalNamespace = Annotated[
    str | None,
    Header(
        max_length=255,
        description="Accepted and not followed: the server's configuration names the namespace.",
    ),
]
_APIS = (JobApi.BATCH,)


@router.post("", status_code=201)
async def create_batch_job(
    body: BatchJobCreate,
    once: Once,
    caller: CurrentCaller,
    state: State,
    temporal_namespace: TemporalNamespace = None,
) -> BatchJob:
    """Accept a job over a directory or a list of its files, and return it at once.

    Files are listed afterwards, so `total_items` begins at 0.
    """
    del temporal_namespace

    async def make(reserved_id: str) -> BatchJob:
        origin = Origin(job_id=f"bjb-{reserved_id}")
        try:
            return batch_job(await state.jobs.create(caller.project_id, body, origin=origin))
        except BadReceiverError as error:
            raise InvalidError(("body", "job_config", error.field), str(error)) from error
        except ValueError as error:
            raise InvalidError(("body", "job_config"), str(error)) from error

    return await once(body, make, BatchJob)


@router.get("")
async def list_batch_jobs(
    caller: CurrentCaller,
    state: State,
    directory_id: Annotated[str | None, Query(max_length=64)] = None,
    job_type: JobType | None = None,
    status: JobStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Offset = 0,
) -> Page[BatchJob]:
    """List jobs, newest first."""
    asked = JobFilter(
        caller.project_id,
        _APIS,
        directory_id=directory_id,
        job_type=job_type,
        statuses=None if status is None else (status,),
    )
    rows, total = await JobListing(state.database).by_offset(asked, offset=offset, limit=limit)
    return Page(items=[batch_job(row) for row in rows], total_size=total)


@router.get("/{job_id}")
async def get_batch_job(job_id: JobId, caller: CurrentCaller, state: State) -> BatchJobStatus:
    """Return a job and how far it is."""
    row = await JobListing(state.database).get(caller.project_id, _APIS, job_id)
    return batch_job_status(row, await AdmissionLedger(state.database).place(row))


@router.post("/{job_id}/cancel")
async def cancel_batch_job(
    job_id: JobId,
    caller: CurrentCaller,
    state: State,
    body: BatchJobCancel | None = None,
    temporal_namespace: TemporalNamespace = None,
) -> BatchJobCancelled:
    """Cancel a job: nothing new is started, and what is done stays done.

    A job that has ended is left as it is, and its status says how it ended.
    """
    del temporal_namespace
    row = await JobListing(state.database).get(caller.project_id, _APIS, job_id)
    was_over = row.status.is_terminal
    row = await state.jobs.cancel(row.id, body.reason if body else None)
    if was_over:
        message = f"The job had already ended: {row.status}."
    else:
        message = "The job is cancelled; files in process may still complete."
    return BatchJobCancelled(
        job_id=row.id,
        status=row.status if was_over else JobStatus.CANCELLED,
        processed_items=row.completed,
        message=message,
    )


@router.get("/{job_id}/items")
async def list_batch_items(
    job_id: JobId,
    caller: CurrentCaller,
    state: State,
    status: ItemStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
) -> Page[BatchItem]:
    """List the files of a job, in the order in which they are taken."""
    job = await JobListing(state.database).get(caller.project_id, _APIS, job_id)
    listing = ItemListing(state.database)
    rows, total = await listing.page(job.id, status, offset=offset, limit=limit)
    return Page(items=[batch_item(job, row) for row in rows], total_size=total)


@router.get("/items/{item_id}/processing-results")
async def list_processing_results(
    item_id: Annotated[str, Path(max_length=64)],
    caller: CurrentCaller,
    state: State,
    job_type: JobType | None = None,
) -> ProcessingResults:
    """List every result that a file has: made of it by whichever job, or reused; newest first."""
    listing = ItemListing(state.database)
    name = await listing.file_name(caller.project_id, item_id)
    rows = await listing.results_of_file(caller.project_id, item_id, job_type)
    return ProcessingResults(
        item_id=item_id,
        item_name=name,
        processing_results=[processing_result(row, state.blobs, item_id) for row in rows],
    )
