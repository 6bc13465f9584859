"""The live view of a job: a bar, the rate, the failures by kind."""

import asyncio
import time

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.output import console, counts_line, total_shown
from rules.progress import percentage, remaining_seconds
from services.ledger.item_listing import ItemListing
from services.ledger.jobs import JobLedger
from services.ledger.records import JobRow

POLL_SECONDS = 0.25
LINE_SECONDS = 5.0
"""Without a terminal, a line so often takes the place of the bar."""


async def follow(jobs: JobLedger, items: ItemListing, job_id: str, *, is_quiet: bool) -> JobRow:
    """Show a job until it has ended, and return its last state."""
    if is_quiet:
        return await _wait(jobs, job_id)
    if not console.is_terminal:
        return await _print_lines(jobs, job_id)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[done]}"),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        expand=True,
    ) as progress:
        return await _draw(jobs, items, job_id, progress)


async def _wait(jobs: JobLedger, job_id: str) -> JobRow:
    # The ledger has nothing to wait on across processes, so it is asked.
    while not (job := await jobs.get(job_id)).status.is_terminal:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return job


async def _print_lines(jobs: JobLedger, job_id: str) -> JobRow:
    printed_at = 0.0
    while not (job := await jobs.get(job_id)).status.is_terminal:
        if time.monotonic() - printed_at >= LINE_SECONDS:
            console.print(f"{job.settled}/{total_shown(job)} files: {counts_line(job)}")
            printed_at = time.monotonic()
        await asyncio.sleep(POLL_SECONDS)
    return job


async def _draw(jobs: JobLedger, items: ItemListing, job_id: str, progress: Progress) -> JobRow:
    bar = progress.add_task("waiting", total=100, done="", rate="", left="")
    failures = progress.add_task("", total=None, done="", rate="", left="", visible=False)
    first = await jobs.get(job_id)
    began, began_with, shown = time.monotonic(), first.settled, 0.0
    while True:
        job = await jobs.get(job_id)
        elapsed = time.monotonic() - began
        shown = percentage(job.settled, job.total, shown)
        done_now = job.settled - began_with
        left = remaining_seconds(done_now, job.total - began_with, elapsed)
        progress.update(
            bar,
            completed=shown,
            description=str(job.status),
            done=f"{job.settled}/{total_shown(job)} files",
            rate=f"{done_now / elapsed:.1f}/s" if elapsed > 0 else "",
            left=f"{left:.0f} s left" if left and not job.status.is_terminal else "",
        )
        if job.failed:
            kinds = await items.failure_kinds(job_id)
            text = "failed: " + ", ".join(f"{kind} {count}" for kind, count in kinds.items())
            progress.update(failures, description=text, visible=False)
            progress.update(bar, description=f"{job.status} [red]({job.failed} failed)[/red]")
        if job.status.is_terminal:
            return job
        await asyncio.sleep(POLL_SECONDS)
