"""Requests and responses of `/api/v1/classifier`."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from sheaf.contracts.documents import Classification
from sheaf.contracts.http.classify import (
    ClassifyMode,
    ClassifyParsingConfiguration,
    ClassifyRule,
    ClassifyStatus,
    check_types_unique,
)
from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.webhooks import WebhookConfiguration

MAX_FILES = 500


class ClassifierJobCreate(RequestModel):
    """Uploaded files to be classified."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "file_ids": ["0192f0c1-a2b3-7c4d-8e9f-001122334455"],
                    "rules": [
                        {
                            "type": "invoice",
                            "description": "a bill for goods or services, with amounts due",
                        }
                    ],
                    "mode": "FAST",
                }
            ]
        }
    )

    file_ids: Annotated[list[UUID], Field(min_length=1, max_length=MAX_FILES)]
    rules: Annotated[tuple[ClassifyRule, ...], Field(min_length=1, max_length=1000)]
    mode: ClassifyMode = ClassifyMode.FAST
    parsing_configuration: ClassifyParsingConfiguration = ClassifyParsingConfiguration()
    webhook_configurations: Annotated[list[WebhookConfiguration], Field(max_length=4)] | None = None

    _types_are_unique = field_validator("rules")(check_types_unique)


class ClassifierJob(BaseModel):
    """A classify job over files."""

    id: str
    project_id: ProjectId
    user_id: str
    """The project too: keys name no users."""
    status: ClassifyStatus
    rules: list[ClassifyRule]
    mode: ClassifyMode
    parsing_configuration: ClassifyParsingConfiguration
    error_message: str | None = None
    job_record_id: str | None = None
    unsupported_parameters: list[str] = []
    """Ours: what was set and has no effect."""
    effective_at: AwareDatetime
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ClassifierResult(BaseModel):
    """The class of one file."""

    id: str
    """Of the file's own job, which `/api/v2/classify` shows."""
    classify_job_id: str
    file_id: str | None = None
    """Of the uploaded file; of the directory file where a folder holds it."""
    result: Classification | None = None
    error_message: str | None = None
    """Ours: why there is none."""
    created_at: AwareDatetime
    updated_at: AwareDatetime
