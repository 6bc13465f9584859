"""A group of events on their way to one receiver."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from sheaf.contracts.http.deliveries import DeliveryError
from sheaf.contracts.states import Phase
from sheaf.ledger.database import now_us
from sheaf.ledger.webhooks.deliveries import DueEvent, ReceiverRow
from sheaf.rules.outside_faults import Blame, blame
from sheaf.rules.webhooks import events
from sheaf.rules.webhooks.delivery_order import segments
from sheaf.rules.webhooks.retries import FAILURES_TO_REST, window
from sheaf.views.views import UnwritableError
from sheaf.webhooks.receivers import Sealed
from sheaf.webhooks.result_push import ResultPush
from sheaf.webhooks.sender import Attempt, Message, Sender

log = structlog.get_logger(__name__)

WIDEST = 16
"""Events on their way to one receiver at once."""
WIDEST_RESULTS = 2
"""The same where each is a whole result."""
GONE = 410


@dataclass(frozen=True)
class Sent:
    """An event and what came of sending it."""

    event: DueEvent
    attempt: Attempt


class EventGroup:
    """A group of events on their way: several at once, until too many fail in a row."""

    def __init__(
        self,
        receiver: ReceiverRow,
        sealed: Sealed,
        push: ResultPush,
        stops: Callable[[], bool],
        senders: Sequence[Sender],
    ) -> None:
        self._receiver = receiver
        self._sealed = sealed
        self._push = push
        self._stops = stops
        self._senders = senders
        self.failures = receiver.failures
        self.sent: list[Sent] = []
        self._is_stopped = False

    async def send(self, due: Sequence[DueEvent]) -> None:
        """Send events in their order, as far as it is worth while."""
        widest = WIDEST_RESULTS if self._receiver.output_format == "result" else WIDEST
        width = window(self.failures, widest)
        for segment in segments(due):
            chains = iter(segment)
            async with asyncio.TaskGroup() as tasks:
                for sender in self._senders[: min(width, len(segment))]:
                    tasks.create_task(self._send_chains(chains, sender))
            if self._is_stopped or self._stops():
                return

    async def _send_chains(self, chains: Iterator[list[DueEvent]], sender: Sender) -> None:
        for chain in chains:
            for event in chain:
                if self._is_stopped or self._stops():
                    return
                attempt = await self._attempt(event, sender)
                self.sent.append(Sent(event, attempt))
                if attempt.error is DeliveryError.INTERNAL:
                    continue
                self.failures = 0 if attempt.is_delivered else self.failures + 1
                self._is_stopped |= (
                    self.failures >= FAILURES_TO_REST
                    or attempt.status_code == GONE
                    or bool(attempt.retry_after and not attempt.is_delivered)
                )

    async def _attempt(self, event: DueEvent, sender: Sender) -> Attempt:
        """Send an event; a fault of our own is an attempt at it, and holds up no other event."""
        try:
            return await self._send(event, sender)
        except Exception as error:
            if blame(error) is Blame.OUTSIDE:
                raise
            log.exception(
                "an event cannot be told", receiver_id=self._receiver.id, event_id=event.id
            )
            return Attempt(now_us(), 0, error=DeliveryError.INTERNAL)

    async def _send(self, event: DueEvent, sender: Sender) -> Attempt:
        event_id = _event_id(self._receiver.id, event)
        try:
            body = await self._body(event, event_id)
        except UnwritableError as error:
            log.warning("a result cannot be sent", receiver_id=self._receiver.id, cause=str(error))
            return Attempt(now_us(), 0, error=DeliveryError.RESULT_UNWRITABLE)
        if body is None:
            return Attempt(now_us(), 0, error=DeliveryError.NO_RESULT)
        return await sender.send(
            Message(
                id=event_id,
                type=event.event_type,
                url=self._sealed.webhook_url,
                body=body,
                headers=self._sealed.webhook_headers or {},
                secrets=self._sealed.secrets,
            )
        )

    async def _body(self, event: DueEvent, event_id: str) -> bytes | None:
        """Return what is sent of an event, the same each time; None where it is no more."""
        form = self._receiver.output_format
        if form == "result" and event.item:
            return await self._push.body(event.item.task_id)
        data = _data(event)
        return events.body(event_id, event.event_type, event.created_at, data, form)


def _event_id(receiver_id: str, event: DueEvent) -> str:
    if event.job_id is None:
        return events.test_event_id(receiver_id, event.id)
    return events.event_id(event.job_id, event.ordinal, event.event_type)


def _data(event: DueEvent) -> dict[str, object]:
    if event.job is None:
        return {"message": "A test of this receiver, asked for by its owner."}
    phase = Phase(event.event_type.partition(".")[2])
    if event.item:
        return events.item_data(event.job, event.item, phase)
    return events.job_data(event.job, phase)
