"""The live view of a job: a bar, the rate, the failures by kind, and what it waits for."""

import asyncio
import time

from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from sheaf.cli.job_output import counts_line, total_text
from sheaf.cli.output import console
from sheaf.cli.session import Session
from sheaf.cli.waiting import Waits
from sheaf.ledger.records import JobRow
from sheaf.rules.scheduling.progress import percentage, remaining_seconds

POLL_SECONDS = 0.25
QUIET_SECONDS = 3.0
"""A job of which no file has ended for so long is asked what it waits for."""
LINE_SECONDS = 5.0
"""Without a terminal, a line so often takes the place of the bar."""


async def follow(current: Session, job_id: str, *, is_quiet: bool) -> JobRow:
    """Show a job until it has ended, with what it waits for, and return its last state."""
    if is_quiet:
        return await _wait(current, job_id)
    if not console.is_terminal:
        return await _print_lines(current, job_id, Waits(current))
    view = _View(current, job_id)
    with Live(console=console) as live:
        while True:
            job = await current.job(job_id)
            live.update(await view.of(job))
            if job.status.is_terminal:
                return job
            await asyncio.sleep(POLL_SECONDS)


async def _wait(current: Session, job_id: str) -> JobRow:
    # The ledger has nothing to wait on across processes, so it is asked.
    while not (job := await current.job(job_id)).status.is_terminal:  # noqa: ASYNC110
        await asyncio.sleep(POLL_SECONDS)
    return job


async def _print_lines(current: Session, job_id: str, waits: Waits) -> JobRow:
    printed_at, settled = 0.0, 0
    while not (job := await current.job(job_id)).status.is_terminal:
        if time.monotonic() - printed_at >= LINE_SECONDS:
            waited_for = await waits.followed(job, is_moving=job.settled > settled)
            line = f"{job.settled}/{total_text(job)} files: {counts_line(job)}. {waited_for}"
            console.print(line.rstrip(), markup=False, soft_wrap=True)
            printed_at, settled = time.monotonic(), job.settled
        await asyncio.sleep(POLL_SECONDS)
    return job


class _View:
    """What a terminal shows of a job: a line with a bar, and one of what it waits for."""

    def __init__(self, current: Session, job_id: str) -> None:
        self._items = current.items
        self._job_id = job_id
        self._waits = Waits(current)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            console=console,
            expand=True,
        )
        self._bar = self._progress.add_task("waiting", total=100, done="", rate="", left="")
        self._began = time.monotonic()
        self._began_with: int | None = None
        self._percentage = 0.0
        self._settled = 0
        self._moved_at = float("-inf")

    async def of(self, job: JobRow) -> Group:
        """Return a job as it is shown now."""
        self._move(job)
        if job.settled > self._settled:
            self._settled, self._moved_at = job.settled, time.monotonic()
        is_moving = time.monotonic() - self._moved_at < QUIET_SECONDS
        lines = [Text(await self._waits.followed(job, is_moving=is_moving))]
        if job.failed:
            kinds = await self._items.failure_kinds(self._job_id)
            failed = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
            lines.append(Text(f"Failed: {failed}", style="red"))
        return Group(self._progress, *(line for line in lines if line.plain))

    def _move(self, job: JobRow) -> None:
        if self._began_with is None:
            self._began_with = self._settled = job.settled
        elapsed = time.monotonic() - self._began
        self._percentage = percentage(job.settled, job.total, self._percentage)
        done_now = job.settled - self._began_with
        left = remaining_seconds(done_now, job.total - self._began_with, elapsed)
        failed = f" [red]({job.failed} failed)[/red]" if job.failed else ""
        self._progress.update(
            self._bar,
            completed=self._percentage,
            description=f"{job.status}{failed}",
            done=f"{job.settled}/{total_text(job)} files",
            rate=f"{done_now / elapsed:.1f}/s" if elapsed > 0 else "",
            left=f"{left:.0f} s left" if left and not job.status.is_terminal else "",
        )
