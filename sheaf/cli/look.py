"""`sheaf list` and `sheaf show`: what there is and what became of it."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from sheaf.cli.job_output import counts_line, item_json, job_json, total_text
from sheaf.cli.output import console, print_json, print_rows, short_at, shown
from sheaf.cli.session import session
from sheaf.cli.waiting import Waits
from sheaf.contracts.states import ItemStatus
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.jobs.admissions import AdmissionLedger
from sheaf.ledger.records import JobRow

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most jobs.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first. Files that were skipped count as done.

    A batch that waits for others shows its place in the queue: 1 begins next.

    \b
    Example:
      sheaf list --limit 5
    """

    async def show() -> None:
        async with session() as current:
            jobs = await current.jobs.newest(current.settings.project, limit)
            places = await AdmissionLedger(current.database).places(jobs)
        if as_json:
            print_json([job_json(job, place=places.get(job.id)) for job in jobs])
            return
        if jobs:
            print_jobs(jobs, places)
        else:
            console.print("No batches yet; `sheaf run PATH` makes one.")

    asyncio.run(show())


def show_job(
    job_id: str,
    failed: Annotated[bool, typer.Option("--failed", help="Only failed items.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most items.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show a batch and its items, and what it waits for.

    \b
    Examples:
      sheaf show bjb-0192f0… --failed
      sheaf show bjb-0192f0… --limit 100000 --json
    """

    async def show() -> None:
        statuses = (ItemStatus.FAILED,) if failed else ()
        async with session() as current:
            job = await current.job(job_id)
            place = await AdmissionLedger(current.database).place(job)
            waits = await Waits(current).told(job)
            kinds = await current.items.failure_kinds(job_id)
            items = await current.items.after(job_id, limit=limit, statuses=statuses)
        if as_json:
            value = job_json(job, kinds, place) | {"waits_for": waits}
            print_json(value | {"items": [item_json(item) for item in items]})
            return
        console.print(f"{job.job_type} {job.id}: [bold]{job.status}[/bold]", soft_wrap=True)
        for sentence in waits:
            console.print(sentence, markup=False, soft_wrap=True)
        console.print(f"{counts_line(job)} of {job.total}")
        if job.error_message or job.reason:
            console.print(f"Reason: {shown(str(job.error_message or job.reason))}", markup=False)
        if job.unsupported_parameters:
            console.print(f"Without effect: {', '.join(job.unsupported_parameters)}")
        print_items(items)
        if len(items) == limit:
            console.print(f"The first {limit}; --limit shows more.")

    asyncio.run(show())


def print_jobs(jobs: list[JobRow], places: Mapping[str, int]) -> None:
    """Print a line for each job: with up to 999,999 files, it fits 80 columns."""
    rows = [
        (*(job.id, job.status, _done(job, places)), str(job.failed), short_at(job.created_at))
        for job in jobs
    ]
    print_rows(("job", "status", "done", "failed", "created UTC"), rows)


def _done(job: JobRow, places: Mapping[str, int]) -> str:
    if job.id in places:
        return f"place {places[job.id]}"
    return f"{job.completed + job.skipped}/{total_text(job)}"


def print_items(items: list[ItemRow]) -> None:
    """Print a table of items; where no terminal bounds it, a line for each."""
    names = ("file", "status", "what")
    rows = [(item.unique_id, item.status, _what(item)) for item in items]
    if not console.is_terminal:
        print_rows(names, rows)
        return
    table = Table(*(Column(name, overflow="fold") for name in names), expand=True)
    for row in rows:
        table.add_row(*(escape(shown(cell)) for cell in row))
    console.print(table)


def _what(item: ItemRow) -> str:
    if item.failure_kind:
        return f"{item.failure_kind}: {' '.join(str(item.error_message).splitlines())}"
    found = item.output_metadata or {}
    if "confidence" in found:
        type_ = found["type"] or "no rule matches clearly"
        return f"{type_} ({found['confidence']:.2f})"
    return item.skip_reason or ""
