"""Webhooks as a client configures them in a request.

This version delivers none. A configuration is accepted and recorded so that the job can say so,
but a signing secret and the values of headers, which often carry a token, are never kept.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import field_validator

from models.requests import RequestModel

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

WITHHELD_VALUE = "***"
"""Stands where a header value was given."""


MAX_HEADERS = 50
"""Headers of one receiver."""

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")


def check_events(events: Sequence[str] | None) -> None:
    """Refuse names that are no events with a ValueError."""
    unknown = sorted(set(events or ()) - WEBHOOK_EVENTS)
    if unknown:
        raise ValueError(
            f"webhook_events has unknown names: {', '.join(unknown[:5])}. "
            "Use names such as parse.success, or leave webhook_events out for all events."
        )


def check_headers(headers: Mapping[str, str] | None) -> None:
    """Refuse what is no header of HTTP with a ValueError that shows no value."""
    for name, value in (headers or {}).items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"webhook_headers has {name[:40]!r}, which is no name of a header.")
        if not value.isascii() or not value.isprintable():
            raise ValueError(f"webhook_headers: the value of {name} is not printable ASCII.")


class WebhookConfiguration(RequestModel):
    """One receiver of events."""

    webhook_url: str | None = None
    webhook_headers: dict[str, str] | None = None
    """Names of extra headers; their values are replaced by `WITHHELD_VALUE`."""
    webhook_events: tuple[str, ...] | None = None
    """Events to send, of `WEBHOOK_EVENTS`; None sends all."""
    webhook_output_format: Literal["string", "json"] = "string"
    """Whether the body is the event as a JSON object, or that object encoded as a JSON string."""
    webhook_signing_secret: str | None = None
    """Always None: it is dropped from the input."""

    @field_validator("webhook_headers")
    @classmethod
    def _withhold_header_values(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        if headers is None:
            return None
        return dict.fromkeys(headers, WITHHELD_VALUE)

    @field_validator("webhook_signing_secret", mode="before")
    @classmethod
    def _withhold_secret(cls, secret: object) -> None:
        if secret is not None and not isinstance(secret, str):
            raise ValueError("webhook_signing_secret is not a text")

    @field_validator("webhook_events")
    @classmethod
    def _events_exist(cls, events: tuple[str, ...] | None) -> tuple[str, ...] | None:
        check_events(events)
        return events
