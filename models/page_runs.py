"""Payloads of one page of a batch: its argument, its plan, and what it tells its parent."""

from pydantic import Field

from models.payload import Payload
from models.runs import (
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

MAX_SLICES = 1000
"""Slices that a page's plan may have; what goes again alone comes on top."""


class FindPageInput(Payload):
    """Argument of the Activity `find_page`."""

    job_id: str
    after: int
    mark: int
    page_files: int


class PageFound(Payload):
    """The next run of ordinals with work in it; `count` 0 when there is none up to the mark."""

    first: int
    last: int
    count: int


class PageInput(Payload):
    """Argument of `PageWorkflow`."""

    job_id: str
    parent_id: str
    first: int
    last: int
    share: int = Field(ge=0)
    """Slices it may have in flight; raised by the Signal `set_share`. 0 prepares and waits."""
    concurrency: int = 16
    """The whole job's, for which slices are cut; the share says how much of it is this page's."""
    one_file_per_activity: bool = False
    paces: dict[str, float] = Field(default={}, max_length=MAX_KINDS)
    is_last: bool = False
    """Whether no page follows, as far as the parent knew."""
    limits: RunLimits = RunLimits()


class PlanPageInput(Payload):
    """Argument of the Activity `plan_page`."""

    job_id: str
    first: int
    last: int
    window: int
    one_file_per_activity: bool
    paces: dict[str, float] = Field(default={}, max_length=MAX_KINDS)
    is_last: bool = False


class PagePlan(Payload):
    """The slices of a page, in the order in which they are to start."""

    slices: tuple[Slice, ...] = Field(max_length=MAX_SLICES)


class PageSlots(Payload):
    """Signal of a page to its parent: nothing is left unstarted, this many are in flight."""

    page_id: str
    slots: int
    completed: int = 0
    spent: dict[str, Spent] = Field(default={}, max_length=MAX_KINDS)
    """What the page has shown so far: as of `PageEnded`."""
    covers: OrdinalRange | None = None
    """The items that it was started for; None from pages that do not say it."""


class PageEnded(Payload):
    """Signal of a page to its parent, and its result."""

    page_id: str
    counts: Counts = Counts()
    covers: OrdinalRange | None = None
    """As of `PageSlots`."""
    spent: dict[str, Spent] = Field(default={}, max_length=MAX_KINDS)
    failures: tuple[FailureSample, ...] = Field(default=(), max_length=MAX_SAMPLED_FAILURES)
    fault: str | None = Field(default=None, max_length=MAX_FAULT_CHARACTERS)
    """Why an Activity of the page failed for good, if one did: its items are then unsettled."""
