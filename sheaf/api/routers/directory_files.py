"""`/api/v1/beta/directories/{id}/files`: the files of a directory, which are items of jobs."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.links import Links
from sheaf.api.dependencies.paging import (
    Page,
    PageSize,
    PageToken,
    by_creation,
    decode_cursor,
    page_of,
)
from sheaf.api.presenters.directory_files import directory_file, explained
from sheaf.api.routers.directories import DEFAULT_PAGE, DirectoryId, IncludeDeleted
from sheaf.api.routers.files import Expand
from sheaf.contracts.http.directories import (
    DirectoryFile,
    DirectoryFilesDelete,
    DirectoryFileUpdate,
    Moment,
)
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.files.directory_files import DirectoryFileLedger
from sheaf.ledger.files.listing import FileFilter, FileListing
from sheaf.ledger.records import NotFoundError
from sheaf.rules.times import microseconds

router = APIRouter(prefix="/api/v1/beta/directories/{directory_id}/files", tags=["directories"])

FileId = Annotated[str, Path(max_length=64, examples=["dfl-0192f0c1a2b37c4d8e9f001122334455"])]
Time = Annotated[Moment | None, Query(description="Inclusive; without a zone, UTC.")]


@router.get("")
async def list_directory_files(
    directory_id: DirectoryId,
    links: Links,
    caller: CurrentCaller,
    state: State,
    *,
    display_name: str | None = None,
    display_name_contains: str | None = None,
    unique_id: str | None = None,
    file_id: str | None = None,
    include_deleted: IncludeDeleted = False,
    updated_at_on_or_after: Time = None,
    updated_at_on_or_before: Time = None,
    expand: Expand = [],  # noqa: B006 - FastAPI copies it
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[DirectoryFile]:
    """List the files of a directory in the order in which they came."""
    await DirectoryLedger(state.database).get(caller.project_id, directory_id)
    only = FileFilter(
        display_name=display_name or None,
        display_name_contains=display_name_contains or None,
        unique_id=unique_id or None,
        upload_id=file_id or None,
        updated_from=_us(updated_at_on_or_after),
        updated_to=_us(updated_at_on_or_before),
        include_deleted=include_deleted,
    )
    at = decode_cursor(page_token, int, str)
    listing = FileListing(state.database)
    rows, total = await listing.page(directory_id, only, at and (at[0], at[1]), page_size + 1)
    shown, token = page_of(rows, page_size, by_creation)
    return Page(
        items=[directory_file(row, links, expand) for row in shown],
        next_page_token=token,
        total_size=total,
    )


@router.post("/bulk-delete", status_code=204)
async def delete_directory_files(
    directory_id: DirectoryId, body: DirectoryFilesDelete, caller: CurrentCaller, state: State
) -> None:
    """Delete files from a directory; those that are not there are passed over."""
    with explained():
        await DirectoryFileLedger(state.database).delete(
            caller.project_id, directory_id, body.directory_file_ids
        )


@router.get("/{directory_file_id}")
async def get_directory_file(
    directory_id: DirectoryId,
    directory_file_id: FileId,
    links: Links,
    caller: CurrentCaller,
    state: State,
    expand: Expand = [],  # noqa: B006 - FastAPI copies it
) -> DirectoryFile:
    """Return a file of a directory."""
    listing = FileListing(state.database)
    row = await listing.get(caller.project_id, directory_id, directory_file_id)
    return directory_file(row, links, expand)


@router.patch("/{directory_file_id}")
async def update_directory_file(
    directory_id: DirectoryId,
    directory_file_id: FileId,
    body: DirectoryFileUpdate,
    caller: CurrentCaller,
    state: State,
) -> DirectoryFile:
    """Change a file's names or metadata, or move it to another directory; its id stays."""
    values = body.model_dump(include={"unique_id", "display_name", "metadata"}, exclude_none=True)
    with explained():
        row = await DirectoryFileLedger(state.database).update(
            caller.project_id,
            directory_id,
            directory_file_id,
            values,
            target_id=body.target_directory_id or body.directory_id,
        )
    return directory_file(row)


@router.delete("/{directory_file_id}", status_code=204)
async def delete_directory_file(
    directory_id: DirectoryId, directory_file_id: FileId, caller: CurrentCaller, state: State
) -> None:
    """Delete a file from a directory; the upload that it was made of stays."""
    ledger = DirectoryFileLedger(state.database)
    with explained():
        if not await ledger.delete(caller.project_id, directory_id, [directory_file_id]):
            raise NotFoundError(f"no file {directory_file_id} in {directory_id}")


def _us(time: datetime | None) -> int | None:
    return None if time is None else microseconds(time)
