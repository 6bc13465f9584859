"""The numbers by which a job's Workflows decide, as they travel with the job."""

from pydantic import Field

from sheaf.contracts.temporal.payload import Payload


class SchedulingTunables(Payload):
    """Numbers that decide which commands the Workflows of a job make.

    A history is replayed by the numbers that it was made by, so each run reads them from its
    argument and nowhere else. The defaults are those of jobs that were accepted without any, and
    are never changed: what new jobs get is `sheaf.rules.scheduling.tunables.NEW_JOBS`. The bounds
    only ever widen.
    """

    most_undrained: int = Field(default=2, ge=2)
    """Pages at once that have slices left to start: the current one, and those ahead of it. More
    only hold items that cannot start."""
    most_redispatched: int = Field(default=400, ge=1)
    """Ranges that wait to be handed out once more, before neighbours become one."""
    most_finalizations: int = Field(default=3, ge=0)
    """Times that items found unsettled at the end are handed out again before they are
    `Crashed`."""

    slices_per_slot: int = Field(default=4, ge=1)
    """Slices of full length that each slot gets of pages that go out together. With one, pages of
    small PDFs would still go out alone."""
    longest_slice_seconds: float = Field(default=2.0, gt=0)
    """Work of a slice of full length."""
    most_coalesced_items: int = Field(default=5000, ge=1, le=5000)
    """Items that go out together. Should each have to go again alone, 5,000 are some 30,000 events
    of the child's histories: several runs of it."""
    most_coalesced_seconds: float = Field(default=400.0, gt=0)
    """Work that goes out together: 200 slices of full length. A last page, whose slices shrink,
    has several times as many, and a page's plan has room for 800."""

    learned_share: float = Field(default=0.5, gt=0, le=1)
    """How far what a page has shown moves what is known of the speed of files: half-way, since its
    files can be untypical."""
    least_pace: float = Field(default=0.01, gt=0)
    most_pace: float = Field(default=1000.0, gt=0)
    """Bounds of measured seconds per predicted second: a run of failures takes no time, and must
    not make the next slices endless."""

    quiet_watch_growth: float = Field(default=2.0, ge=1)
    """How many times longer the watchdog pauses after a look that found nothing new."""

    shortest_report_seconds: float = Field(default=2.0, gt=0)
    """Between two reports of a page that has just begun."""
    reports_per_age: float = Field(default=20.0, gt=0)
    """Reports that a page makes while its age grows to 2.7 times what it was."""
    quiet_report_pauses: float = Field(default=5.0, gt=0)
    """Pauses after which a page looks whether there is something to report, should nothing else
    have made it look: what it does wakes it, and a timer of its own costs as much as a report."""
