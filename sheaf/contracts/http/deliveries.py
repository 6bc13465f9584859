"""The log of deliveries: each event, and what became of telling each receiver."""

import re
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sheaf.contracts.http.directories import Moment
from sheaf.contracts.http.requests import RequestModel
from sheaf.contracts.states import DeliveryStatus
from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.texts import Text

DELIVERY_PREFIX = "whd"


def delivery_id(number: int) -> str:
    """Return the id of a delivery by its number in the outbox."""
    return f"{DELIVERY_PREFIX}-{number}"


def delivery_number(text: str) -> int | None:
    """Return the number in an id of a delivery; None when it is none."""
    found = re.fullmatch(rf"{DELIVERY_PREFIX}-([1-9][0-9]{{0,17}})", text, re.ASCII)
    return int(found[1]) if found else None


class DeliveryError(StrEnum):
    """Why an attempt failed; more is not told, since it would tell of this server's network."""

    BLOCKED = "blocked"
    """The URL leads to an address that this server does not connect to."""
    UNREACHABLE = "unreachable"
    """No connection: the name is unknown, or nothing answers there."""
    TLS = "tls"
    """The certificate is not valid for the host, or no TLS is spoken."""
    TIMEOUT = "timeout"
    DROPPED = "dropped"
    """The connection ended before an answer came, or the answer was no HTTP."""
    HTTP_ERROR = "http_error"
    """Another status than 2xx. A redirect is not followed."""
    NO_RESULT = "no_result"
    """The result that was to be sent has been deleted."""
    RESULT_UNWRITABLE = "result_unwritable"
    """The result that was to be sent is too large, or takes too long to be written."""
    INTERNAL = "internal"
    """What was to be sent could not be made, by a fault of this server, whose log has it."""

    @property
    def is_final(self) -> bool:
        """Whether there will never be anything to send."""
        return self in {DeliveryError.NO_RESULT, DeliveryError.RESULT_UNWRITABLE}


class DeliveryAttempt(BaseModel):
    """One attempt."""

    at: AwareDatetime
    status_code: int | None = None
    """Of the answer, where there was one."""
    latency_ms: int
    """Until the head of the answer, or the failure."""
    error: DeliveryError | None = None


class Delivery(BaseModel):
    """One event to one receiver."""

    id: str
    event_id: str
    """The same over all attempts and receivers: `webhook-id` and `X-Webhook-Event-ID`."""
    event_type: str
    webhook_configuration_id: str
    """The receiver: a saved one, or one that the job's request configured."""
    batch_job_id: str | None = None
    """The job, as the batch API of its kind shows it; None for a test."""
    status: DeliveryStatus
    attempts: list[DeliveryAttempt]
    """Oldest first, also those before a redelivery."""
    next_attempt_at: AwareDatetime | None = None
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None


class DeliveryInput(Payload):
    """Argument of `DeliveryWorkflow`, and of its Activity."""

    receiver_id: str
    seconds: float = 60
    """How long one round lasts while there is something to send."""
    max_events: int = 500
    """History events after which the Workflow continues as new; one round is six at most."""
    fault_rest_seconds: float = 600
    """Rest after a round that failed for good; then its events are found waiting, and it begins
    anew."""


class DeliverEventsResult(Payload):
    """What a round has left."""

    wait_seconds: float | None = None
    """Until the next attempt is due; None when nothing is pending."""


class RedeliveryRequest(RequestModel):
    """Which events that were given up are to be sent again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"since": "2026-11-01T00:00:00Z"}]})

    since: Annotated[Moment, Field(examples=["2026-11-01T00:00:00Z"])]
    """Events from this moment on."""
    webhook_configuration_id: Annotated[Text, Field(max_length=64)] | None = None
    """Only those of one receiver."""
    batch_job_id: Annotated[Text, Field(max_length=64)] | None = None
    """Only those of one job."""
    status: Literal["given_up"] = "given_up"


class Redelivered(BaseModel):
    """How many events are sent again."""

    redelivered: int
