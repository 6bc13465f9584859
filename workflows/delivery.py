"""The Workflow of a receiver: it lives while there is something to tell, and sleeps in between."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.signatures import WebhookActivities
    from sheaf.contracts.http.deliveries import DeliverEventsResult, DeliveryInput
    from workflows import options
    from workflows.reasons import reason_of


@workflow.defn
class DeliveryWorkflow:
    """Work off the outbox of one receiver, round by round, until nothing is pending.

    A round is one Activity over many events. Between rounds it waits until the next attempt is
    due, or until it is woken because there are new events. A round that fails for good, by a fault
    of our own, ends it with that reason, after a rest: its events are not lost, and whoever finds
    them waiting starts it again.
    """

    @workflow.init
    def __init__(self, input: DeliveryInput) -> None:
        self._input = input
        self._is_woken = False

    @workflow.run
    async def run(self, input: DeliveryInput) -> None:
        while True:
            # Before the round: events that come while it runs wake the next one.
            self._is_woken = False
            wait = (await self._round()).wait_seconds
            if wait is None and not self._is_woken:
                return
            if wait:
                await self._sleep(wait)
            if workflow.info().get_current_history_length() >= input.max_events:
                workflow.continue_as_new(input)

    @workflow.signal
    def wake(self) -> None:
        """Hear that there is more to tell."""
        self._is_woken = True

    async def _round(self) -> DeliverEventsResult:
        try:
            return await self._deliver()
        except ActivityError as error:
            if not is_cancelled_exception(error) and workflow.patched("rest-after-a-fault"):
                workflow.set_current_details(f"Nothing can be delivered: {reason_of(error)}")
                await asyncio.sleep(self._input.fault_rest_seconds)
            raise

    async def _deliver(self) -> DeliverEventsResult:
        workflow.set_current_details("Delivering what is due")
        return await workflow.execute_activity_method(
            WebhookActivities.deliver_events,
            self._input,
            start_to_close_timeout=timedelta(seconds=self._input.seconds) + options.DELIVERY_MARGIN,
            schedule_to_close_timeout=options.LEDGER_BUDGET,
            heartbeat_timeout=options.DELIVERY_HEARTBEAT,
            retry_policy=options.LEDGER_RETRY,
        )

    async def _sleep(self, seconds: float) -> None:
        until = workflow.now() + timedelta(seconds=seconds)
        workflow.set_current_details(f"The next attempt is due at {until:%Y-%m-%d %H:%M:%S} UTC")
        try:
            await workflow.wait_condition(
                lambda: self._is_woken, timeout=timedelta(seconds=seconds)
            )
        except TimeoutError:
            return
