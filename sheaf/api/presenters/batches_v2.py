"""Rows of the ledger as the v2 batches API shows them."""

from collections.abc import AsyncIterator

from sheaf.api.presenters.batch_jobs import failure_message, progress
from sheaf.contracts.http.batch import JobCounts
from sheaf.contracts.http.batches_v2 import (
    Batch,
    BatchConfig,
    BatchFile,
    BatchResult,
    BatchStatus,
    JobReference,
)
from sheaf.contracts.states import JobStatus
from sheaf.ledger.items.listing import ItemListing, ItemRow
from sheaf.ledger.records import JobRow
from sheaf.rules.times import moment

STATUSES = {
    BatchStatus.PENDING: (JobStatus.PENDING,),
    BatchStatus.THROTTLED: (),
    BatchStatus.RUNNING: (JobStatus.RUNNING, JobStatus.DISPATCHED),
    BatchStatus.COMPLETED: (JobStatus.COMPLETED,),
    BatchStatus.FAILED: (JobStatus.FAILED,),
    BatchStatus.CANCELLED: (JobStatus.CANCELLED,),
}
"""The states of a job that each state of a batch stands for."""

_SHOWN = {status: batch for batch, known in STATUSES.items() for status in known}
_CHUNK = 1000


def batch(job: JobRow, place: int | None = None) -> Batch:
    """Return a job as a batch, without its results; with its place where that was looked up."""
    return Batch(
        id=job.public_id or job.id,
        project_id=job.project_id,
        source_directory_id=job.directory_id or "",
        config=BatchConfig.model_validate((job.echo or {})["config"]),
        status=_SHOWN[job.status],
        created_at=moment(job.created_at),
        updated_at=moment(job.updated_at),
        started_at=moment(job.started_at),
        completed_at=moment(job.completed_at),
        counts=JobCounts(
            total=job.total,
            completed=job.completed,
            failed=job.failed,
            skipped=job.skipped,
            cancelled=job.cancelled,
        ),
        progress_percentage=progress(job),
        error_message=job.error_message,
        workflow_id=job.id,
        unsupported_parameters=job.unsupported_parameters,
        queue_position=place,
    )


async def expanded(shown: Batch, job: JobRow, items: ItemListing) -> AsyncIterator[bytes]:
    """Yield a batch as JSON with the results of all its files, however many there are."""
    others = shown.model_dump_json(exclude={"results"})
    yield f'{others.removesuffix("}")},"results":['.encode()
    ordinal = 0
    while rows := await items.after(job.id, ordinal=ordinal, limit=_CHUNK):
        results = ",".join(_result(row).model_dump_json() for row in rows)
        yield ("," if ordinal else "").encode() + results.encode()
        ordinal = rows[-1].ordinal
    yield b"]}"


def batch_file(item: ItemRow) -> BatchFile:
    """Return an item with its state."""
    return BatchFile(
        source_directory_file_id=item.file_id,
        name=item.display_name,
        status=item.status,
        job_reference=JobReference(id=item.task_id),
        skip_reason=item.skip_reason,
        error_message=failure_message(item),
        started_at=moment(item.started_at),
        completed_at=moment(item.completed_at),
    )


def _result(item: ItemRow) -> BatchResult:
    return BatchResult(
        source_directory_file_id=item.file_id, job_reference=JobReference(id=item.task_id)
    )
