"""Starts, or wakes, the Workflow of each receiver that has something to be told."""

import asyncio
import time
from datetime import timedelta

import structlog
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError

from sheaf.contracts.http.deliveries import DeliveryInput
from sheaf.contracts.ids import delivery_workflow_id
from sheaf.contracts.temporal.queues import WEBHOOKS
from sheaf.ledger.leases import Leases
from sheaf.ledger.webhooks.deliveries import DeliveryLedger
from sheaf.ledger.webhooks.delivery_log import DeliveryLog
from sheaf.rules.outside_faults import reason
from sheaf.runtime.loops import repeat
from sheaf.webhooks.process import WebhookProcess

log = structlog.get_logger(__name__)

RPC_TIMEOUT = timedelta(seconds=5)
WOKEN_SECONDS = 10.0
"""A receiver whose Workflow was woken is not looked at again for so long."""
LEASE_SECONDS = 15.0
PRUNE_SECONDS = 600.0


class NoProcessError(Exception):
    """This machine cannot start the process that tells receivers."""


class Dispatcher:
    """Looks at the outbox every moment; one process at a time does, by a lease.

    Args:
        process: tells them; it is started when it is needed.
        seconds: between two looks.
        log_days: how long ended deliveries are kept.
    """

    def __init__(
        self,
        deliveries: DeliveryLedger,
        delivery_log: DeliveryLog,
        leases: Leases,
        client: Client,
        process: WebhookProcess,
        *,
        seconds: float,
        log_days: float,
    ) -> None:
        self._deliveries = deliveries
        self._log = delivery_log
        self._leases = leases
        self._client = client
        self._process = process
        self._seconds = seconds
        self._log_days = log_days
        self._pruned_at = 0.0
        self._rests_until = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Look until told to stop; an error is logged and the next look tries again."""

        async def step() -> None:
            if time.monotonic() < self._rests_until:
                return
            try:
                if await self._leases.take("webhooks", LEASE_SECONDS):
                    await self.dispatch()
                    await self._prune()
            except NoProcessError as error:
                # Until the lease is over, and another worker has had the time to take it.
                self._rests_until = time.monotonic() + 2 * LEASE_SECONDS
                log.warning("events are left to another worker", cause=str(error))
            except (RPCError, RuntimeError) as error:
                log.warning("events wait for Temporal", error=str(error))
            except Exception:
                log.exception("events could not be dispatched")

        await repeat(step, self._seconds, stop)

    async def dispatch(self) -> None:
        """Wake the Workflow of every receiver that has due events and is in nobody's hands.

        Raises:
            NoProcessError: nobody of this machine would tell them.
        """
        waiting = await self._deliveries.waiting()
        if waiting:
            try:
                await self._process.ensure()
            except OSError as error:
                raise NoProcessError(reason(error)) from error
        for receiver_id in waiting:
            await self._client.start_workflow(
                "DeliveryWorkflow",
                DeliveryInput(receiver_id=receiver_id),
                id=delivery_workflow_id(receiver_id),
                task_queue=WEBHOOKS,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                start_signal="wake",
                static_summary=f"events to {receiver_id}",
                rpc_timeout=RPC_TIMEOUT,
            )
            await self._deliveries.take(receiver_id, WOKEN_SECONDS)

    async def _prune(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._pruned_at >= PRUNE_SECONDS:
            self._pruned_at = now
            await self._log.prune(self._log_days)
