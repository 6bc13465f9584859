"""The classify configuration of the v2 APIs, and single classify jobs."""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator, model_validator

from sheaf.contracts.documents import Classification
from sheaf.contracts.http.classify import ClassifyRule, check_types_unique
from sheaf.contracts.http.languages import ParserLanguages
from sheaf.contracts.http.parse_v2 import MAX_WEBHOOKS, StrictModel, WebhookConfigurationIds
from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.webhooks import WebhookConfiguration
from sheaf.contracts.texts import Text

MAX_INPUT = 200
MAX_TRANSACTION = 255

FileInput = Annotated[Text, Field(min_length=1, max_length=MAX_INPUT)]


class TaskStatus(StrEnum):
    """State of the job of one file, in the words of v2."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ClassifyParsing(StrictModel):
    """How much of a document is read to classify it."""

    lang: ParserLanguages = ParserLanguages.EN
    max_pages: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """None sets no limit."""
    target_pages: Annotated[Text, Field(max_length=10_000)] | None = None
    """1-based numbers and ranges between commas, such as `1-3,8`."""


class ClassifyConfiguration(StrictModel):
    """How documents are classified."""

    rules: Annotated[tuple[ClassifyRule, ...], Field(min_length=1, max_length=1000)]
    mode: Literal["FAST"] = "FAST"
    parsing_configuration: ClassifyParsing | None = None

    _types_are_unique = field_validator("rules")(check_types_unique)


class ClassifyCreate(RequestModel):
    """A file to be classified."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "file_input": "0192f0c1-a2b3-7c4d-8e9f-001122334455",
                    "configuration": {
                        "rules": [
                            {
                                "type": "invoice",
                                "description": "a bill for goods or services, with amounts due",
                            }
                        ]
                    },
                    "transaction_id": "invoice-2026-17",
                }
            ]
        }
    )

    file_input: FileInput | None = None
    """Id of an uploaded file, or of a parse job whose file is meant."""
    file_id: FileInput | None = None
    """The same, as older clients say it."""
    parse_job_id: FileInput | None = None
    """The same, as older clients say it."""
    configuration: ClassifyConfiguration | None = None
    configuration_id: Annotated[Text, Field(max_length=64)] | None = None
    transaction_id: Annotated[Text, Field(min_length=1, max_length=MAX_TRANSACTION)] | None = None
    """Within a project, a later request with the same one gets the same job."""
    webhook_configurations: (
        Annotated[list[WebhookConfiguration], Field(max_length=MAX_WEBHOOKS)] | None
    ) = None
    webhook_configuration_ids: WebhookConfigurationIds | None = None

    @model_validator(mode="after")
    def _check_input(self) -> Self:
        if len([one for one in (self.file_input, self.file_id, self.parse_job_id) if one]) != 1:
            raise ValueError(
                "Send one of file_input, file_id and parse_job_id: the id of an uploaded file or "
                "of a parse job."
            )
        if (self.configuration is None) == (self.configuration_id is None):
            raise ValueError(
                "Send one of configuration and configuration_id: the rules themselves, or the id "
                "of a saved configuration."
            )
        return self

    @property
    def input_id(self) -> str:
        """The id of what is to be classified."""
        return str(self.file_input or self.file_id or self.parse_job_id)


class Usage(BaseModel):
    """What was spent: nothing is billed."""

    credits: float = 0


class ClassifyTask(BaseModel):
    """The classify job of one file."""

    id: str
    project_id: ProjectId
    user_id: str
    """The project too: keys name no users."""
    status: TaskStatus
    file_input: str
    document_input_type: Literal["file_id", "parse_job_id"]
    configuration: dict[str, Any]
    """As it was asked for, defaults filled in."""
    configuration_id: str | None = None
    transaction_id: str | None = None
    parse_job_id: str | None = None
    result: Classification | None = None
    error_message: str | None = None
    usage: Usage = Usage()
    unsupported_parameters: list[str] = []
    """Ours: what was set and has no effect."""
    queue_position: int | None = None
    """Ours: place of a job that waits for others, from 1, where `expand` asks for it."""
    created_at: AwareDatetime
    updated_at: AwareDatetime
