"""The loop of a worker that gives waiting jobs their places and starts their Workflows."""

import asyncio
import time
import uuid
from collections import defaultdict

import structlog

from sheaf.jobs.service import JobService
from sheaf.ledger.jobs.admissions import WORKER_LEASE, AdmissionLedger
from sheaf.ledger.leases import Leases
from sheaf.ledger.records import JobRow
from sheaf.rules.scheduling.admission import Capacity
from sheaf.runtime.loops import repeat

log = structlog.get_logger(__name__)

LEASE_SECONDS = 15.0
"""A worker that is silent for so long has no places any more; its open jobs keep theirs."""
FORGET_SECONDS = 3600.0

TOGETHER_SECONDS = 0.02
"""Least time between two looks."""


class Admitter:
    """Admits as many jobs as this worker has places for, again every moment.

    Each worker admits for itself, so a job is begun by one that has room for it.

    Args:
        capacity: its places.
        seconds: between two looks, and so the time that a job waits while there is room.
        freed: is set when a job of this worker has ended, so that the next one does not wait.
    """

    def __init__(
        self,
        admissions: AdmissionLedger,
        leases: Leases,
        service: JobService,
        capacity: Capacity,
        seconds: float,
        freed: asyncio.Event | None = None,
    ) -> None:
        self._admissions = admissions
        self._leases = leases
        self._service = service
        self._capacity = capacity
        self._seconds = seconds
        self._freed = freed
        # Unlike a host's name and a process's number, never that of one before: its open jobs
        # would count as this one's.
        self._name = uuid.uuid4().hex
        self._renewed_at = float("-inf")

    async def run(self, stop: asyncio.Event) -> None:
        """Admit until told to stop; an error is logged and the next look tries again."""

        async def step() -> None:
            # Ends that come close upon each other make one look.
            await asyncio.sleep(min(self._seconds, TOGETHER_SECONDS))
            try:
                await self._renew()
                await self.admit()
            except Exception:
                log.exception("jobs could not be admitted")
                self._renewed_at = float("-inf")

        await repeat(step, self._seconds, stop, self._freed)

    async def admit(self) -> int:
        """Admit and start what there is room for; return how many jobs that were."""
        if not await self._admissions.has_waiting():
            return 0
        admitted = await self._admissions.admit(self._name, self._capacity)
        carried: defaultdict[str, list[JobRow]] = defaultdict(list)
        for job in admitted:
            if job.carried_by:
                carried[job.carried_by].append(job)
        starts = [self._service.try_start(job) for job in admitted if not job.carried_by]
        starts += [self._service.try_start_together(*one) for one in carried.items()]
        await asyncio.gather(*starts)
        return len(admitted)

    async def _renew(self) -> None:
        """Keep this worker among those that have places, and forget who left without a word."""
        if time.monotonic() - self._renewed_at < LEASE_SECONDS / 3:
            return
        await self._leases.take(WORKER_LEASE + self._name, LEASE_SECONDS)
        await self._leases.forget(WORKER_LEASE, FORGET_SECONDS)
        self._renewed_at = time.monotonic()
