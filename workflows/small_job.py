"""A job in one go: how its parent has the whole of it done by one local Activity."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from activities.signatures import SmallJobActivities
    from sheaf.contracts.temporal.runs import BatchInput
    from sheaf.contracts.temporal.small_jobs import RunSmallJobInput, RunSmallJobResult
    from workflows import options
    from workflows.reasons import reason_of

ONCE = RetryPolicy(maximum_attempts=1)
"""What it does not bring to an end, the pages do: they have the retries."""


async def run_small_job(input: BatchInput) -> RunSmallJobResult:
    """Have a job done in one go; where it fails, or the job is not small, no end comes back.

    Raises:
        FailureError: the Workflow was cancelled meanwhile.
    """
    limits = input.limits
    longest = timedelta(seconds=limits.longest_file_seconds or limits.file_seconds)
    try:
        return await workflow.execute_local_activity_method(
            SmallJobActivities.run_small_job,
            RunSmallJobInput(job_id=input.job_id, file_seconds=limits.file_seconds),
            start_to_close_timeout=max(longest, options.SLICE_WAIT)
            + longest
            + options.SLICE_MARGIN,
            retry_policy=ONCE,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
    except FailureError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("not done in one go", extra={"cause": reason_of(error)})
        return RunSmallJobResult()
