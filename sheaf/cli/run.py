"""`sheaf run`, `watch` and `cancel`: the life of a batch."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from sheaf.cli.export import Exported, export_job
from sheaf.cli.faults import Fault
from sheaf.cli.job_output import counts_line, exit_code, job_json
from sheaf.cli.output import console, print_json, shown
from sheaf.cli.parameters import job_config, job_request
from sheaf.cli.progress import follow
from sheaf.cli.session import Session, cancel_job, ensure_up, load_settings, open_service, session
from sheaf.cli.sources import named_source
from sheaf.contracts.states import ItemStatus
from sheaf.embedded.home import Running
from sheaf.ledger.records import JobRow

PAGE_SIZE = 1000
THRESHOLD = 20_000
"""Defaults of the command line. The contract's 100 and 100 would bound a job to 100 files/s,
since the server keeps a second between two continue-as-news."""

SKIPS = {
    "already_processed": "unchanged since an earlier batch, whose results count for this one too",
    "size_limit_exceeded": "larger than SHEAF_SIZE_LIMIT_BYTES",
}
LOOKED_AT = 1000

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document at the end.")]


def run(
    path: Annotated[str, typer.Argument(help="Folder, single file, or s3://bucket/prefix/.")],
    classify: Annotated[
        Path | None, typer.Option(help="YAML file with `rules`: classify instead of parse.")
    ] = None,
    page_size: Annotated[int, typer.Option(help="Files of a page, 1 to 1000.")] = PAGE_SIZE,
    threshold: Annotated[
        int, typer.Option(help="Files dispatched before the workflow continues as new.")
    ] = THRESHOLD,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="Slices of the job at once.")
    ] = None,
    files_per_activity: Annotated[
        int | None, typer.Option(min=1, max=1, help="1: each file is an activity of its own.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Parse parameter, key=value; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write markdown and a manifest here.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for the end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Parse or classify every file of a folder, and show how it goes.

    Starts `sheaf up` in the background when nothing runs in this home. Ctrl-C stops only the view:
    the batch goes on.

    \b
    Examples:
      sheaf run ~/invoices --out out
      sheaf run ~/mail --classify rules.yaml
      sheaf run ~/scans --set languages='[de, fr]' --set max_pages=20
      sheaf run ~/huge --detach
      SHEAF_S3_SOURCES='{"*": ["s3://bucket/in/"]}' sheaf run s3://bucket/in/2026/
    """
    source = named_source(path, load_settings())
    config = job_config(classify, set_ or [])
    code = asyncio.run(
        _run(
            source,
            {"job_config": config, "page_size": page_size, "continue_as_new_threshold": threshold},
            concurrency=concurrency,
            one_file_per_activity=files_per_activity == 1,
            out=out,
            detach=detach,
            as_json=as_json,
        )
    )
    raise typer.Exit(code)


def watch(job_id: str, as_json: AsJson = False) -> None:
    """Show a batch until it ends; Ctrl-C stops only the view.

    \b
    Example:
      sheaf watch bjb-0192f0…
    """

    async def show() -> int:
        async with session() as current:
            return await _follow(current, await current.job(job_id), None, as_json=as_json)

    raise typer.Exit(asyncio.run(show()))


def cancel(
    job_id: str,
    reason: Annotated[str | None, typer.Option(help="Kept with the job.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cancel a batch: nothing new is started, what is done stays done.

    The cancel is kept also while nothing runs, or Temporal is away.

    \b
    Example:
      sheaf cancel bjb-0192f0… --reason "wrong folder"
    """

    async def stop() -> None:
        async with session() as current:
            await current.job(job_id)
            untold = await cancel_job(current, job_id, reason)
            job = await current.job(job_id)
            if as_json:
                print_json(job_json(job))
            elif job.status.is_terminal:
                console.print(f"{job_id} has ended already: {job.status}, {counts_line(job)}")
            else:
                console.print(
                    f"Cancelling {job_id}; `sheaf watch {job_id}` shows its end.", soft_wrap=True
                )
                if untold:
                    console.print(f"The cancel is kept. {untold}", soft_wrap=True)

    asyncio.run(stop())


async def _run(
    source: tuple[str, str],
    body: dict[str, Any],
    *,
    concurrency: int | None,
    one_file_per_activity: bool,
    out: Path | None,
    detach: bool,
    as_json: bool,
) -> int:
    async with session() as current:
        project = current.settings.project
        directory_id = await current.directories.register_source(project, *source)
        request = job_request(body | {"directory_id": directory_id}, current.settings)
        running, is_new = ensure_up(current.home)
        service = await open_service(current)
        try:
            job = await service.create(
                project,
                request,
                concurrency=concurrency,
                one_file_per_activity=one_file_per_activity,
            )
        except ValueError as error:
            raise Fault(str(error), code=2) from error
        if not as_json:
            _announce(job, running, is_new=is_new)
        if detach:
            if as_json:
                print_json(job_json(job))
            return 0
        return await _follow(current, job, out, as_json=as_json)


async def _follow(current: Session, job: JobRow, out: Path | None, *, as_json: bool) -> int:
    try:
        ended = await follow(current, job.id, is_quiet=as_json)
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print(
            f"\nThe batch goes on. Come back with `sheaf watch {job.id}`,", soft_wrap=True
        )
        console.print(f"or stop it with `sheaf cancel {job.id}`.")
        raise typer.Exit(130) from None
    exported = await export_job(current, ended, out) if out else None
    kinds = await current.items.failure_kinds(job.id)
    if as_json:
        print_json(job_json(ended, kinds) | (exported.as_json() if exported else {}))
        return _exit_code(ended, exported)
    console.print(f"[bold]{ended.status}[/bold]: {counts_line(ended)} of {ended.total}")
    if ended.skipped:
        console.print(f"Skipped: {await _skips(current, ended)}", soft_wrap=True)
    if kinds:
        listed = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
        console.print(f"Failed: {listed}. See `sheaf show {job.id} --failed`", soft_wrap=True)
    if ended.error_message or ended.reason:
        reason = shown(str(ended.error_message or ended.reason))
        console.print(f"Reason: {reason}", soft_wrap=True, markup=False)
    if exported:
        console.print(f"Results: {exported.told()}", soft_wrap=True, markup=False)
    else:
        console.print(f"Results: `sheaf export {job.id} --out DIR` writes them", soft_wrap=True)
    return _exit_code(ended, exported)


def _exit_code(job: JobRow, exported: Exported | None) -> int:
    return 1 if exported and exported.unwritten else exit_code(job)


async def _skips(current: Session, job: JobRow) -> str:
    """Say why files were skipped, by the first of them: a job may have millions."""
    items = await current.items.after(job.id, limit=LOOKED_AT, statuses=(ItemStatus.SKIPPED,))
    reasons = dict.fromkeys(item.skip_reason or "" for item in items)
    return "; ".join(SKIPS.get(reason, reason) for reason in reasons)


def _announce(job: JobRow, running: Running | None, *, is_new: bool) -> None:
    console.print(f"Batch {job.id}", soft_wrap=True)
    if running:
        console.print(
            f"Watch it in the Temporal UI: "
            f"{running.ui_address}/namespaces/default/workflows/{job.id}",
            soft_wrap=True,
        )
    if is_new:
        console.print("Started `sheaf up` in the background; `sheaf down` stops it.")
    if job.unsupported_parameters:
        names = ", ".join(job.unsupported_parameters)
        console.print(f"[yellow]Not supported, and without effect: {names}[/yellow]")
