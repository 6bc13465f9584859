"""Saved webhook configurations."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator

from sheaf.contracts.http.projects import ProjectId
from sheaf.contracts.http.secrets import SecretUrl
from sheaf.contracts.http.webhooks import Headers, SigningSecret, check_events, check_headers
from sheaf.contracts.temporal.payload import Payload

Url = Annotated[
    SecretUrl,
    Field(min_length=1, max_length=2000, examples=["https://example.com/hooks"]),
]
Events = Annotated[list[str], Field(min_length=1, max_length=100)]


class WebhookConfigUpdate(Payload):
    """What changes about a configuration: the fields that are present. A null clears a field."""

    webhook_url: Url | None = None
    webhook_signing_secret: SigningSecret | None = None
    """Write-only: it never comes back. When it is replaced, requests are signed with the one
    before as well for 24 hours."""
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
    def _headers_may_be_sent(cls, headers: dict[str, SecretStr] | None) -> object:
        check_headers({name: value.get_secret_value() for name, value in (headers or {}).items()})
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
    """A saved configuration; what may be a secret never comes back."""

    id: str
    tenant_type: Literal["project"] = "project"
    tenant_id: ProjectId
    webhook_url: str
    """With the values of its query, and what may be a token in its path, as `***`. Sent back like
    that by an update, it changes nothing."""
    has_secret: bool
    webhook_headers: dict[str, str] | None = None
    """Names as they were given; each value is `***`."""
    webhook_events: list[str] | None = None
    webhook_output_format: Literal["string", "json"] | None = None
    is_disabled: bool = False
    """Ours: whether it is sent nothing more. A redelivery or a test tries it again."""
    disabled_reason: str | None = None
    created_at: AwareDatetime | None = None
    updated_at: AwareDatetime | None = None
