"""Faults of our own in Activities: they are not tried again for ever.

An outage passes, so an Activity that meets one is retried for as long as its budget lasts. What
code of ours got wrong it gets wrong again: after a few attempts in a row the Activity fails for
good, its Workflow ends the job with that reason, and whoever operates is told.
"""

from collections import OrderedDict
from typing import Any

import structlog
from prometheus_client import Counter
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from sheaf.rules.outside_faults import Blame, blame, reason

log = structlog.get_logger(__name__)

MAX_OWN_FAULTS = 5
"""In a row, of one Activity in one process: 15 s of retries, since a driver whose connection is cut
may also raise what looks like a fault of ours. A worker that was started anew counts anew."""

MAX_COUNTED = 1000
"""Activities that are counted at once; the one that failed longest ago is forgotten first."""

FAILED_FOR_GOOD = Counter(
    "sheaf_activities_failed_for_good",
    "Activities that a fault in the program itself has ended; their jobs end with that reason.",
)


class EndsOnOwnFaults(Interceptor):
    """Makes an Activity that keeps failing by a fault of ours fail for good."""

    def __init__(self) -> None:
        self._counts: OrderedDict[tuple[str | None, str], int] = OrderedDict()

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        """Wrap the next interceptor of the chain."""
        return _Counted(super().intercept_activity(next), self._counts)


class _Counted(ActivityInboundInterceptor):
    def __init__(
        self,
        next: ActivityInboundInterceptor,
        counts: OrderedDict[tuple[str | None, str], int],
    ) -> None:
        super().__init__(next)
        self._counts = counts

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        key = (info.workflow_run_id, info.activity_id)
        try:
            answer = await super().execute_activity(input)
        except Exception as error:
            faults = self._counts.pop(key, 0) + 1
            # What says itself how it is to be tried again is not counted, and neither is an outage.
            if isinstance(error, ApplicationError) or blame(error) is not Blame.PROGRAM:
                raise
            if faults >= MAX_OWN_FAULTS:
                raise _for_good(error) from error
            self._counts[key] = faults
            while len(self._counts) > MAX_COUNTED:
                self._counts.popitem(last=False)
            raise
        self._counts.pop(key, None)
        return answer


def _for_good(error: Exception) -> ApplicationError:
    FAILED_FOR_GOOD.inc()
    log.error("activity failed for good", cause=reason(error), exc_info=error)
    name, _, text = reason(error).partition(": ")
    return ApplicationError(text, type=name, non_retryable=True)
