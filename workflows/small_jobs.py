"""The Workflow that jobs of one file share when many of them come at once."""

from datetime import timedelta

from temporalio import workflow
from temporalio.workflow import ActivityCancellationType

with workflow.unsafe.imports_passed_through():
    from activities.signatures import SmallJobActivities
    from sheaf.contracts.temporal.small_jobs import RunSmallJobsInput, RunSmallJobsResult
    from workflows import options
    from workflows.small_job import ONCE


@workflow.defn
class SmallJobsWorkflow:
    """Have several jobs done by one local Activity.

    Their ends are in the ledger. Where it fails, or is cancelled or terminated, the jobs that have
    not ended are begun again by the sweeper, each in a Workflow of its own.
    """

    @workflow.run
    async def run(self, input: RunSmallJobsInput) -> RunSmallJobsResult:
        longest = timedelta(seconds=input.longest_file_seconds)
        return await workflow.execute_local_activity_method(
            SmallJobActivities.run_small_jobs,
            input,
            start_to_close_timeout=max(longest, options.SLICE_WAIT)
            + longest
            + options.SLICE_MARGIN,
            retry_policy=ONCE,
            cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
        )
