"""Responses of the batch API about the files of a job."""

from typing import Any

from pydantic import AwareDatetime

from sheaf.contracts.states import ItemStatus, JobType
from sheaf.contracts.temporal.payload import Payload


class ProcessingResult(Payload):
    """A result that a file has, by whichever job."""

    result_id: str
    """The job of one file that made it: another file's where that had the same bytes."""
    item_id: str
    job_type: JobType
    job_config: dict[str, Any]
    """The configuration as it was sent, defaults filled in; secrets were never kept."""
    parameters_hash: str
    """Identity of what the configuration asks for; equal ones give equal results."""
    output_s3_path: str
    """Where the canonical result lies: `s3://` or `file://`."""
    output_metadata: dict[str, Any] | None = None
    """Ours: warnings, and for a classify job `type`, `confidence` and `reasoning`."""
    processed_at: AwareDatetime


class ProcessingResults(Payload):
    """Every result of one file, newest first."""

    item_id: str
    item_name: str
    processing_results: list[ProcessingResult]


class BatchItem(Payload):
    """One file of a job as clients see it."""

    item_id: str
    """Id of the directory file."""
    item_name: str
    status: ItemStatus
    job_id: str | None = None
    """Id of the parse or classify job of this file, under which its result is found."""
    job_record_id: str | None = None
    skip_reason: str | None = None
    """`already_processed` or `size_limit_exceeded`."""
    error_message: str | None = None
    effective_at: AwareDatetime
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
