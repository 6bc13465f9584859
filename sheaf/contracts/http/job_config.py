"""The configuration of a batch job, of either kind.

Parse and classify configurations carry no tag on the wire. They are told apart by `rules`, which
only a classify configuration has.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Discriminator, Tag, model_validator

from sheaf.contracts.http.classify import ClassifyJob
from sheaf.contracts.http.parse_parameters import (
    WITHHELD_PARAMETERS,
    BatchParseJobConfig,
    withheld_names,
)
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.secrets import SecretUrl
from sheaf.contracts.states import JobType


class PartitionName(StrEnum):
    """Labels that the vendor files its output under; recorded here."""

    DATA_SOURCE_ID = "data_source_id_partition"
    PIPELINE_ID = "pipeline_id_partition"
    EVAL_DATASET_ID = "eval_dataset_id_partition"
    FILE_ID = "file_id_partition"
    PIPELINE_FILE_ID = "pipeline_file_id_partition"
    FILE_PARSING_ID = "file_parsing_id_partition"
    EXTRACTION_SCHEMA_ID = "extraction_schema_id_partition"


class BatchParseJobRecordCreate(RequestModel):
    """Configuration of a parse job. Its ids are for tracking; none makes a request idempotent."""

    job_name: Literal["parse_raw_file_job"] = "parse_raw_file_job"
    partitions: dict[PartitionName, str] = {}
    parameters: BatchParseJobConfig | None = None
    """None parses with the defaults."""
    session_id: UUID | None = None
    correlation_id: UUID | None = None
    parent_job_execution_id: UUID | None = None
    user_id: str | None = None
    project_id: str | None = None
    webhook_url: SecretUrl | None = None
    """Gets the result of each file; the same as `parameters.webhook_url`."""
    withheld_parameters: tuple[str, ...] = ()
    """Ours: names of the parameters that were given and dropped because they carry secrets."""

    @model_validator(mode="before")
    @classmethod
    def _note_withheld(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        stored = data.get("withheld_parameters")
        noted = stored if isinstance(stored, list | tuple) else ()
        names = withheld_names(data.get("parameters")) | {
            name for name in WITHHELD_PARAMETERS if name in noted
        }
        return {**data, "withheld_parameters": tuple(sorted(names))}

    @property
    def effective_parameters(self) -> BatchParseJobConfig:
        """The parameters, or the defaults where the caller sent none."""
        return self.parameters or BatchParseJobConfig()


def _refuse_both_kinds(value: object) -> object:
    if isinstance(value, Mapping) and all(
        value.get(name) is not None for name in ("rules", "parameters")
    ):
        raise ValueError(
            "job_config has both rules and parameters. "
            "Send rules alone to classify, or parameters alone to parse."
        )
    return value


def _kind_of(value: object) -> JobType | None:
    match value:
        case ClassifyJob():
            return JobType.CLASSIFY
        case BatchParseJobRecordCreate():
            return JobType.PARSE
        case Mapping():
            return JobType.PARSE if value.get("rules") is None else JobType.CLASSIFY
        case _:
            return None


JobConfig = Annotated[
    Annotated[BatchParseJobRecordCreate, Tag(JobType.PARSE)]
    | Annotated[ClassifyJob, Tag(JobType.CLASSIFY)],
    Discriminator(
        _kind_of,
        custom_error_type="job_config_type",
        custom_error_message="job_config must be an object: {} to parse with the defaults, "
        "or one with rules to classify",
    ),
    BeforeValidator(_refuse_both_kinds),
]
"""A job's configuration, parsed to the class that its `rules` tell."""
