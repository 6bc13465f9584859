"""What the worker's loop does first: giving every job that waits its place."""

from sheaf.ledger.database import Database
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.rules.scheduling.admission import Capacity

PLENTY = Capacity(small=1000, large=1000)


async def admit_all(database: Database, worker: str = "worker") -> list[str]:
    """Admit all jobs that wait, of each project; return their ids in their order."""
    admissions = AdmissionLedger(database)
    return [job.id for job in await admissions.admit(worker, PLENTY)]
