"""Which jobs one worker does in one go, without pages."""

from collections.abc import Sequence

from sheaf.rules.scheduling.slicing import LONGEST_SLICE_SECONDS

MOST_INLINE_FILES = 100
"""Files of such a job. A page with its parent costs as much as these do."""

INLINE_SECONDS = 1.0
"""Time after which no further file is begun, since one process works at the job: pages with all
processes do the rest. Whatever was predicted, no job loses more than this."""

MOST_INLINE_FILE_SECONDS = 1800.0
"""Most time that a file of such a job may be allowed. The server hears of a local Activity every
8 s, by three events of the job's history."""


def is_inline(predicted: Sequence[float]) -> bool:
    """Whether several files are little enough work for one go, by the seconds predicted for each.

    A single file always is: it has no neighbours that another process could take.
    """
    return len(predicted) <= 1 or sum(predicted) <= LONGEST_SLICE_SECONDS
