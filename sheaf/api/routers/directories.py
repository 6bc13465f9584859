"""`/api/v1/beta/directories`: what jobs run over."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.idempotency import Once
from sheaf.api.dependencies.paging import (
    Page,
    PageSize,
    PageToken,
    by_creation,
    decode_cursor,
    page_of,
)
from sheaf.api.errors import InvalidError
from sheaf.api.state import ApiState
from sheaf.contracts.http.directories import (
    Directory,
    DirectoryCreate,
    DirectoryType,
    DirectoryUpdate,
)
from sheaf.ledger.files.directories import DirectoryFilter, DirectoryLedger, DirectoryRow
from sheaf.rules.times import microseconds, moment
from sheaf.runtime.file_calls import FILE_CALLS
from sheaf.sources.listing import S3_SCHEME
from sheaf.sources.local import source_uri
from sheaf.sources.roots import SourceRefusedError, open_folder, open_prefix

router = APIRouter(prefix="/api/v1/beta/directories", tags=["directories"])

DEFAULT_PAGE = 100
_ROOTS = "the source roots"

DirectoryId = Annotated[str, Path(max_length=64, examples=["dir-0192f0c1a2b37c4d8e9f001122334455"])]

IncludeDeleted = Annotated[bool, Query(description="Show what was deleted too.")]


@router.post("", status_code=201)
async def create_directory(
    body: DirectoryCreate, once: Once, caller: CurrentCaller, state: State
) -> Directory:
    """Make a directory for files that are uploaded, or one that shows a folder of the server."""
    values = await _columns(body, caller.project_id, state)

    async def make(reserved_id: str) -> Directory:
        ledger = DirectoryLedger(state.database)
        return _to_response(await ledger.create(caller.project_id, values, reserved_id))

    return await once(body, make, Directory)


@router.get("")
async def list_directories(
    caller: CurrentCaller,
    state: State,
    *,
    name: str | None = None,
    type: DirectoryType | None = None,
    types: Annotated[list[DirectoryType] | None, Query(max_length=10)] = None,
    data_source_id: str | None = None,
    include_deleted: IncludeDeleted = False,
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[Directory]:
    """List directories, newest first."""
    only = DirectoryFilter(name or None, type, types, data_source_id or None, include_deleted)
    position = decode_cursor(page_token, int, str)
    rows, total = await DirectoryLedger(state.database).page(
        caller.project_id, only, position and (position[0], position[1]), page_size + 1
    )
    shown, token = page_of(rows, page_size, by_creation)
    return Page(
        items=[_to_response(row) for row in shown],
        next_page_token=token,
        total_size=total,
    )


@router.get("/{directory_id}")
async def get_directory(
    directory_id: DirectoryId, caller: CurrentCaller, state: State
) -> Directory:
    """Return a directory."""
    return _to_response(await DirectoryLedger(state.database).get(caller.project_id, directory_id))


@router.patch("/{directory_id}")
async def update_directory(
    directory_id: DirectoryId, body: DirectoryUpdate, caller: CurrentCaller, state: State
) -> Directory:
    """Change a directory's name or description."""
    ledger = DirectoryLedger(state.database)
    values = body.model_dump(exclude_none=True)
    return _to_response(await ledger.update(caller.project_id, directory_id, values))


@router.delete("/{directory_id}", status_code=204)
async def delete_directory(directory_id: DirectoryId, caller: CurrentCaller, state: State) -> None:
    """Delete a directory and the files in it; uploads stay, and jobs that run go on."""
    await DirectoryLedger(state.database).delete(caller.project_id, directory_id)


async def _columns(body: DirectoryCreate, project_id: str, state: ApiState) -> dict[str, Any]:
    values = body.model_dump(exclude_none=True)
    if body.expires_at:
        values["expires_at"] = microseconds(body.expires_at)
    if body.source_uri:
        try:
            values["source_uri"] = await _source(body.source_uri, project_id, state)
        except SourceRefusedError as error:
            raise InvalidError(("body", "source_uri"), f"source_uri: {error}.") from error
    return values


async def _source(uri: str, project_id: str, state: ApiState) -> str:
    """Return the URI under which a source is known, whichever way it was written."""
    if uri.startswith(S3_SCHEME):
        return open_prefix(uri, project_id, state.s3_sources).uri()
    roots = state.settings.source_roots
    return await FILE_CALLS.run(_ROOTS, lambda _: source_uri(open_folder(uri, roots)))


def _to_response(row: DirectoryRow) -> Directory:
    times = ("expires_at", "deleted_at", "created_at", "updated_at")
    return Directory(**{**vars(row), **{name: moment(getattr(row, name)) for name in times}})
