"""Payloads of a job that one worker does in one go, as they cross the Temporal service."""

from pydantic import Field

from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.temporal.runs import (
    MAX_SAMPLED_FAILURES,
    Counts,
    EnumerationProgress,
    FailureSample,
    RunBatchResult,
)

MOST_CARRIED = 16
"""Jobs that share a Workflow at most. Of what a job costs Temporal, a sixteenth is left then."""


class RunSmallJobInput(Payload):
    """Argument of the local Activity `run_small_job`."""

    job_id: str
    file_seconds: float


class RunSmallJobResult(Payload):
    """What a job in one go has come to: its end, or how far it got where it is not small."""

    result: RunBatchResult | None = None
    """The job's end; None when pages have to do what is left."""
    enumerated: EnumerationProgress = EnumerationProgress(high_water_mark=0)
    """How far the source is listed."""
    counts: Counts = Counts()
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)


class RunSmallJobsInput(Payload):
    """Argument of `SmallJobsWorkflow`, and of the local Activity `run_small_jobs`."""

    jobs: tuple[RunSmallJobInput, ...] = Field(min_length=1, max_length=MOST_CARRIED)
    longest_file_seconds: float
    """Most time that a file of any of them may take."""


class RunSmallJobsResult(Payload):
    """What became of jobs that shared a Workflow."""

    ended: int
    left: int
    """Jobs that were not done in one go and have a Workflow of their own now."""
