"""Which of the contract's APIs a job belongs to, and what a caller's key allows."""

from enum import StrEnum


class JobApi(StrEnum):
    """The API that made a job, and in whose lists it is shown."""

    BATCH = "batch"
    """`/api/v1/beta/batch-processing`."""
    BATCH_V2 = "batch_v2"
    """`/api/v2/batches`."""
    PARSE = "parse"
    """`/api/v2/parse` and `/api/v1/parsing/upload`: a batch of one."""
    CLASSIFY = "classify"
    """`/api/v2/classify`: a batch of one."""
    CLASSIFIER = "classifier"
    """`/api/v1/classifier/jobs`: a batch over files that were uploaded."""


class Scope(StrEnum):
    """What a key allows; each allows what the one before it does."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def allows(self, needed: "Scope") -> bool:
        """Whether a key of this scope may do what needs the other."""
        order = list(Scope)
        return order.index(self) >= order.index(needed)
