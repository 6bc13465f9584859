"""Payloads of a job that one worker does in one go, as they cross the Temporal service."""

from pydantic import Field

from models.payload import Payload
from models.runs import MAX_SAMPLED_FAILURES, BatchResult, Counts, Enumerated, FailureSample


class SmallJobInput(Payload):
    """Argument of the local Activity `run_small_job`."""

    job_id: str
    file_seconds: float


class SmallJobResult(Payload):
    """What a job in one go has come to: its end, or how far it got where it is not small."""

    result: BatchResult | None = None
    """The job's end; None when pages have to do what is left."""
    enumerated: Enumerated = Enumerated(mark=0)
    """How far the source is listed."""
    counts: Counts = Counts()
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)
