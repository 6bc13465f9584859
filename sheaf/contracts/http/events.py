"""What receivers of events are sent, as the OpenAPI document describes it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class ItemEventData(BaseModel):
    """What an event says of the job of one file."""

    model_config = ConfigDict(extra="forbid")

    id: str
    """Of the file's own job: what `/api/v2/parse/{id}` and its like take."""
    job_id: str
    status: Literal["PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"]
    item_id: str
    """The directory file."""
    batch_id: str | None = None
    """The batch, as its API shows it; absent for a job of one file."""
    failure_kind: str | None = None
    error_message: str | None = None
    skip_reason: str | None = None


class JobEventData(BaseModel):
    """What an event says of a batch; its counts come with the last one."""

    model_config = ConfigDict(extra="forbid")

    id: str
    job_id: str
    status: str
    """As the API of the batch shows it."""
    total_items: int | None = None
    processed_items: int | None = None
    failed_items: int | None = None
    skipped_items: int | None = None
    cancelled_items: int | None = None
    error_message: str | None = None


class ProbeEventData(BaseModel):
    """What a test says."""

    message: str


class WebhookEvent(BaseModel):
    """An event. With the output format `string` the body is this object as a JSON string."""

    event_id: str
    """The same over all attempts; also `webhook-id` and `X-Webhook-Event-ID`."""
    event_type: str
    timestamp: float
    """When it came about, in seconds of the epoch."""
    data: ItemEventData | JobEventData | ProbeEventData
