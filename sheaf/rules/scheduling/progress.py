"""How far a batch is, in words and numbers: for the Temporal UI and for the command line."""

from collections.abc import Mapping, Sequence

from sheaf.contracts.temporal.runs import (
    BatchInput,
    BatchProgress,
    FailureSample,
    OpenPage,
    RunBatchResult,
)

MOST_PAGES_SHOWN = 20


def describe(
    progress: BatchProgress,
    failures: Sequence[FailureSample],
    pages: Mapping[str, OpenPage],
    input: BatchInput,
) -> str:
    """Return a batch's details in Markdown, as the Temporal UI shows them."""
    counts = progress.counts
    total = f"{progress.total}" if progress.is_enumerated else f"{progress.total} so far"
    lines = [
        (
            f"**{input.job_type} {input.job_id}**: {counts.completed} completed, "
            f"{counts.failed} failed, {counts.skipped} skipped of {total}; run {progress.runs}"
        ),
        "",
        f"{len(pages)} open pages, concurrency {input.concurrency}:",
        *(
            f"- items {page.first} to {page.last}, "
            + (f"{page.slots} slices in flight" if page.is_drained else "starting slices")
            for page in list(pages.values())[:MOST_PAGES_SHOWN]
        ),
    ]
    return "\n".join((*lines, *_first(failures)))


def describe_end(
    result: RunBatchResult, failures: Sequence[FailureSample], input: BatchInput
) -> str:
    """Return the details of a batch that has ended, as `describe` does."""
    lines = [
        (
            f"**{input.job_type} {input.job_id}** {result.status}: {result.completed} completed, "
            f"{result.failed} failed, {result.skipped} skipped, {result.cancelled} cancelled "
            f"of {result.total}"
        )
    ]
    if result.reason:
        lines += ["", result.reason]
    return "\n".join((*lines, *_first(failures)))


def _first(failures: Sequence[FailureSample]) -> list[str]:
    if not failures:
        return []
    return [
        *("", "First failures (`sheaf show JOB --failed` has all):"),
        *(f"- {one.name}: {one.kind}: {one.message}" for one in failures),
    ]


def percentage(settled: int, total: int, shown_before: float = 0.0) -> float:
    """Return the share of settled items from 0 to 100; it never falls while a total still grows.

    Args:
        settled: items in a terminal state.
        total: items known so far.
        shown_before: what was shown last.
    """
    now = 100.0 * settled / total if total else 0.0
    return max(shown_before, min(100.0, now))


def remaining_seconds(settled: int, total: int, elapsed_seconds: float) -> float | None:
    """Return the time left at the mean pace so far; None before anything is settled."""
    if settled <= 0 or elapsed_seconds <= 0:
        return None
    return (total - settled) * elapsed_seconds / settled
