"""The parse configuration of the batch contract: 127 fields, all optional.

Names, defaults and bounds are the wire's, also where their case is odd. What this version acts on
is decided in `sheaf.rules.parameters.parameters`; the rest is recorded and reported to the caller.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from sheaf.contracts.http.parse_output import OutputParameters
from sheaf.contracts.http.parse_reading import ReadingParameters
from sheaf.contracts.http.parse_vendor import VendorParameters
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.secrets import SecretUrl
from sheaf.contracts.http.webhooks import MAX_RECEIVERS, WebhookConfiguration

WITHHELD_PARAMETERS = frozenset(
    {
        "azure_openai_key",
        "gpt4o_api_key",
        "http_proxy",  # may hold a password
        "input_url",  # may be signed; files come from the directory anyway
        "vendor_multimodal_api_key",
    }
)
"""Parameters that can carry a secret and have no use here: dropped from input, never stored."""

LONGEST_SECONDS = 604_800.0
"""A week. The bound is ours: it keeps sums within a timedelta."""

Seconds = Annotated[float, Field(ge=0, le=LONGEST_SECONDS)]
"""A time allowed for one file."""


class JobPriority(StrEnum):
    """How urgent a job is among others."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class JobParameters(RequestModel):
    """How the job is run and told apart; none of these changes a result."""

    type: Literal["parse"] = "parse"
    priority: JobPriority | None = None
    job_timeout_in_seconds: Annotated[Seconds, Field(ge=120)] | None = None
    job_timeout_extra_time_per_page_in_seconds: Seconds | None = None
    do_not_cache: bool = False
    invalidate_cache: bool = False
    custom_metadata: dict[str, JsonValue] | None = None
    resource_info: dict[str, JsonValue] | None = None
    project_id: str | None = None
    pipeline_id: str | None = None


class TransferParameters(RequestModel):
    """Where the document comes from and where results and events go."""

    webhook_url: SecretUrl | None = None
    """Gets the result of each file, as text, markdown and pages."""
    webhook_configurations: (
        Annotated[tuple[WebhookConfiguration, ...], Field(max_length=MAX_RECEIVERS)] | None
    ) = None
    output_s3_path_prefix: str | None = None
    output_s3_region: str | None = None
    outputBucket: str | None = None  # noqa: N815 - the wire's spelling
    input_s3_path: str | None = None
    input_s3_region: str | None = None
    input_url: str | None = None
    http_proxy: str | None = None


class BatchParseJobConfig(
    JobParameters, TransferParameters, ReadingParameters, OutputParameters, VendorParameters
):
    """How every file of a parse job is read and written.

    The fields of `WITHHELD_PARAMETERS` are always None, whatever the input says.
    """

    @model_validator(mode="before")
    @classmethod
    def _withhold_secrets(cls, data: object) -> object:
        if not isinstance(data, Mapping):
            return data
        for name in WITHHELD_PARAMETERS & data.keys():
            if data[name] is not None and not isinstance(data[name], str):
                raise ValueError(f"{name} is not a text")
        return {name: value for name, value in data.items() if name not in WITHHELD_PARAMETERS}


def withheld_names(parameters: object) -> frozenset[str]:
    """The names in raw parameters whose values `BatchParseJobConfig` would drop."""
    if not isinstance(parameters, Mapping):
        return frozenset()
    return frozenset(name for name in WITHHELD_PARAMETERS if parameters.get(name) not in (None, ""))
