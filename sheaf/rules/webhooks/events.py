"""What an event is called, what it says, and the bytes that are sent.

The bytes are made anew for each attempt, so all that goes into them must be settled once the
event is: ids, the time of the event, and what a terminal state can no longer change.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sheaf.contracts.apis import JobApi
from sheaf.contracts.failures import FailureKind
from sheaf.contracts.http.webhooks import SENT_EVENTS, WebhookConfiguration
from sheaf.contracts.states import ItemStatus, JobStatus, JobType, Phase, SkipReason

_EVENTS = UUID("6f3f7f0e-1f0b-5d5e-9a51-3a5c1e6f2b90")
"""Namespace of the ids of events (RFC 9562, version 5)."""

_SINGLE = (JobApi.PARSE, JobApi.CLASSIFY)
_TASK_WORDS = {
    Phase.PENDING: "PENDING",
    Phase.RUNNING: "RUNNING",
    Phase.SUCCESS: "COMPLETED",
    Phase.ERROR: "FAILED",
    Phase.CANCELLED: "CANCELLED",
}
_CLASSIFIER_WORDS = {phase: phase.value.upper() for phase in Phase} | {Phase.RUNNING: "PENDING"}
_TERMINAL = (Phase.SUCCESS, Phase.ERROR, Phase.PARTIAL_SUCCESS, Phase.CANCELLED)


@dataclass(frozen=True)
class JobFacts:
    """What is known of a job when an event of it is told."""

    id: str
    public_id: str | None
    api: JobApi
    job_type: JobType
    total: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    error_message: str | None = None

    @property
    def is_single(self) -> bool:
        """Whether it was asked for as the job of one file; its events are those of its item."""
        return self.api in _SINGLE

    @property
    def has_item_events(self) -> bool:
        """Whether its items are told one by one, as each changes."""
        return self.api in {JobApi.BATCH, JobApi.BATCH_V2}

    @property
    def shown_id(self) -> str:
        """The id under which its API shows it."""
        return self.public_id or self.id


@dataclass(frozen=True)
class ItemFacts:
    """What is known of an item when an event of it is told."""

    task_id: str
    file_id: str
    failure_kind: FailureKind | None = None
    error_message: str | None = None
    skip_reason: SkipReason | None = None


def job_phase(job: JobFacts, status: JobStatus) -> Phase:
    """Return what a job's state is to its subscribers."""
    if status is JobStatus.PENDING:
        return Phase.PENDING
    if status is JobStatus.CANCELLED:
        return Phase.CANCELLED
    if status is JobStatus.FAILED:
        return Phase.ERROR
    if status is not JobStatus.COMPLETED:
        return Phase.RUNNING
    if job.api is JobApi.CLASSIFIER and job.failed:
        return Phase.PARTIAL_SUCCESS if job.failed < job.total else Phase.ERROR
    return Phase.SUCCESS


def item_phase(status: ItemStatus, *, has_result: bool) -> Phase:
    """Return what an item's state is to its subscribers.

    A skipped item has succeeded where an earlier job's result stands for its own.
    """
    if status is ItemStatus.SKIPPED:
        return Phase.SUCCESS if has_result else Phase.ERROR
    return {
        ItemStatus.PENDING: Phase.PENDING,
        ItemStatus.PROCESSING: Phase.RUNNING,
        ItemStatus.COMPLETED: Phase.SUCCESS,
        ItemStatus.FAILED: Phase.ERROR,
        ItemStatus.CANCELLED: Phase.CANCELLED,
    }[status]


def job_event(job: JobFacts, phase: Phase) -> str:
    """Return the name of an event of the job as a whole."""
    return f"{'batch' if job.has_item_events else job.job_type}.{phase}"


def is_wanted(events: Sequence[str] | None, event_type: str) -> bool:
    """Whether a receiver with this filter is told; None is no filter."""
    return events is None or event_type in events


def never_sent(configurations: Sequence[WebhookConfiguration] | None) -> list[str]:
    """Return what is reported of events that receivers ask for and this server never sends."""
    asked = {event for one in configurations or () for event in one.webhook_events or ()}
    return sorted(f"webhook_events: {event}" for event in asked - SENT_EVENTS)


def event_id(job_id: str, ordinal: int | None, event_type: str) -> str:
    """Return the id of an event: the same for every receiver, attempt and replay."""
    return str(uuid5(_EVENTS, f"{job_id}/{ordinal or ''}/{event_type}"))


def test_event_id(receiver_id: str, outbox_id: int) -> str:
    """Return the id of a test."""
    return str(uuid5(_EVENTS, f"{receiver_id}/{outbox_id}"))


def job_data(job: JobFacts, phase: Phase) -> dict[str, Any]:
    """Return what an event says of a job as a whole; counts once they are final."""
    data: dict[str, Any] = {"id": job.shown_id, "job_id": job.shown_id}
    data["status"] = _job_word(job, phase)
    if phase in _TERMINAL:
        data |= {
            "total_items": job.total,
            "processed_items": job.completed,
            "failed_items": job.failed,
            "skipped_items": job.skipped,
            "cancelled_items": job.cancelled,
        }
        if job.error_message:
            data["error_message"] = job.error_message
    return data


def item_data(job: JobFacts, item: ItemFacts, phase: Phase) -> dict[str, Any]:
    """Return what an event says of one file's job."""
    data: dict[str, Any] = {"id": item.task_id, "job_id": item.task_id}
    data["status"] = _TASK_WORDS[phase]
    data["item_id"] = item.file_id
    if not job.is_single:
        data["batch_id"] = job.shown_id
    if phase in _TERMINAL:
        told = {"failure_kind": item.failure_kind, "error_message": item.error_message}
        told["skip_reason"] = item.skip_reason
        data |= {name: value for name, value in told.items() if value}
    return data


def body(
    event_id: str, event_type: str, created_at: int, data: dict[str, Any], output_format: str
) -> bytes:
    """Return the body of an event.

    Args:
        event_id: of `event_id`.
        event_type: its name.
        created_at: microseconds of the epoch; sent as seconds.
        data: what it says.
        output_format: `json` for the object, `string` for that object as a JSON string.
    """
    event = {
        "event_id": event_id,
        "event_type": event_type,
        "timestamp": created_at / 1_000_000,
        "data": data,
    }
    text = json.dumps(event)
    return (json.dumps(text) if output_format == "string" else text).encode()


def _job_word(job: JobFacts, phase: Phase) -> str:
    if job.api is JobApi.CLASSIFIER:
        return _CLASSIFIER_WORDS[phase]
    word = _TASK_WORDS[phase]
    return word.lower() if job.api is JobApi.BATCH else word
