"""Payloads of the run of a batch, as they cross the Temporal service.

They are kept in Event Histories and may be read again by newer code. A document is named by its
ordinal in the job; a range of ordinals includes both ends.
"""

from pydantic import Field

from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.temporal.tunables import SchedulingTunables

MAX_CONCURRENCY = 256
"""Most slices of a job at once. An open page is about 180 bytes of carried state and every open
page holds at least one slot, so 256 keep it under 64 KiB."""

MAX_KINDS = 8
"""Most kinds of files with a pace of their own."""

MAX_RANGES = 200
"""Most ranges of ordinals that are found unsettled at once; where there are more, ranges take in
what lies between them."""

MAX_REDISPATCH = 400
"""Most ranges that wait to be handed out once more."""

MAX_SAMPLED_FAILURES = 10
"""Failures that travel through histories for the Temporal UI; the ledger has all of them."""


MAX_FAULT_CHARACTERS = 500
"""Longest reason of an Activity that failed for good, as it travels through histories."""


class OrdinalRange(Payload):
    """A run of a job's items, both ends included."""

    first: int = Field(ge=1)
    last: int = Field(ge=1)


class RunLimits(Payload):
    """Bounds of a run. They come from the worker's settings when the job is created."""

    heartbeat_seconds: float = 30
    """A slice whose worker is silent for longer is given to another one."""
    file_seconds: float = 300
    """Wall time for one file when the job asks for no other."""
    longest_file_seconds: float | None = None
    """Wall time that the job allows a file at most; None where that is `file_seconds`."""
    slice_seconds: float = 5
    """A slice sends no further file to its process after this long, and returns the rest."""
    watchdog_seconds: float = 15
    longest_watchdog_seconds: float | None = None
    """Pause of the watchdog while nothing changes, up to which it doubles, and it sleeps while no
    child is open. None looks as often as ever, as jobs of an earlier version do."""
    max_events: int = 1500
    """Events after which a parent continues as new, well under the 4,096 where the server suggests
    it, since a run must have room for the signals of its open pages."""
    max_page_events: int = 6000
    """Events after which a page continues as new. One whose files fail no more often than a few
    in a hundred never comes to it: it has 800 slices at most."""
    cancel_seconds: float = 20
    """How long a cancelled parent waits for its pages before it settles without them."""


class Counts(Payload):
    """Items by what became of them, as far as the pages have reported: a hint for the UI."""

    completed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            completed=self.completed + other.completed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
        )


class OpenPage(Payload):
    """A page that was started and has not ended, as the parent carries it."""

    first: int
    last: int
    slots: int = 0
    """Slices it has in flight once it is drained; before that the share it was told."""
    is_drained: bool = False
    """Whether it has nothing left to start."""
    counts: Counts = Counts()
    """What it has said so far; its end then says the whole."""


class Spent(Payload):
    """What some files of one kind have taken, and what was predicted for them at a pace of 1."""

    predicted: float = 0.0
    seconds: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            predicted=self.predicted + other.predicted, seconds=self.seconds + other.seconds
        )


class FailureSample(Payload):
    """One failed item, for people who look at the Temporal UI."""

    name: str = Field(max_length=120)
    kind: str
    message: str = Field(max_length=160)


class BatchInput(Payload):
    """Argument of `BatchWorkflow`, for its first run and each next one."""

    job_id: str
    project_id: str = "default"
    job_type: str = "parse"
    directory_id: str | None = None
    page_files: int = Field(ge=1, le=1000)
    """Items of one page: min(page_size, threshold)."""
    threshold: int = Field(ge=1)
    concurrency: int = Field(default=16, ge=1, le=MAX_CONCURRENCY)
    one_file_per_activity: bool = False
    coalesces_pages: bool = Field(default=False, alias="joins_pages")
    """Whether pages of small files are handed out several at a time."""
    begins_inline: bool = False
    """Whether one local Activity tries to do the whole job before there are pages."""
    limits: RunLimits = RunLimits()
    tunables: SchedulingTunables = SchedulingTunables()
    has_search_attributes: bool = True

    cursor: int = 0
    """Last ordinal that was handed to a page."""
    high_water_mark: int = Field(default=0, alias="mark")
    """Last ordinal that the enumeration has committed."""
    is_enumerated: bool = False
    """Whether the mark is final."""
    skips: int = 0
    """Items that the enumeration settled as skipped; over 0, pages are looked for."""
    enumeration: str | None = None
    """Workflow ID of the enumeration that runs."""
    pages: dict[str, OpenPage] = Field(default={}, max_length=MAX_CONCURRENCY + 1)
    """Open pages by Workflow ID."""
    redispatch: tuple[OrdinalRange, ...] = Field(
        default=(), max_length=MAX_REDISPATCH, alias="again"
    )
    """Ranges to be dispatched once more: their page was lost, or left items unsettled."""
    settles: int = 0
    """How often the end was looked at and items were found unsettled."""
    last_checked_at: float = Field(default=0.0, alias="looked_at")
    """When the watchdog last looked, in seconds of the epoch."""
    error: str | None = None
    """Why the source could not be listed; the job ends `failed` when its pages have ended."""
    fault: str | None = Field(default=None, max_length=MAX_FAULT_CHARACTERS)
    """Why the last Activity of a page that failed for good did."""
    generation: int = 1
    """Counts the Workflow IDs of pages and enumerations that had to be started again."""
    counts: Counts = Counts()
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)
    speed_factors: dict[str, float] = Field(default={}, max_length=MAX_KINDS, alias="paces")
    """Measured seconds per predicted second, by kind of file
    (`sheaf.rules.scheduling.prediction`)."""
    seconds_per_file: float = 0.0
    """Measured; 0 before a page has shown it."""
    runs: int = 1


