"""Webhooks as a client configures them in a request."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.http.secrets import Secret, SecretUrl
from sheaf.contracts.states import Phase

_RESULTS = ("pending", "success", "error", "partial_success", "cancelled")
_EVENTS_BY_FAMILY = {
    "parse": (*_RESULTS, "running"),
    "classify": (*_RESULTS, "running"),
    "extract": _RESULTS,
    "sheets": _RESULTS,
    "split": ("pending", "processing", "success", "error", "cancelled"),
    "batch": ("pending", "running", "success", "error", "cancelled"),
    "verify": ("pending", "running", "success", "error", "cancelled"),
}

WEBHOOK_EVENTS = frozenset(
    {f"{family}.{event}" for family, events in _EVENTS_BY_FAMILY.items() for event in events}
    | {"unmapped_event"}
)
"""Every event name that a client may subscribe to."""

TEST_EVENT = "webhook.test"
"""Sent when a caller asks for it, whatever the receiver subscribes to."""


SENT_EVENTS = frozenset(
    {
        f"{family}.{phase}"
        for family in ("parse", "classify", "batch")
        for phase in Phase
        if phase is not Phase.PARTIAL_SUCCESS
    }
    | {"classify.partial_success"}
)
"""Those of them that this server sends. Of many files only a job of `/api/v1/classifier/jobs` can
end with a part of them classified; a batch says `success`, and its counts tell the rest."""

MAX_HEADERS = 50
"""Headers of one receiver."""
MAX_RECEIVERS = 16
"""Receivers that one request configures."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
_ALLOWED_HEADERS = re.compile(r"authorization|api-?key|x-.+|cf-access-client-(id|secret)")
_OUR_HEADERS = re.compile(r"x-webhook-.+|x-forwarded.*|x-real-ip")


def check_events(events: Sequence[str] | None) -> None:
    """Refuse names that are no events with a ValueError."""
    unknown = sorted(set(events or ()) - WEBHOOK_EVENTS)
    if unknown:
        raise ValueError(
            f"webhook_events has unknown names: {', '.join(unknown[:5])}. "
            "Use names such as parse.success, or leave webhook_events out for all events."
        )


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse headers that are not sent for others with a ValueError that shows no value."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"webhook_headers has {name[:40]!r}, which is no name of a header.")
        if not _ALLOWED_HEADERS.fullmatch(name.lower()) or _OUR_HEADERS.fullmatch(name.lower()):
            raise ValueError(
                f"webhook_headers: {name[:40]} is not sent. Use Authorization, Api-Key, "
                "CF-Access-Client-Id, CF-Access-Client-Secret, or a name that begins with X-, "
                "other than X-Webhook-, X-Forwarded- and X-Real-IP."
            )
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"webhook_headers: the value of {name} is not printable ASCII.")


HeaderValue = Annotated[Secret, Field(max_length=4000)]
Headers = Annotated[
    dict[Annotated[str, Field(max_length=200)], HeaderValue], Field(max_length=MAX_HEADERS)
]
SigningSecret = Annotated[Secret, Field(min_length=1, max_length=1000)]


class WebhookConfiguration(RequestModel):
    """One receiver of events."""

    webhook_url: SecretUrl | None = None
    webhook_headers: Headers | None = None
    """Extra headers of each request; their values often are tokens, and never shown."""
    webhook_events: Annotated[tuple[str, ...], Field(max_length=100)] | None = None
    """Events to send, of `WEBHOOK_EVENTS`; None sends all."""
    webhook_output_format: Literal["string", "json"] = "string"
    """Whether the body is the event as a JSON object, or that object encoded as a JSON string."""
    webhook_signing_secret: SigningSecret | None = None
    """Requests are signed with it, by `LC-Signature` and by Standard Webhooks."""

    @field_validator("webhook_headers")
    @classmethod
    def _headers_may_be_sent(cls, headers: dict[str, SecretStr] | None) -> object:
        check_headers({name: value.get_secret_value() for name, value in (headers or {}).items()})
        return headers

    @field_validator("webhook_events")
    @classmethod
    def _events_exist(cls, events: tuple[str, ...] | None) -> tuple[str, ...] | None:
        check_events(events)
        return events
