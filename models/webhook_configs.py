"""Saved webhook configurations."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from models.payload import Payload
from models.texts import Text
from models.webhooks import MAX_HEADERS, check_events, check_headers

Url = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=2000,
        pattern="^https?://[!-~]+$",
        examples=["https://example.com/hooks"],
    ),
]
Secret = Annotated[Text, Field(min_length=1, max_length=1000)]
Events = Annotated[list[str], Field(min_length=1, max_length=100)]
Headers = Annotated[
    dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=4000)]],
    Field(max_length=MAX_HEADERS),
]


class WebhookConfigUpdate(Payload):
    """What changes about a configuration: the fields that are present. A null clears a field."""

    webhook_url: Url | None = None
    webhook_signing_secret: Secret | None = None
    """Write-only: it never comes back."""
    webhook_headers: Headers | None = None
    webhook_events: Events | None = None
    """None subscribes to all."""
    webhook_output_format: Literal["string", "json"] | None = None

    @field_validator("webhook_events")
    @classmethod
    def _events_exist(cls, events: list[str] | None) -> list[str] | None:
        check_events(events)
        return events

    @field_validator("webhook_headers")
    @classmethod
    def _headers_can_be_sent(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        check_headers(headers)
        return headers


class WebhookConfigCreate(WebhookConfigUpdate):
    """A configuration to be saved."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "webhook_url": "https://example.com/hooks",
                    "webhook_events": ["batch.success", "batch.error"],
                    "webhook_output_format": "json",
                }
            ]
        }
    )

    webhook_url: Url


class WebhookConfig(BaseModel):
    """A saved configuration; the values of its headers never come back."""

    id: str
    tenant_type: Literal["project"] = "project"
    tenant_id: str
    webhook_url: str
    has_secret: bool
    webhook_headers: dict[str, str] | None = None
    """Names as they were given; each value is `***`."""
    webhook_events: list[str] | None = None
    webhook_output_format: Literal["string", "json"] | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