class RunBatchResult(Payload):
    """What `BatchWorkflow` returns; the ledger has the same numbers."""

    status: str
    total: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    reason: str | None = None
    """Why the job failed."""


class BatchProgress(Payload):
    """Answer of the Query `progress`."""

    total: int
    is_enumerated: bool
    dispatched: int
    counts: Counts
    open_pages: tuple[OrdinalRange, ...]
    runs: int


class EnumerationInput(Payload):
    """Argument of `EnumerationWorkflow` and of the Activity `enumerate_items`."""

    job_id: str
    parent_id: str
    heartbeat_seconds: float = 30


class EnumerationProgress(Payload):
    """Signal to the parent, and the result of an enumeration: how far the ordinals go."""

    high_water_mark: int = Field(alias="mark")
    skipped: int = 0
    is_final: bool = False
    error: str | None = None
    """Why the source could not be listed, when it could not; the job then fails."""
    is_superseded: bool = False
    """Whether another enumeration, or the job's end, took its place; it says nothing then."""


class Slice(Payload):
    """A run of a page's items that one Activity takes."""

    first: int
    last: int
    files: int = 1
    label: str = Field(default="", max_length=160)
    """Shown as the Activity's summary: the file's name, or the first one's and how many more."""
    is_isolated: bool = Field(default=False, alias="is_alone")
    """Whether the file is on its own because it failed before: it then has retries."""


class ProcessSliceInput(Payload):
    """Argument of the Activity `process_slice`."""

    job_id: str
    first: int
    last: int
    is_isolated: bool = Field(default=False, alias="is_alone")
    file_seconds: float
    slice_seconds: float


class ProcessSliceResult(Payload):
    """What a slice did: a hint, since the ledger is the truth."""

    counts: Counts = Counts()
    seconds: float = 0.0
    """Time that the attempt took."""
    spent: dict[str, Spent] = Field(default={}, max_length=MAX_KINDS)
    """Time that files took which completed, by their kind."""
    remaining: OrdinalRange | None = Field(default=None, alias="rest")
    """Items that were not begun because the time of a slice was over."""
    isolated: tuple[Slice, ...] = Field(default=(), max_length=1000, alias="alone")
    """Items to be taken one activity each: they failed transiently, or lost workers."""
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)
    is_stopped: bool = False
    """Whether the job takes no more work, because a cancel was asked for."""


class FindEndedPagesInput(Payload):
    """Argument of the Activity `find_ended_pages`: Workflow IDs that should be running."""

    workflow_ids: tuple[str, ...] = Field(max_length=MAX_CONCURRENCY + 2)


class FindEndedPagesResult(Payload):
    """Those of them that are closed or unknown."""

    ended: tuple[str, ...] = Field(default=(), max_length=MAX_CONCURRENCY + 2)


class FinalizeJobInput(Payload):
    """Argument of the Activity `finalize_job`."""

    job_id: str
    is_cancelled: bool = False
    gives_up: bool = False
    """Whether items that are still unsettled become `failed: Crashed`."""
    error: str | None = None
    """Set when the orchestration failed: the job then ends `failed` with this reason."""
    fault: str | None = Field(default=None, max_length=MAX_FAULT_CHARACTERS)
    """Why the last Activity that failed for good did; told with items that are given up."""


class FinalizeJobResult(Payload):
    """Either the ranges that are still unsettled, or the job's end."""

    unsettled: tuple[OrdinalRange, ...] = Field(default=(), max_length=MAX_RANGES)
    result: RunBatchResult | None = None


class JobRef(Payload):
    """Argument of an Activity that needs only the job."""

    job_id: str
    reason: str | None = None
