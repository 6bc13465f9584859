"""The Workflow that lists a job's source while the job is already being worked on.

It is a child of its own, abandoned like the pages, because the parent continues as new meanwhile
and an Activity ends with the run that started it.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures import EnumerationActivities
    from sheaf.contracts.temporal.runs import EnumerationInput, EnumerationProgress
    from workflows import options
    from workflows.signals import is_heard


@workflow.defn
class EnumerationWorkflow:
    """Give a job's items their ordinals and tell the parent how far they go."""

    @workflow.run
    async def run(self, input: EnumerationInput) -> EnumerationProgress:
        enumerated = await self._enumerate(input)
        if enumerated.is_superseded:
            # Whoever took its place tells the parent; where nobody did, the watchdog sees the end.
            return enumerated
        parent = workflow.get_external_workflow_handle(input.parent_id)
        if not await is_heard(parent.signal("enumerated", enumerated)):
            workflow.logger.info("the parent does not listen")
        workflow.set_current_details(
            f"{enumerated.high_water_mark} items, {enumerated.skipped} skipped"
        )
        return enumerated

    async def _enumerate(self, input: EnumerationInput) -> EnumerationProgress:
        try:
            return await workflow.execute_activity_method(
                EnumerationActivities.enumerate_items,
                input,
                start_to_close_timeout=options.ENUMERATION_TIMEOUT,
                schedule_to_close_timeout=options.LEDGER_BUDGET,
                heartbeat_timeout=timedelta(seconds=input.heartbeat_seconds),
                retry_policy=options.LEDGER_RETRY,
                summary="list the source",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            # No failure of this Workflow: the parent settles what was listed, and fails with this.
            return EnumerationProgress(
                high_water_mark=0, error=f"the source cannot be listed: {error.cause}"
            )
