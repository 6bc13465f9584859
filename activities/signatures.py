"""Signatures of the Activities: all that a Workflow may know of them.

Nothing here imports a database or a parser, so Workflows stay light and a fake that subclasses a
signature is type-checked.
"""

from abc import ABC, abstractmethod

from temporalio import activity

from sheaf.contracts.http.deliveries import DeliverEventsResult, DeliveryInput
from sheaf.contracts.temporal.page_runs import (
    FindPageInput,
    FindPageResult,
    PlanPageInput,
    PlanPageResult,
)
from sheaf.contracts.temporal.runs import (
    EnumerationInput,
    EnumerationProgress,
    FinalizeJobInput,
    FinalizeJobResult,
    FindEndedPagesInput,
    FindEndedPagesResult,
    JobRef,
    ProcessSliceInput,
    ProcessSliceResult,
)
from sheaf.contracts.temporal.small_jobs import (
    RunSmallJobInput,
    RunSmallJobResult,
    RunSmallJobsInput,
    RunSmallJobsResult,
)


class JobActivities(ABC):
    """The job itself: its beginning, its cancellation and its end. All idempotent by job."""

    @activity.defn
    @abstractmethod
    async def begin_job(self, input: JobRef) -> bool:
        """Show the job as running; return whether it takes work (no cancel was asked for)."""

    @activity.defn
    @abstractmethod
    async def request_cancel(self, input: JobRef) -> None:
        """Refuse every further claim of the job's items."""

    @activity.defn
    @abstractmethod
    async def cancel_run(self, input: JobRef) -> None:
        """Ask Temporal to cancel the job's parent, which has not heard of the ledger's cancel."""

    @activity.defn(name="settle_job")
    @abstractmethod
    async def finalize_job(self, input: FinalizeJobInput) -> FinalizeJobResult:
        """End the job if every item is settled, or return the ranges that are not.

        A job whose cancel was asked for ends cancelled, whatever the input says.
        """

    @activity.defn
    @abstractmethod
    async def fail_job(self, input: JobRef) -> FinalizeJobResult:
        """End the job with the reason given, where `finalize_job` fails for good.

        It ends `failed`, or cancelled where that was asked for.
        """


class EnumerationActivities(ABC):
    """Giving a job's items their ordinals."""

    @activity.defn
    @abstractmethod
    async def enumerate_items(self, input: EnumerationInput) -> EnumerationProgress:
        """List the source, commit items chunk by chunk, and signal the parent as the mark moves.

        Idempotent: a retry resumes behind the last committed chunk.
        """


class PageActivities(ABC):
    """Finding, planning and watching pages. They only read."""

    @activity.defn
    @abstractmethod
    async def find_page(self, input: FindPageInput) -> FindPageResult:
        """Return the next run of ordinals with unsettled items."""

    @activity.defn
    @abstractmethod
    async def plan_page(self, input: PlanPageInput) -> PlanPageResult:
        """Cut a page's unsettled items into slices."""

    @activity.defn
    @abstractmethod
    async def find_ended_pages(self, input: FindEndedPagesInput) -> FindEndedPagesResult:
        """Return those of the Workflow IDs that are closed or unknown to the server."""


class WebhookActivities(ABC):
    """Telling receivers of events."""

    @activity.defn
    @abstractmethod
    async def deliver_events(self, input: DeliveryInput) -> DeliverEventsResult:
        """Send a receiver what is due, many events in one go, and say when more is.

        At least once: what was sent and not recorded is sent again, with the same id and bytes.
        """


class SliceActivities(ABC):
    """The work itself."""

    @activity.defn
    @abstractmethod
    async def process_slice(self, input: ProcessSliceInput) -> ProcessSliceResult:
        """Process the unsettled items of a range, one after the other.

        Idempotent by item: what is settled is left alone, and a result is recorded only under
        the newest claim.

        Raises:
            ApplicationError: type of a transient failure kind, for a file on its own that is
                to be tried again.
        """


class SmallJobActivities(ABC):
    """A whole job at once."""

    @activity.defn
    @abstractmethod
    async def run_small_job(self, input: RunSmallJobInput) -> RunSmallJobResult:
        """Begin, list, process and finalize a job of few files; a local Activity.

        Without an end where it is not small, or something is left that pages are to do again.
        Idempotent: of a job that has ended it returns the end.

        Raises:
            ApplicationError: something that every file needs does not answer.
        """

    @activity.defn
    @abstractmethod
    async def run_small_jobs(self, input: RunSmallJobsInput) -> RunSmallJobsResult:
        """Do several jobs of one file at once, each as by `run_small_job`; a local Activity.

        A job that is left has a Workflow of its own before this ends, or is the sweeper's.
        Idempotent: jobs that have ended are left alone.
        """
