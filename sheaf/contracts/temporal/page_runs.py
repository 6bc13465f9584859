"""Payloads of one page of a batch: its argument, its plan, and what it tells its parent."""

from pydantic import Field

from sheaf.contracts.temporal.payload import Payload
from sheaf.contracts.temporal.runs import (
    MAX_CONCURRENCY,
    MAX_FAULT_CHARACTERS,
    MAX_KINDS,
    MAX_SAMPLED_FAILURES,
    Counts,
    FailureSample,
    OrdinalRange,
    RunLimits,
    Slice,
    Spent,
)
from sheaf.contracts.temporal.tunables import SchedulingTunables

MAX_SLICES = 1000
"""Slices that a page's plan may have; what goes again alone comes on top."""

MOST_TOGETHER = MAX_SLICES + MAX_CONCURRENCY
"""Slices of several files that may wait: those of a plan, and the rest of each one in flight."""

MAX_PAGE_ITEMS = 5000
"""Most items of a page, as many as go out together."""


class FindPageInput(Payload):
    """Argument of the Activity `find_page`."""

    job_id: str
    after: int
    high_water_mark: int = Field(alias="mark")
    page_files: int


class FindPageResult(Payload):
    """The next run of ordinals with work in it; `count` 0 when there is none up to the mark."""

    first: int
    last: int
    count: int


class PageCarried(Payload):
    """What a run of a page hands to the next one: what is left, and what it has done so far."""

    together: tuple[OrdinalRange, ...] = Field(default=(), max_length=MOST_TOGETHER)
    """Slices that were not started, in their order."""
    isolated: tuple[OrdinalRange, ...] = Field(default=(), max_length=MAX_PAGE_ITEMS, alias="alone")
    """Items that are to be taken one Activity each: they have failed transiently."""
    counts: Counts = Counts()
    reported: Counts = Counts()
    """The counts that the parent was told last."""
    spent: dict[str, Spent] = Field(default={}, max_length=MAX_KINDS)
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)
    fault: str | None = Field(default=None, max_length=MAX_FAULT_CHARACTERS)
    began: float = 0.0
    """When the first run of the page began, in seconds of the epoch."""
    runs: int = 1
    """How many runs there were."""


class PageInput(Payload):
    """Argument of `PageWorkflow`, for its first run and each next one."""

    job_id: str
    parent_id: str
    first: int
    last: int
    share: int = Field(ge=0)
    """Slices it may have in flight; raised by the Signal `set_share`. 0 prepares and waits."""
    concurrency: int = 16
    """The whole job's, for which slices are cut; the share says how much of it is this page's."""
    one_file_per_activity: bool = False
    speed_factors: dict[str, float] = Field(default={}, max_length=MAX_KINDS, alias="paces")
    is_last: bool = False
    """Whether no page follows, as far as the parent knew."""
    limits: RunLimits = RunLimits()
    tunables: SchedulingTunables = SchedulingTunables()
    max_events: int | None = None
    """Events after which it continues as new. None in pages that an earlier version has started:
    these do not continue, keep their share to their end, and report no counts before it."""
    carried: PageCarried | None = None
    """What the run before has left; None in the first one, which asks for a plan."""


class PlanPageInput(Payload):
    """Argument of the Activity `plan_page`."""

    job_id: str
    first: int
    last: int
    window: int
    one_file_per_activity: bool
    speed_factors: dict[str, float] = Field(default={}, max_length=MAX_KINDS, alias="paces")
    is_last: bool = False


class PlanPageResult(Payload):
    """The slices of a page, in the order in which they are to start."""

    slices: tuple[Slice, ...] = Field(max_length=MAX_SLICES)


class PageProgress(Payload):
    """Signal of a page to its parent: what it has done so far."""

    page_id: str
    counts: Counts


class PageDrained(Payload):
    """Signal of a page to its parent: nothing is left unstarted, this many are in flight."""

    page_id: str
    slots: int
    waits: bool = False
    """Whether it has come to have slices to start again, beyond the slots that it has kept."""
    completed: int = 0
    counts: Counts | None = None
    """What it has done so far; None from pages that do not say it."""
    spent: dict[str, Spent] = Field(default={}, max_length=MAX_KINDS)
    """What the page has shown so far: as of `PageEnded`."""
    covers: OrdinalRange | None = None
    """The items that it was started for; None from pages that do not say it."""


class PageEnded(Payload):
    """Signal of a page to its parent, and its result."""

    page_id: str
    counts: Counts = Counts()
    covers: OrdinalRange | None = None
    """As of `PageDrained`."""
    spent: dict[str, Spent] = Field(default={}, max_length=MAX_KINDS)
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)
    fault: str | None = Field(default=None, max_length=MAX_FAULT_CHARACTERS)
    """Why an Activity of the page failed for good, if one did: its items are then unsettled."""
