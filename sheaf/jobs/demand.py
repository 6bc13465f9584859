"""How much work there is, for what decides how many workers there are."""

import asyncio
import time
from dataclasses import asdict, dataclass

from prometheus_client import Gauge

from sheaf.ledger.jobs.admissions import AdmissionLedger

FRESH_SECONDS = 2.0
"""Whoever asks needs no key, so that asking more often costs the ledger nothing."""

_JOBS = Gauge("sheaf_jobs", "Jobs that have not ended, of the whole deployment.", ["kind", "state"])


@dataclass(frozen=True)
class Jobs:
    """Jobs of a class that have not ended: each needs a place at a worker."""

    open: int
    waiting: int
    """For a place, in the ledger; no queue of Temporal's has them."""
    all: int


class Demand:
    """Counts the jobs of the deployment, at most every other second."""

    def __init__(self, admissions: AdmissionLedger) -> None:
        self._admissions = admissions
        self._lock = asyncio.Lock()
        self._counted_at = float("-inf")
        self._found: dict[str, Jobs] = {}

    async def jobs(self) -> dict[str, Jobs]:
        """Return them: `small` ones, of a few named files, and `large`, which are all others."""
        async with self._lock:
            if time.monotonic() - self._counted_at >= FRESH_SECONDS:
                counts = await self._admissions.open_and_waiting()
                self._found = {
                    "small" if is_small else "large": Jobs(opened, waiting, opened + waiting)
                    for is_small, (opened, waiting) in counts.items()
                }
                self._counted_at = time.monotonic()
                self._publish()
        return self._found

    def _publish(self) -> None:
        for kind, found in self._found.items():
            for state, count in asdict(found).items():
                if state != "all":
                    _JOBS.labels(kind, state).set(count)
