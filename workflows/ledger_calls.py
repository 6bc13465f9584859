"""Activities that only touch the ledger, and what every part of a Workflow asks around them."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures import JobActivities
    from sheaf.contracts.temporal.runs import FinalizeJobInput, FinalizeJobResult, JobRef
    from workflows import options
    from workflows.reasons import reason_of

Argument = TypeVar("Argument")
Answer = TypeVar("Answer")


async def call_ledger(
    method: Callable[[Any, Argument], Awaitable[Answer]],
    argument: Argument,
    summary: str | None = None,
) -> Answer:
    """Run one of the short Activities that only read or write the ledger.

    Raises:
        ActivityError: it failed for good: by a fault of our own, or its budget is used up.
    """
    return await workflow.execute_activity_method(
        method,
        argument,
        start_to_close_timeout=options.LEDGER_TIMEOUT,
        schedule_to_close_timeout=options.LEDGER_BUDGET,
        retry_policy=options.LEDGER_RETRY,
        summary=summary,
    )


async def end_job(input: FinalizeJobInput) -> FinalizeJobResult:
    """Settle a job that is to end now; it ends `failed` where it cannot be settled as asked."""
    try:
        return await call_ledger(JobActivities.finalize_job, input)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        # A fault of ours keeps the job from its end. It must end all the same, with that reason.
        reason = f"the orchestration failed: {reason_of(error)}"
        if input.error:
            reason = f"{input.error}; {reason}"
        return await call_ledger(
            JobActivities.fail_job, JobRef(job_id=input.job_id, reason=reason[:2000])
        )
