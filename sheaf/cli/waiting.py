"""What a job waits for, in words: for `sheaf show`, `watch` and `run`."""

import asyncio
import time
from typing import TYPE_CHECKING

from sheaf.cli.output import shown
from sheaf.cli.session import Session, uses_own_temporal
from sheaf.contracts.states import JobStatus
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.ledger.records import JobRow

if TYPE_CHECKING:
    from sheaf.jobs.hold_ups import HoldUp

LOOK_SECONDS = 2.0
"""Between two looks of one that follows a job."""
TEMPORAL_SECONDS = 5.0
MOST_CAUSES = 3


class Waits:
    """Looks for what jobs wait for; without Temporal it says what the ledger knows."""

    def __init__(self, current: Session) -> None:
        self._current = current
        self._admissions = AdmissionLedger(current.database)
        self._looked_at = float("-inf")
        self._said: list[str] = []

    async def followed(self, job: JobRow, *, is_moving: bool) -> str:
        """Return the first thing that a job waits for, or nothing; it looks now and then.

        Args:
            job: as it is now.
            is_moving: whether files of it have ended since the last call: it waits for nothing.
        """
        if is_moving:
            self._said = []
        elif time.monotonic() - self._looked_at >= LOOK_SECONDS:
            self._said = await self.told(job)
            self._looked_at = time.monotonic()
        return self._said[0] if self._said else ""

    async def told(self, job: JobRow) -> list[str]:
        """Return what a job waits for now, a sentence each; none where it goes on or has ended."""
        if job.status.is_terminal:
            return []
        said = []
        if job.cancel_requested_at:
            said.append("It is being cancelled: what runs comes to its end.")
        if not await self._admissions.has_workers():
            return [*said, self._without_workers()]
        if job.is_waiting:
            return [*said, ahead(await self._admissions.place(job))]
        if job.status is JobStatus.PENDING:
            said.append("It has its turn, and begins.")
        elif not job.is_enumerated:
            said.append("Its files are still being listed.")
        retried, cause = await self._current.items.retried(job.id)
        if retried:
            files = "1 file goes" if retried == 1 else f"{retried} files go"
            said.append(f"{files} again: {shown(cause)}")
        return [*await self._held_up(job), *said]

    def _without_workers(self) -> str:
        if uses_own_temporal():
            return "Waits for a worker: none runs. Start one with `python -P -m worker`."
        return "Waits for a worker: nothing runs in this home. `sheaf up` goes on with it."

    async def _held_up(self, job: JobRow) -> list[str]:
        running = self._current.home.running()
        if running is None and not uses_own_temporal():
            return []
        # Only here: what has ended is shown without the client, which is slow to import.
        from sheaf.composition import connect
        from sheaf.jobs.hold_ups import AwayError, hold_ups

        try:
            async with asyncio.timeout(TEMPORAL_SECONDS):
                client = await connect(1, running.temporal_address if running else None)
                found = await hold_ups(client, job.id)
        except (RuntimeError, AwayError, TimeoutError):
            return ["Waits for Temporal, which does not answer."]
        return [_sentence(one) for one in found[:MOST_CAUSES]]


def ahead(place: int | None) -> str:
    """Return how many jobs go before one that waits."""
    if not place or place == 1:
        return "It is the next to begin."
    return f"Waits for other jobs: {place - 1} {'goes' if place == 2 else 'go'} before it."


def _sentence(one: "HoldUp") -> str:
    times = "once" if one.attempts == 1 else f"{one.attempts} times"
    again = f", again in {one.again_in_seconds:.0f} s" if one.again_in_seconds >= 1 else ""
    return f"Held up, tried {times}{again}: {shown(one.cause)}"
