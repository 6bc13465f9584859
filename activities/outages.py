"""What a slice or an enumeration does when something that every file needs does not answer.

Nothing of that is a file's fault: claims go back uncounted, the attempt ends with an error that
says what is waited for, and Temporal begins the slice again a little later, for as long as it
takes. The slot is free meanwhile for jobs that need something else.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.cancellation import stop_if_cancelled
from sheaf.contracts.failures import FailureKind, OutageError
from sheaf.ledger.items.claims import ClaimLedger
from sheaf.ledger.records import ClaimedItem
from sheaf.rules.outside_faults import Blame, blame, reason

log = structlog.get_logger(__name__)

LONGEST_WAIT_SECONDS = 15
"""Most seconds between two attempts at a slice that waits; the first are 1, 2, 4 and 8."""

GIVE_BACK_SECONDS = 1.0
"""Between two tries to give claims back while the ledger does not answer."""


@contextmanager
def comes_again(job_id: str) -> Iterator[None]:
    """Have Temporal begin the Activity again after a fault that is no file's and not ours.

    Raises:
        ApplicationError: of type `Unavailable`, saying what is waited for.
    """
    try:
        yield
    except Exception as error:
        if blame(error) is Blame.PROGRAM:
            raise
        cause = str(error) if isinstance(error, OutageError) else reason(error)
        wait = wait_seconds(activity.info().attempt)
        log.warning("waits for what is away", job_id=job_id, cause=cause, again_in_seconds=wait)
        # Without the error itself: its text may hold a statement with its values.
        raise ApplicationError(
            cause,
            type=FailureKind.UNAVAILABLE.value,
            next_retry_delay=timedelta(seconds=wait),
            category=ApplicationErrorCategory.BENIGN,
        ) from None


def wait_seconds(attempt: int) -> int:
    """Return how long to wait after an attempt, of which the first is 1."""
    return min(LONGEST_WAIT_SECONDS, 1 << min(attempt - 1, 10))


async def give_back(claims: ClaimLedger, job_id: str, items: Sequence[ClaimedItem]) -> None:
    """Release claims; while the ledger does not answer, wait for it.

    The slot that is held meanwhile is of no use to others: they need the same ledger. Were the
    claims left behind, whoever takes them next would count each as a worker that died.

    Raises:
        asyncio.CancelledError: the Activity was cancelled before the ledger answered.
    """
    while items:
        try:
            await claims.release(job_id, items)
        except Exception as error:
            if blame(error) is Blame.PROGRAM:
                raise
            log.warning("claims wait for the ledger", job_id=job_id, cause=reason(error))
        else:
            return
        stop_if_cancelled()
        await asyncio.sleep(GIVE_BACK_SECONDS)
