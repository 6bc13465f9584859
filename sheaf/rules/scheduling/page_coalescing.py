"""How many pages of small files are handed out together, as one child Workflow.

A page costs its Workflows some 70 events, whatever its files take: where that is next to nothing,
they are most of the work. Pages of files that take long go out one by one, so that an end that is
ragged, or a page that is lost, stays small.
"""

from sheaf.contracts.temporal.page_runs import MAX_PAGE_ITEMS
from sheaf.rules.scheduling.slicing import LONGEST_SLICE_SECONDS

SLICES_A_SLOT = 4
"""Slices of full length that each slot gets of pages that go out together. With one, pages of
small PDFs would still go out alone."""

MOST_ITEMS = MAX_PAGE_ITEMS
"""Most items that go out together. Should each have to go again alone, they are some 30,000 events
of the child's histories: several runs of it."""

MOST_SECONDS = 400.0
"""Most work that goes out together: 200 slices of full length. A last page, whose slices shrink,
has several times as many, and a page's plan has room for 800."""


def pages_together(
    page_files: int, concurrency: int, seconds_per_file: float, room: int = MOST_ITEMS
) -> int:
    """Return how many pages give each slot some slices of full length; at least 1.

    Args:
        page_files: items of a page.
        concurrency: slices in flight, over all pages.
        seconds_per_file: as earlier pages of the job have shown; 0 where none has.
        room: items that may still be handed out before the parent continues as new.
    """
    page_seconds = page_files * seconds_per_file
    if page_seconds <= 0:
        return 1
    work = min(concurrency * SLICES_A_SLOT * LONGEST_SLICE_SECONDS, MOST_SECONDS)
    enough = work / page_seconds
    return max(1, int(min(enough, min(room, MOST_ITEMS) / page_files)))
