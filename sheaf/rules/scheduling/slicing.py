"""How a page is cut into slices: by predicted work, not by count.

A slice should be long enough to carry the cost of an Activity and short enough that no slot waits
for the last ones. The next page takes the slots that a page frees, so a page that another follows
is cut once for each slot. Only the slices of the last page shrink as it runs out (guided
self-scheduling: Polychronopoulos and Kuck, 1987): each takes its part of what is left,
`remaining / (2 x window)`, up to a bound.
"""

from collections.abc import Sequence
from typing import NamedTuple

LONGEST_SLICE_SECONDS = 2.0
"""Most predicted work of a slice of several files: longer ones make the end of a job ragged."""

SHORTEST_SLICE_SECONDS = 0.25
"""Least work worth an Activity of its own. One costs the dev server about 15 ms of processor time
and the worker 5 (`python -m bench.losses`)."""

MOST_FILES = 500
"""Most files of a slice: a crash runs at most so many again, and their claim is one statement."""


class Weighed(NamedTuple):
    """An item of a page and the seconds that it is predicted to take."""

    ordinal: int
    seconds: float


def cut(
    items: Sequence[Weighed], window: int, *, is_last: bool = True, is_measured: bool = False
) -> list[list[Weighed]]:
    """Cut a page's items into runs of neighbours, in order.

    Every item is in exactly one run and no run is empty. An item that is predicted to take longer
    than its run's target is alone in it.

    Args:
        items: by ascending ordinal; the enumeration has put the largest of a page first.
        window: slices that run at once, at least 1.
        is_last: whether no page follows.
        is_measured: whether files of these kinds have shown what they take. Otherwise a run takes
            at most its part of the page by count, too: every slot gets work, however wrong the
            prediction is.
    """
    runs: list[list[Weighed]] = []
    parts = 2 * window if is_last else window
    most_files = MOST_FILES if is_measured else min(MOST_FILES, max(1, len(items) // parts))
    remaining = sum(item.seconds for item in items)
    run: list[Weighed] = []
    filled = 0.0
    target = _target(remaining / parts)
    for item in items:
        if run and (filled + item.seconds > target or len(run) == most_files):
            runs.append(run)
            remaining -= filled
            run, filled = [], 0.0
            target = _target(remaining / parts) if is_last else target
        run.append(item)
        filled += item.seconds
    if run:
        runs.append(run)
    return runs


def merged(runs: Sequence[list[Weighed]], most: int) -> list[list[Weighed]]:
    """Join neighbouring runs until there are at most `most`, as even in number as can be.

    A run that is then too long leaves to its page what it does not begin in time.
    """
    together = max(1, -(-len(runs) // most))
    return [
        [item for run in runs[start : start + together] for item in run]
        for start in range(0, len(runs), together)
    ]


def _target(share: float) -> float:
    return min(LONGEST_SLICE_SECONDS, max(SHORTEST_SLICE_SECONDS, share))
