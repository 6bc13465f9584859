"""`sheaf results` and `sheaf export`: getting at what a batch has made."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from sheaf.cli.faults import Fault
from sheaf.cli.job_output import item_json
from sheaf.cli.output import console, print_json, shown
from sheaf.cli.session import Session, session
from sheaf.cli.stored import StoredResult, read_result
from sheaf.ledger.items.listing import ItemRow
from sheaf.ledger.records import JobRow, NotFoundError, ResultPlace
from sheaf.processing.job_work import Work
from sheaf.processing.result_store import ResultStore
from sheaf.rules.export_names import Place, folded, part_of, place_of
from sheaf.rules.outside_faults import is_outside_fault, reason
from sheaf.storage.opened import open_blobs

PAGE_ITEMS = 1000
FILES = "files/"
STAGED_MANIFEST = ".manifest.jsonl"


@dataclass(frozen=True)
class Exported:
    """What an export came to."""

    out: Path
    unwritten: int
    """Items with a result of which something could not be written."""

    def as_json(self) -> dict[str, Any]:
        """Return it as `--json` prints it."""
        return {"out": str(self.out), "unwritten": self.unwritten}

    def told(self) -> str:
        """Return it in words."""
        where = shown(str(self.out))
        if not self.unwritten:
            return where
        return f"{where}, but for {self.unwritten} files: see export_error in its manifest.jsonl"


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

    async def write() -> int:
        async with session() as current:
            job = await current.job(job_id)
            exported = await export_job(current, job, out)
            if as_json:
                print_json({"job_id": job_id} | exported.as_json())
            else:
                console.print(f"Written to {exported.told()}", soft_wrap=True, markup=False)
            return 1 if exported.unwritten else 0

    raise typer.Exit(asyncio.run(write()))


async def export_job(current: Session, job: JobRow, out: Path) -> Exported:
    """Write `out/files/PATH.md` for each result and `out/manifest.jsonl` with every item.

    Pictures that the job kept are written to `out/files/PATH.images/`. `sheaf.rules.export_names`
    says what PATH is; the manifest names the files of each item. What cannot be written of one item
    is told there, and its neighbours are written.

    Raises:
        Fault: nothing can be written there, or a result is not to be had.
    """
    has_images = bool(Work.of(await current.jobs.spec(job.id)).options.images)
    staged, unwritten = out / STAGED_MANIFEST, 0
    try:
        out.mkdir(parents=True, exist_ok=True)
        with staged.open("w", encoding="utf-8") as manifest:
            writer = _Writer(_store(current), out, has_images=has_images)
            async for item in _items(current, job.id):
                entry = item_json(item) | await writer.write(item)
                unwritten += "export_error" in entry
                manifest.write(json.dumps(entry, ensure_ascii=False) + "\n")
        staged.replace(out / "manifest.jsonl")
    except OSError as error:
        raise Fault(f"{out} cannot be written: {error}") from error
    return Exported(out, unwritten)


class _Writer:
    """Writes the files of items under a folder that holds the manifest that is being written."""

    def __init__(self, store: ResultStore, out: Path, *, has_images: bool) -> None:
        self._store = store
        self._out = out
        self._has_images = has_images
        # There, two names may be one file.
        self._ignores_case = (out / STAGED_MANIFEST.upper()).exists()
        self._taken: set[str] = set()

    async def write(self, item: ItemRow) -> dict[str, Any]:
        """Write what there is of an item; return what its entry in the manifest says of that.

        Raises:
            OSError: the folder can take no file.
        """
        if item.place is None:
            return {}
        stored = await _read(self._store, item.place)
        place = self._place(item.unique_id)
        entry: dict[str, Any] = {}
        try:
            _write(self._out / place.markdown, stored.markdown.encode(errors="backslashreplace"))
            entry["markdown"] = place.markdown
            if self._has_images:
                entry["images"] = await self._write_images(item.place, stored, place.images)
        except OSError as error:
            if is_outside_fault(error):
                raise
            entry["export_error"] = reason(error)
        return entry

    def _place(self, key: str) -> Place:
        place = place_of(key, FILES)
        if self._ignores_case:
            name = folded(place.markdown)
            if name in self._taken:
                place = place_of(key, FILES, is_marked=True)
            self._taken.add(name)
        return place

    async def _write_images(
        self, place: ResultPlace, stored: StoredResult, folder: str
    ) -> list[str]:
        """Write the pictures of a result; return their names."""
        names = stored.image_names()
        for name in names:
            picture = await self._store.image(place, name)
            content = b"".join([block async for block in picture.content])
            _write(self._out / folder / part_of(name), content)
        return [part_of(name) for name in names]


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def _store(current: Session) -> ResultStore:
    return ResultStore(open_blobs(current.settings.storage_url, current.settings.home))


async def _read(store: ResultStore, place: ResultPlace) -> StoredResult:
    try:
        return await read_result(store, place)
    except OSError as error:
        raise Fault(
            f"the result is not to be had from {store.uri(place)}: {error}. Check "
            "SHEAF_STORAGE_URL and, for S3, AWS_*; `sheaf doctor` tries them"
        ) from error


async def _items(current: Session, job_id: str) -> AsyncIterator[ItemRow]:
    after = 0
    while rows := await _page(current, job_id, after):
        for row in rows:
            yield row
        after = rows[-1].ordinal


async def _page(current: Session, job_id: str, after: int) -> list[ItemRow]:
    try:
        return await current.items.after(job_id, ordinal=after, limit=PAGE_ITEMS)
    except OSError as error:
        raise Fault(f"the ledger does not answer: {error}", code=4) from error


async def _item(current: Session, job_id: str, key: str) -> ItemRow:
    await current.job(job_id)
    try:
        return await current.items.one(job_id, key)
    except NotFoundError as error:
        raise Fault(str(error)) from error
