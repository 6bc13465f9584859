"""How many pages of small files are handed out together, as one child Workflow.

A page costs its Workflows some 70 events, whatever its files take: where that is next to nothing,
they are most of the work. Pages of files that take long go out one by one, so that an end that is
ragged, or a page that is lost, stays small.
"""

from sheaf.contracts.temporal.tunables import SchedulingTunables


def coalesced_pages(
    page_files: int,
    concurrency: int,
    seconds_per_file: float,
    room: int,
    tunables: SchedulingTunables,
) -> int:
    """Return how many pages give each slot some slices of full length; at least 1.

    Args:
        page_files: items of a page.
        concurrency: slices in flight, over all pages.
        seconds_per_file: as earlier pages of the job have shown; 0 where none has.
        room: items that may still be handed out before the parent continues as new.
        tunables: the job's.
    """
    page_seconds = page_files * seconds_per_file
    if page_seconds <= 0:
        return 1
    full = concurrency * tunables.slices_per_slot * tunables.longest_slice_seconds
    work = min(full, tunables.most_coalesced_seconds)
    enough = work / page_seconds
    return max(1, int(min(enough, min(room, tunables.most_coalesced_items) / page_files)))
