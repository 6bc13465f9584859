"""Telling receivers of events."""

from datetime import timedelta

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.heartbeats import heartbeating
from activities.signatures import WebhookActivities
from sheaf.contracts.http.deliveries import DeliverEventsResult, DeliveryInput
from sheaf.webhooks.deliverer import Deliverer
from sheaf.webhooks.seals import SealBrokenError

SEAL_RETRY = timedelta(minutes=5)
"""Only an operator can bring the right key back."""


class LedgerWebhookActivities(WebhookActivities):
    """Works off the outbox in the ledger."""

    def __init__(self, deliverer: Deliverer) -> None:
        self._deliverer = deliverer

    @activity.defn
    async def deliver_events(self, input: DeliveryInput) -> DeliverEventsResult:
        async with heartbeating():
            try:
                wait = await self._deliverer.deliver(input.receiver_id, input.seconds, _stops)
            except SealBrokenError as error:
                raise ApplicationError(str(error), next_retry_delay=SEAL_RETRY) from error
        return DeliverEventsResult(wait_seconds=wait)


def _stops() -> bool:
    return activity.is_cancelled() or activity.is_worker_shutdown()
