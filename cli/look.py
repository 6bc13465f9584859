"""`sheaf list` and `sheaf show`: what there is and what became of it."""

import asyncio
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from cli.output import Fault, at, console, counts_line, item_json, job_json, print_json
from cli.session import session
from models.batch import ItemStatus
from services.ledger.item_listing import ItemRow
from services.ledger.records import NotFoundError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most jobs.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first.

    \b
    Example:
      sheaf list --limit 5
    """

    async def show() -> None:
        async with session() as current:
            jobs = await current.jobs.newest(current.settings.project, limit)
        if as_json:
            print_json([job_json(job) for job in jobs])
            return
        names = ("type", "status", "files", "completed", "failed", "skipped", "created")
        table = Table(Column("job", no_wrap=True), *names)
        for job in jobs:
            table.add_row(
                *(job.id, job.job_type, job.status, str(job.total), str(job.completed)),
                *(str(job.failed), str(job.skipped), (at(job.created_at) or "")[:19]),
            )
        console.print(table if jobs else "No batches yet; `sheaf run PATH` makes one.")

    asyncio.run(show())


def show_job(
    job_id: str,
    failed: Annotated[bool, typer.Option("--failed", help="Only failed items.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Most items.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show a batch and its items.

    \b
    Examples:
      sheaf show bjb-0192f0… --failed
      sheaf show bjb-0192f0… --limit 100000 --json
    """

    async def show() -> None:
        statuses = (ItemStatus.FAILED,) if failed else ()
        async with session() as current:
            try:
                job = await current.jobs.get(job_id)
            except NotFoundError as error:
                raise Fault(str(error)) from error
            kinds = await current.items.failure_kinds(job_id)
            items = await current.items.after(job_id, limit=limit, statuses=statuses)
        if as_json:
            print_json(job_json(job, kinds) | {"items": [item_json(item) for item in items]})
            return
        console.print(f"{job.job_type} {job.id}: [bold]{job.status}[/bold]", soft_wrap=True)
        console.print(f"{counts_line(job)} of {job.total}")
        if job.error_message or job.reason:
            console.print(f"Reason: {escape(str(job.error_message or job.reason))}")
        if job.unsupported_parameters:
            console.print(f"Without effect: {', '.join(job.unsupported_parameters)}")
        console.print(_items_table(items))
        if len(items) == limit:
            console.print(f"The first {limit}; --limit shows more.")

    asyncio.run(show())


def _items_table(items: list[ItemRow]) -> Table:
    table = Table("file", "status", "what", expand=True)
    for item in items:
        table.add_row(escape(item.unique_id), item.status, escape(_what(item)))
    return table


def _what(item: ItemRow) -> str:
    if item.failure_kind:
        return f"{item.failure_kind}: {item.error_message}"
    found = item.output_metadata or {}
    if "confidence" in found:
        return f"{found['type']} ({found['confidence']:.2f})"
    return item.skip_reason or ""
