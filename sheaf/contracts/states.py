"""States and kinds that the ledger keeps and the contract names; plain words, quick to import."""

from enum import StrEnum


class JobStatus(StrEnum):
    """State of a batch job."""

    PENDING = "pending"
    RUNNING = "running"
    DISPATCHED = "dispatched"
    """Of the contract, accepted as a filter; no job of ours enters it."""
    COMPLETED = "completed"
    """Every item is settled; some may have failed."""
    FAILED = "failed"
    """The job itself could not go on."""
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the job can change no more."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


class ItemStatus(StrEnum):
    """State of one file in a batch job."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether the item is settled."""
        return self not in {ItemStatus.PENDING, ItemStatus.PROCESSING}


class SkipReason(StrEnum):
    """Why a file was not worked on."""

    ALREADY_PROCESSED = "already_processed"
    """An earlier job's result stands for its own."""
    SIZE_LIMIT_EXCEEDED = "size_limit_exceeded"


class JobType(StrEnum):
    """What a job does to its files; this version creates no extract jobs."""

    PARSE = "parse"
    EXTRACT = "extract"
    CLASSIFY = "classify"


class Phase(StrEnum):
    """What an event says has become of a job, or of an item."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    PARTIAL_SUCCESS = "partial_success"
    CANCELLED = "cancelled"


class DeliveryStatus(StrEnum):
    """State of one event to one receiver."""

    PENDING = "pending"
    """Not taken yet: to be sent, or to be sent again."""
    DELIVERED = "delivered"
    """Answered with a 2xx status."""
    GIVEN_UP = "given_up"
    """Not sent again: all attempts failed, or the receiver is disabled or gone."""
