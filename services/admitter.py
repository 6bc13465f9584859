"""The loop of a worker that gives waiting jobs their places and starts their Workflows."""

import asyncio
import time
import uuid

import structlog

from rules.admission import Capacity
from services.jobs import JobService
from services.ledger.admissions import WORKER_LEASE, AdmissionLedger
from services.ledger.leases import Leases
from services.loops import repeat

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15.0
"""A worker that is silent for so long has no places any more; its open jobs keep theirs."""
FORGET_SECONDS = 3600.0


class Admitter:
    """Admits as many jobs as this worker has places for, again every moment.

    Each worker admits for itself, so a job is begun by one that has room for it.

    Args:
        capacity: its places.
        seconds: between two looks, and so the time that a job waits while there is room.
    """

    def __init__(
        self,
        admissions: AdmissionLedger,
        leases: Leases,
        service: JobService,
        capacity: Capacity,
        seconds: float,
    ) -> None:
        self._admissions = admissions
        self._leases = leases
        self._service = service
        self._capacity = capacity
        self._seconds = seconds
        # Unlike a host's name and a process's number, never that of one before: its open jobs
        # would count as this one's.
        self._name = uuid.uuid4().hex
        self._renewed_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Admit until told to stop; an error is logged and the next look tries again."""

        async def step() -> None:
            try:
                await self._renew()
                await self.admit()
            except Exception:
                log.exception("jobs could not be admitted")
                self._renewed_at = float("-inf")

        await repeat(step, self._seconds, stop)

    async def admit(self) -> int:
        """Admit and start what there is room for; return how many jobs that were."""
        if not await self._admissions.has_waiting():
            return 0
        admitted = await self._admissions.admit(self._name, self._capacity)
        await asyncio.gather(*(self._service.try_start(job) for job in admitted))
        return len(admitted)

    async def _renew(self) -> None:
        """Keep this worker among those that have places, and forget who left without a word."""
        if time.monotonic() - self._renewed_at < LEASE_SECONDS / 3:
            return
        await self._leases.take(WORKER_LEASE + self._name, LEASE_SECONDS)
        await self._leases.forget(WORKER_LEASE, FORGET_SECONDS)
        self._renewed_at = time.monotonic()
