"""Rows of the ledger as the batch API shows them."""

from typing import Any

import sqlalchemy as sa

from sheaf.contracts.http.batch import BatchJob, BatchJobCreate, BatchJobStatus
from sheaf.contracts.http.batch_items import BatchItem, ProcessingResult
from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.projects import project_uuid
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.records import JobRow, ResultPlace
from sheaf.processing.result_store import ResultStore
from sheaf.rules.parameters.output_locations import output_key, stored_output
from sheaf.rules.times import moment
from sheaf.storage.blobs import Blobs


def batch_job(job: JobRow) -> BatchJob:
    """Return a job as its create, list and status show it."""
    return BatchJob(
        id=job.id,
        job_type=job.job_type,
        project_id=job.project_id,
        status=job.status,
        total_items=job.total,
        processed_items=job.completed,
        failed_items=job.failed,
        skipped_items=job.skipped,
        cancelled_items=job.cancelled,
        directory_id=job.directory_id,
        workflow_id=job.id,
        effective_at=moment(job.completed_at or job.started_at or job.created_at),
        job_record_id=job.id,
        error_message=job.error_message,
        created_at=moment(job.created_at),
        updated_at=moment(job.updated_at),
        started_at=moment(job.started_at),
        completed_at=moment(job.completed_at),
        unsupported_parameters=job.unsupported_parameters,
    )


def batch_job_status(job: JobRow, place: int | None) -> BatchJobStatus:
    """Return a job with its progress, and its place while it waits."""
    return BatchJobStatus(
        job=batch_job(job), progress_percentage=progress(job), queue_position=place
    )


def progress(job: JobRow) -> float:
    """Return the share of a job's known items that have ended, in percent.

    While files are still being listed the share may only be of those known; it is held under 100.
    """
    if job.status.is_terminal:
        return 100.0
    return round(min(99.9, 100.0 * job.settled / job.total), 2) if job.total else 0.0


def batch_item(job: JobRow, item: ItemRow) -> BatchItem:
    """Return an item as listings show it.

    Its `job_id` answers on the parse and classify endpoints; where an earlier job's result was
    taken it is still the item's own, so that one id means one item of one batch.
    """
    return BatchItem(
        item_id=item.file_id,
        item_name=item.display_name,
        status=item.status,
        job_id=item.task_id,
        job_record_id=item.task_id,
        skip_reason=item.skip_reason,
        error_message=failure_message(item),
        effective_at=moment(item.completed_at or item.started_at or job.created_at),
        started_at=moment(item.started_at),
        completed_at=moment(item.completed_at),
    )


def processing_result(row: sa.Row[Any], blobs: Blobs, item_id: str) -> ProcessingResult:
    """Return a row of `ItemListing.results_of_file` as the contract has it, of that file."""
    return ProcessingResult(
        result_id=row.id,
        item_id=item_id,
        job_type=row.job_type,
        job_config=job_config(row.request, row.id, row.project_id),
        parameters_hash=row.parameters_hash,
        output_s3_path=_result_uri(row, blobs),
        output_metadata=row.output_metadata or None,
        processed_at=moment(row.processed_at),
    )


def _result_uri(row: sa.Row[Any], blobs: Blobs) -> str:
    """Return where the canonical result lies: where the job wanted it, or in our own storage."""
    config = BatchJobCreate.model_validate(row.request).job_config
    location = None if isinstance(config, ClassifyJob) else stored_output(config)
    if location is not None:
        return f"s3://{location.bucket}/{output_key(location, row.file_id, 'json')}"
    place = ResultPlace(row.job_id, row.id, row.pack)
    return ResultStore(blobs).uri(place)


def job_config(request: dict[str, Any], task_id: str, project_id: str) -> dict[str, Any]:
    """Return the configuration of a stored request as SDKs decode it.

    A classify configuration is given the id, owner and status that make it a ClassifyJob.
    """
    config = BatchJobCreate.model_validate(request).job_config
    if isinstance(config, ClassifyJob):
        owner = config.user_id or project_id
        return config.stamped(task_id, project_uuid(project_id), owner).model_dump(mode="json")
    return config.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {
        "job_name": config.job_name
    }


def failure_message(item: ItemRow) -> str | None:
    """Return why an item failed, its kind first."""
    if item.failure_kind and item.error_message:
        return f"{item.failure_kind}: {item.error_message}"
    return item.error_message
