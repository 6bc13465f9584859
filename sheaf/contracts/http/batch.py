"""Requests and responses of the beta batch API: jobs and their items.

The names that clients know are the wire's; fields of ours come beside them and never replace one.
"""

from collections import Counter
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    ConfigDict,
    Field,
    NonNegativeInt,
    field_validator,
    model_validator,
)

from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate, JobConfig
from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.states import JobStatus, JobType
from sheaf.contracts.temporal.payload import Payload

__all__ = [
    "BatchJob",
    "BatchJobCancel",
    "BatchJobCancelled",
    "BatchJobCreate",
    "BatchJobStatus",
    "BatchParseJobRecordCreate",
    "ClassifyJob",
    "JobConfig",
    "JobCounts",
]

NonEmpty = Annotated[str, Field(min_length=1)]


class BatchJobCreate(RequestModel):
    """Body of a create: a configuration, and either a directory or a list of its files."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"job_config": {}, "directory_id": "dir-0192f0c1a2b37c4d8e9f001122334455"},
                {
                    "job_config": {
                        "job_name": "parse_raw_file_job",
                        "parameters": {"lang": "en", "page_separator": "\n\n"},
                    },
                    "directory_id": "dir-0192f0c1a2b37c4d8e9f001122334455",
                    "page_size": 100,
                    "continue_as_new_threshold": 10,
                },
                {
                    "job_config": {
                        "rules": [
                            {
                                "type": "invoice",
                                "description": "a bill for goods or services, with amounts due",
                            }
                        ],
                        "mode": "FAST",
                    },
                    "item_ids": ["dfl-0192f0c1a2b37c4d8e9f001122334455"],
                },
            ]
        }
    )

    job_config: JobConfig
    directory_id: NonEmpty | None = None
    item_ids: tuple[NonEmpty, ...] | None = None
    """Ids of directory files, in the order in which they are taken."""
    page_size: Annotated[int, Field(ge=1, le=1000)] = 100
    """Files taken together; directory mode only."""
    continue_as_new_threshold: Annotated[int, Field(ge=1)] | None = None
    """Files dispatched in one run of the workflow; may be below `page_size`. See `threshold`."""

    @field_validator("item_ids")
    @classmethod
    def _check_item_ids(cls, item_ids: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if item_ids is None:
            return None
        if not item_ids:
            raise ValueError(
                "item_ids is empty. Name at least one directory file, "
                "or send directory_id to take a whole directory."
            )
        repeated = [item_id for item_id, count in Counter(item_ids).items() if count > 1]
        if repeated:
            raise ValueError(
                f"item_ids names files more than once: {', '.join(repeated[:5])}. "
                "Send each id once."
            )
        return item_ids

    @model_validator(mode="after")
    def _check_one_source(self) -> Self:
        if self.directory_id is not None and self.item_ids is not None:
            raise ValueError(
                "directory_id and item_ids are both given. Send directory_id alone to take a "
                "whole directory, or item_ids alone to take the files named."
            )
        if self.directory_id is None and self.item_ids is None:
            raise ValueError(
                "directory_id and item_ids are both missing. Send one of them: directory_id for "
                "a whole directory, item_ids for the files named."
            )
        return self

    @property
    def job_type(self) -> JobType:
        """What the configuration asks for."""
        return JobType.CLASSIFY if isinstance(self.job_config, ClassifyJob) else JobType.PARSE

    @property
    def threshold(self) -> int:
        """Files dispatched in one run of the workflow, at most."""
        return self.continue_as_new_threshold or self.page_size


class JobCounts(Payload):
    """How many items of a job are in which state; the terminal states are disjoint."""

    total: NonNegativeInt = 0
    """Items known so far; final once enumeration has ended."""
    completed: NonNegativeInt = 0
    failed: NonNegativeInt = 0
    skipped: NonNegativeInt = 0
    cancelled: NonNegativeInt = 0

    @property
    def settled(self) -> int:
        """Items in a terminal state."""
        return self.completed + self.failed + self.skipped + self.cancelled


class BatchJob(Payload):
    """A job as clients see it. The four counts of settled items are disjoint."""

    id: str
    job_type: JobType
    project_id: ProjectId
    status: JobStatus
    total_items: NonNegativeInt = 0
    """Items known so far; 0 until enumeration has begun."""
    processed_items: NonNegativeInt = 0
    """Items that completed; failed and skipped ones count apart."""
    failed_items: NonNegativeInt = 0
    skipped_items: NonNegativeInt = 0
    cancelled_items: NonNegativeInt = 0
    """Ours: items that were cancelled."""
    directory_id: str | None = None
    workflow_id: str | None = None
    """Temporal Workflow ID, which is the job id."""
    effective_at: AwareDatetime
    """When the state shown was reached; the contract allows no null here."""
    job_record_id: str | None = None
    error_message: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    unsupported_parameters: list[str] = []
    """Ours: parameters that were set and are not honoured, sorted."""


class BatchJobStatus(Payload):
    """A job and how far it is."""

    job: BatchJob
    progress_percentage: Annotated[float, Field(ge=0, le=100)]
    """Share of the known items that are settled; 100 once the job has ended."""
    queue_position: Annotated[int, Field(ge=1)] | None = None
    """Ours: the place of a job that waits for others, from 1; null once it has begun."""


class BatchJobCancel(RequestModel):
    """Body of a cancel."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{}, {"reason": "the wrong directory"}]}
    )

    reason: Annotated[str, Field(max_length=2000)] | None = None
    """Kept with the job."""


class BatchJobCancelled(Payload):
    """Answer to a cancel."""

    job_id: str
    status: JobStatus
    processed_items: NonNegativeInt
    message: str
