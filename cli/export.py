"""`sheaf results` and `sheaf export`: getting at what a batch has made."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from cli.output import Fault, console, item_json, print_json
from cli.session import Session, session
from models.documents import ParsedDocument
from services.ledger.item_listing import ItemRow
from services.ledger.records import JobRow, NotFoundError, ResultPlace
from services.result_store import ResultStore, StoredResult
from services.storage.opened import open_blobs
from services.work import Work

PAGE_ITEMS = 1000


def results(
    job_id: str,
    item: Annotated[str, typer.Argument(help="Item: its id, its path, or its file name.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the canonical result.")] = False,
) -> None:
    """Print what became of one file: its markdown, or why there is none.

    \b
    Examples:
      sheaf results bjb-0192f0… contracts/lease.pdf
      sheaf results bjb-0192f0… lease.pdf --json | jq .document.pages[0]
    """

    async def show() -> int:
        async with session() as current:
            found = await _item(current, job_id, item)
            if found.place is None:
                if as_json:
                    print_json(item_json(found))
                    return 3
                why = found.failure_kind or found.skip_reason
                raise Fault(
                    f"{found.unique_id} is {found.status}"
                    + (f": {why}: {found.error_message}" if why else ""),
                    code=3,
                )
            stored = await _read(_store(current), found.place)
            if as_json:
                print_json(stored.canonical)
            else:
                console.file.write(stored.markdown + "\n")
            return 0

    raise typer.Exit(asyncio.run(show()))


def export(
    job_id: str,
    out: Annotated[Path, typer.Option(help="Folder to write to; made when missing.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a batch's markdown files and a manifest of all its items. Works at any time.

    \b
    Example:
      sheaf export bjb-0192f0… --out out
    """

    async def write() -> None:
        async with session() as current:
            try:
                job = await current.jobs.get(job_id)
            except NotFoundError as error:
                raise Fault(str(error)) from error
            await export_job(current, job, out)
            if as_json:
                print_json({"job_id": job_id, "out": str(out)})
            else:
                console.print(f"Written to {out}", soft_wrap=True)

    asyncio.run(write())


async def export_job(current: Session, job: JobRow, out: Path) -> Path:
    """Write `out/files/PATH.md` for each result and `out/manifest.jsonl` with every item.

    Pictures that the job kept are written to `out/files/PATH.images/`.
    """
    store = _store(current)
    out.mkdir(parents=True, exist_ok=True)
    has_images = bool(Work.of(await current.jobs.spec(job.id)).options.images)
    staged = out / ".manifest.jsonl"
    with staged.open("w") as manifest:
        async for item in _items(current, job.id):
            entry = item_json(item)
            if item.place:
                stored = await _read(store, item.place)
                target = out / "files" / (_safe(item.unique_id) + ".md")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(stored.markdown, encoding="utf-8", newline="")
                entry["markdown"] = str(target.relative_to(out))
                if has_images:
                    folder = target.with_suffix(".images")
                    entry["images"] = await _export_images(store, item.place, stored, folder)
            manifest.write(json.dumps(entry, ensure_ascii=False) + "\n")
    staged.replace(out / "manifest.jsonl")
    return out


async def _export_images(
    store: ResultStore, place: ResultPlace, stored: StoredResult, folder: Path
) -> list[str]:
    """Write the pictures of a result; return their names."""
    document = ParsedDocument.model_validate(stored.canonical["document"])
    names = [image.name for page in document.pages for image in page.images]
    for name in names:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(await store.image(place, name))
    return names


def _store(current: Session) -> ResultStore:
    return ResultStore(open_blobs(current.settings.storage_url, current.settings.home))


async def _read(store: ResultStore, place: ResultPlace) -> StoredResult:
    try:
        return await store.read(place)
    except OSError as error:
        raise Fault(
            f"the result is not to be had from {store.uri(place)}: {error}. Check "
            "SHEAF_STORAGE_URL and, for S3, AWS_*; `sheaf doctor` tries them"
        ) from error


async def _items(current: Session, job_id: str) -> AsyncIterator[ItemRow]:
    after = 0
    while rows := await current.items.after(job_id, ordinal=after, limit=PAGE_ITEMS):
        for row in rows:
            yield row
        after = rows[-1].ordinal


async def _item(current: Session, job_id: str, key: str) -> ItemRow:
    try:
        await current.jobs.get(job_id)
        return await current.items.one(job_id, key)
    except NotFoundError as error:
        raise Fault(str(error)) from error


def _safe(name: str) -> str:
    """Return a relative path that cannot leave the folder, whatever the item is called."""
    parts = [part for part in PurePosixPath(name).parts if part not in {"/", "..", "."}]
    return "/".join(parts) or "unnamed"
