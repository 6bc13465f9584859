"""Working off the outbox of one receiver, group by group."""

import asyncio
import random
import ssl
import time
from collections.abc import Callable, Sequence

import structlog

from sheaf.contracts.http.deliveries import DeliveryError
from sheaf.contracts.states import DeliveryStatus
from sheaf.ledger.database import now_us
from sheaf.ledger.webhooks.deliveries import (
    DeliveryLedger,
    DueEvent,
    Health,
    ReceiverRow,
    Verdict,
)
from sheaf.rules.webhooks.retries import (
    SCHEDULE,
    SECONDS_TO_DISABLE,
    cool_down,
    retry_wait,
)
from sheaf.webhooks.event_group import GONE, WIDEST, EventGroup, Sent
from sheaf.webhooks.receivers import Receivers
from sheaf.webhooks.result_push import ResultPush
from sheaf.webhooks.sender import Sender
from sheaf.webhooks.url_guard import Guard

log = structlog.get_logger(__name__)

GROUP = 200
"""Events between two transactions; after a kill at most so many are sent once more."""
IN_HAND_SECONDS = 60.0
LINGER_SECONDS = 5.0
"""An empty outbox is looked at for so long before the deliverer leaves: a batch may go on."""
LOOK_SECONDS = 0.25


class Deliverer:
    """Sends events to their receivers and records what came of it.

    Args:
        ledger: the outbox.
        receivers: opens what is sealed.
        push: renders the results that are sent instead of events.
        guard: judges every URL before every message.
        context: trusted certificates.
        schedule: seconds before the second attempt and each next one; None takes the
            specification's.
    """

    def __init__(
        self,
        ledger: DeliveryLedger,
        receivers: Receivers,
        push: ResultPush,
        guard: Guard,
        context: ssl.SSLContext,
        schedule: Sequence[float] | None = None,
    ) -> None:
        self._ledger = ledger
        self._receivers = receivers
        self._push = push
        self._guard = guard
        self._context = context
        self._schedule = schedule or SCHEDULE

    async def deliver(
        self, receiver_id: str, seconds: float, stops: Callable[[], bool]
    ) -> float | None:
        """Send what is due to one receiver, for about so long, or until `stops` says so.

        Returns:
            Seconds until more is due, 0 for now; None when nothing is pending.
        """
        senders = [Sender(self._guard, self._context) for _ in range(WIDEST)]
        try:
            await self._work_off(receiver_id, time.monotonic() + seconds, stops, senders)
        finally:
            for sender in senders:
                await sender.close()
        return await self._wait(receiver_id)

    async def _work_off(
        self,
        receiver_id: str,
        until: float,
        stops: Callable[[], bool],
        senders: Sequence[Sender],
    ) -> None:
        idle_since = time.monotonic()
        while time.monotonic() < until and not stops():
            receiver = await self._ledger.take(receiver_id, IN_HAND_SECONDS)
            if receiver is None:
                await self._ledger.give_up(receiver_id)
                return
            if receiver.rests_until > now_us():
                return
            due = await self._ledger.due(receiver_id, GROUP)
            if due:
                await self._send_group(receiver, due, stops, senders)
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= LINGER_SECONDS:
                return
            else:
                await asyncio.sleep(LOOK_SECONDS)

    async def _wait(self, receiver_id: str) -> float | None:
        receiver = await self._ledger.take(receiver_id, 0)
        next_due = await self._ledger.next_due(receiver_id)
        if receiver is None or next_due is None:
            return None
        at = max(next_due, receiver.rests_until)
        return max(0.0, (at - now_us()) / 1_000_000)

    async def _send_group(
        self,
        receiver: ReceiverRow,
        due: Sequence[DueEvent],
        stops: Callable[[], bool],
        senders: Sequence[Sender],
    ) -> None:
        sealed = self._receivers.open(receiver.sealed)
        group = EventGroup(receiver, sealed, self._push, stops, senders)
        try:
            await group.send(due)
        finally:
            # Also after a fault: what was taken must not be sent again.
            await self._record(receiver, group)

    async def _record(self, receiver: ReceiverRow, group: EventGroup) -> None:
        if not group.sent:
            return
        now = now_us()
        verdicts = [self._verdict(one, now) for one in group.sent]
        # A fault of our own says nothing of the receiver.
        told = [one for one in group.sent if one.attempt.error is not DeliveryError.INTERNAL]
        is_better = any(one.attempt.is_delivered for one in told)
        began = told[0].attempt.at if told else None
        since = None if is_better else (receiver.failing_since or began)
        if is_better and group.failures:
            since = now
        asked = [
            one.attempt.retry_after or 0.0 for one in group.sent if not one.attempt.is_delivered
        ]
        pause = cool_down(group.failures, max(asked, default=0.0))
        reason = None
        if any(one.attempt.status_code == GONE for one in group.sent):
            reason = "it answered 410 Gone"
        elif since and now - since >= SECONDS_TO_DISABLE * 1_000_000:
            reason = "it took no event for five days"
        if reason:
            log.warning("a receiver is disabled", receiver_id=receiver.id, reason=reason)
        health = Health(group.failures, since, now + round(pause * 1_000_000), reason)
        await self._ledger.record(receiver.id, verdicts, health)

    def _verdict(self, sent: Sent, now: int) -> Verdict:
        event, attempt = sent.event, sent.attempt
        entry = [attempt.at, attempt.status_code, attempt.latency_ms, attempt.error]
        attempts = event.attempts + 1
        wait = retry_wait(attempts, random.random(), attempt.retry_after, self._schedule)  # noqa: S311
        status, next_at = DeliveryStatus.PENDING, now
        if attempt.is_delivered:
            status = DeliveryStatus.DELIVERED
        elif wait is None or (attempt.error and attempt.error.is_final):
            status = DeliveryStatus.GIVEN_UP
        else:
            next_at = now + round(wait * 1_000_000)
        ended_at = None if status is DeliveryStatus.PENDING else now
        return Verdict(event.id, status, attempts, next_at, ended_at, [*event.log, entry])
