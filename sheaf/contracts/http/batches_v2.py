"""Requests and responses of the v2 batches API."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sheaf.contracts.http.batch import JobCounts
from sheaf.contracts.http.parse_v2 import MAX_WEBHOOKS, WebhookConfigurationIds
from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.webhooks import WebhookConfiguration
from sheaf.contracts.states import ItemStatus
from sheaf.contracts.texts import Text

Id = Annotated[Text, Field(min_length=1, max_length=64)]


class BatchStatus(StrEnum):
    """State of a batch."""

    PENDING = "PENDING"
    THROTTLED = "THROTTLED"
    """Never so here: a batch waits as `PENDING`."""
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    """Every file has ended; some may have failed."""
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class BatchTask(RequestModel):
    """The job to be made of each file."""

    type: Literal["parse_v2", "extract_v2"]
    """`parse_v2`; nothing is extracted here."""
    configuration_id: Id
    """Of a saved configuration, or a built-in one such as `cfg-PARSE_FAST`."""


class BatchConfig(RequestModel):
    """What is done with each file."""

    job: BatchTask


class BatchCreate(RequestModel):
    """A batch over a directory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source_directory_id": "dir-0192f0c1a2b37c4d8e9f001122334455",
                    "config": {
                        "job": {"type": "parse_v2", "configuration_id": "cfg-PARSE_AGENTIC"}
                    },
                }
            ]
        }
    )

    source_directory_id: Id
    config: BatchConfig
    webhook_configurations: (
        Annotated[list[WebhookConfiguration], Field(max_length=MAX_WEBHOOKS)] | None
    ) = None
    webhook_configuration_ids: WebhookConfigurationIds | None = None


class JobReference(BaseModel):
    """The job of one file, under which its result is found."""

    type: Literal["parse_v2"] = "parse_v2"
    id: str


class BatchResult(BaseModel):
    """One file of a batch and its job."""

    source_directory_file_id: str
    job_reference: JobReference | None = None
    error_message: str | None = None
    """Why the file has no job; how its job failed is told by the job."""


class Batch(BaseModel):
    """A batch. The fields after `updated_at` are ours."""

    id: str
    project_id: ProjectId
    source_directory_id: str
    config: BatchConfig
    status: BatchStatus
    results: list[BatchResult] | None = None
    """Only where `expand=results` asks for them; all that are known, also while it runs."""
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
    counts: JobCounts = JobCounts()
    progress_percentage: Annotated[float, Field(ge=0, le=100)] = 0
    error_message: str | None = None
    workflow_id: str | None = None
    """Temporal Workflow ID."""
    unsupported_parameters: list[str] = []
    """Dotted names of what the configuration sets and is not honoured."""
    queue_position: Annotated[int, Field(ge=1)] | None = None
    """Place of a batch that waits for others, from 1; only where one batch is asked for."""


class BatchFile(BaseModel):
    """One file of a batch with its state; ours."""

    source_directory_file_id: str
    name: str
    status: ItemStatus
    job_reference: JobReference
    skip_reason: str | None = None
    error_message: str | None = None
    started_at: AwareDatetime | None = None
    completed_at: AwareDatetime | None = None
