"""Rows of the ledger as the rest of the program sees them."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from sheaf.contracts.apis import JobApi
from sheaf.contracts.failures import FailureKind
from sheaf.contracts.states import ItemStatus, JobStatus, JobType, SkipReason


class SupersededError(Exception):
    """A newer claim or enumeration owns what this one tried to write; stop, quietly."""


class NotFoundError(Exception):
    """There is no such row, or it belongs to another project."""


@dataclass(frozen=True)
class SourceFile:
    """A file as a source lists it."""

    unique_id: str
    """Path relative to the source, `/` between parts."""
    size_bytes: int
    mtime_ns: int
    etag: str | None = None
    """What an object store calls this content; None of files in folders."""


@dataclass(frozen=True)
class JobSpec:
    """What never changes about a job while it runs."""

    job_id: str
    project_id: str
    job_type: JobType
    request: dict[str, Any]
    source_uri: str | None
    parameters_hash: str
    engine_fingerprint: str
    page_files: int
    """Of its first run: items of a page."""


class ClaimedItem(NamedTuple):
    """An item that this attempt may work on, with where its bytes are.

    A tuple: one is made of each row that is claimed, and a frozen dataclass takes five times as
    long.
    """

    ordinal: int
    fence: int
    attempts: int
    lost_claims: int
    """Claims before this one that brought no outcome."""
    task_id: str
    file_id: str
    unique_id: str
    display_name: str
    size_bytes: int
    mtime_ns: int
    """When the file was last changed, as it was listed."""
    source_uri: str | None
    upload_id: str | None = None
    """The uploaded file that holds the bytes; None where the source does."""
    etag: str | None = None
    """What the object store called the content when it was listed."""


@dataclass(frozen=True)
class ResultPlace:
    """Where a result is kept."""

    job_id: str
    """The job that made it."""
    result_id: str
    pack: str | None = None
    """None of results that were stored as two objects, `….json` and `….md`."""
    offset: int = 0
    size: int = 0


@dataclass(frozen=True)
class ResultRow:
    """A result whose blobs are already stored."""

    id: str
    file_id: str
    content_sha256: str
    engine: str
    media_type: str
    pages: int
    size_bytes: int
    is_reusable: bool
    name_hint: str = ""
    """What of the file's name was believed, of `sheaf.rules.name_hints`."""
    output_metadata: dict[str, Any] = field(default_factory=dict)
    pack: str | None = None
    pack_offset: int | None = None
    pack_bytes: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one claimed item.

    `status` PENDING means that the attempt failed transiently and another one may follow; the
    failure's kind and message then say why.
    """

    item: ClaimedItem
    status: ItemStatus
    result: ResultRow | None = None
    reused_result_id: str | None = None
    skip_reason: SkipReason | None = None
    failure_kind: FailureKind | None = None
    error_message: str | None = None
    retry_after: timedelta | None = None
    """For a transient failure, how long the other side asked to wait."""
    content_sha256: str | None = None
    """Of the bytes that were read; None where they may not be those that were listed."""


@dataclass(frozen=True)
class RecordedOutcomes:
    """What a group of outcomes changed."""

    accepted: frozenset[int]
    """Ordinals whose outcome was recorded; the others were refused by their fence."""
    is_stopped: bool
    """Whether the job takes no more work."""


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job as it is accepted, which its row keeps; see the columns of `jobs`."""

    id: str
    project_id: str
    job_type: JobType
    api: JobApi = JobApi.BATCH
    public_id: str | None = None
    echo: dict[str, Any] | None = None
    directory_id: str | None
    request: dict[str, Any]
    run: dict[str, Any]
    parameters_hash: str
    engine_fingerprint: str
    unsupported_parameters: list[str]
    has_webhooks: bool
    is_small: bool = False
    priority: int = 3


@dataclass(frozen=True, kw_only=True)
class JobRow(NewJob):
    """A job as the ledger has it now: as it was accepted, and how far it has come."""

    status: JobStatus
    total: int
    completed: int
    failed: int
    skipped: int
    cancelled: int
    is_enumerated: bool
    admitted_at: int | None
    """When it was given a place among the open jobs; None while it waits for one."""
    carried_by: str | None
    """The Workflow that it shares with other jobs of one file; None where it has its own."""
    cancel_requested_at: int | None
    reason: str | None
    error_message: str | None
    created_at: int
    updated_at: int
    started_at: int | None
    completed_at: int | None

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for its turn, and has no Workflow yet."""
        return self.admitted_at is None and self.completed_at is None

    @property
    def settled(self) -> int:
        """Items in a terminal state."""
        return self.completed + self.failed + self.skipped + self.cancelled


TERMINAL_JOBS = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
