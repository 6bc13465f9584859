"""`/api/v1/beta/files`: what callers have uploaded."""

from pathlib import PurePosixPath
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import StreamingResponse

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.forms import UploadForm, body_of, upload_form
from sheaf.api.dependencies.idempotency import Idempotent, Once
from sheaf.api.dependencies.links import (
    BY_LINK,
    DEFAULT_SECONDS,
    DOWNLOAD_HEADERS,
    Linking,
    Links,
    file_path,
    signed_link,
)
from sheaf.api.dependencies.paging import Page, PageSize, PageToken, decode_cursor, encode_cursor
from sheaf.api.errors import InvalidError
from sheaf.api.state import ApiState
from sheaf.contracts.http.files import File, FileCreate, FileQuery, FileQueryFilter, PresignedUrl
from sheaf.contracts.http.projects import is_project
from sheaf.ledger.files.uploads import UploadFilter, UploadLedger, UploadOrder, UploadRow
from sheaf.rules.times import moment
from sheaf.runtime.signing_keys import LONGEST_LINK_SECONDS
from sheaf.storage.uploads import Uploads, upload_key

router = APIRouter(prefix="/api/v1/beta/files", tags=["files"])

DEFAULT_PAGE = 50
MAX_PAGE = 1000
MAX_EXPANDED = 10

Expand = Annotated[
    list[str], Query(max_length=MAX_EXPANDED, description="`download_url` adds a signed link.")
]
_ORDERED = {
    "id": "id",
    "name": "name",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "last_modified_at": "updated_at",
}
_NEWEST_FIRST: UploadOrder = (("created_at", True), ("id", True))


@router.post("", status_code=201, openapi_extra=body_of("file", FileCreate))
async def create_file(request: Request, once: Once, caller: CurrentCaller, state: State) -> File:
    """Keep a file; it is listed once all of it has arrived."""
    async with upload_form(request, "file", state.settings.size_limit_bytes) as form:
        return await _create(form, once, caller, state)


@router.get("")
async def list_files(
    links: Links,
    caller: CurrentCaller,
    state: State,
    file_ids: Annotated[list[str] | None, Query(max_length=1000)] = None,
    file_name: str | None = None,
    external_file_id: str | None = None,
    order_by: Annotated[str | None, Query(max_length=200, examples=["name desc"])] = None,
    expand: Expand = [],  # noqa: B006 - FastAPI copies it
    page_size: PageSize = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[File]:
    """List files, newest first unless `order_by` says otherwise."""
    only = UploadFilter(file_ids, file_name or None, external_file_id or None)
    page = await _page(caller, state, only, order_by, page_size, page_token)
    if "download_url" in expand:
        page.items = [_linked(links, file) for file in page.items]
    return page


@router.post("/query", deprecated=True)
async def query_files(caller: CurrentCaller, state: State, body: FileQuery) -> Page[File]:
    """List files, as the GET does."""
    asked = body.filter or FileQueryFilter()
    if asked.project_id and not is_project(asked.project_id, caller.project_id):
        raise HTTPException(404, f"filter.project_id: no project {asked.project_id[:64]}")
    # No file comes from a data source.
    ids = [] if asked.data_source_id else asked.file_ids
    only = UploadFilter(ids, asked.file_name or None, asked.external_file_id or None)
    size = min(body.page_size or DEFAULT_PAGE, MAX_PAGE)
    return await _page(caller, state, only, body.order_by, size, body.page_token)


@router.get("/{file_id:uuid}/content")
async def get_file_link(
    file_id: UUID,
    links: Links,
    caller: CurrentCaller,
    state: State,
    expires_at_seconds: Annotated[int, Query(ge=1, le=LONGEST_LINK_SECONDS)] = DEFAULT_SECONDS,
) -> PresignedUrl:
    """Return a link that gives the file's bytes to whoever has it."""
    row = await UploadLedger(state.database).get(caller.project_id, str(file_id))
    return signed_link(links, file_path(row.id), expires_at_seconds)


@router.get("/{file_id:uuid}/download", response_class=StreamingResponse, dependencies=[BY_LINK])
async def download_file(file_id: UUID, state: State) -> StreamingResponse:
    """Return the bytes of a file by a signed link, which needs no key."""
    row = await UploadLedger(state.database).find(str(file_id))
    if row is None:
        raise HTTPException(404, f"no file {file_id}")
    try:
        blob = await state.blobs.open(upload_key(row.id))
    except FileNotFoundError as error:
        raise HTTPException(404, f"no file {file_id}") from error
    headers = {
        **DOWNLOAD_HEADERS,
        "Content-Length": str(blob.size_bytes),
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(row.name, safe='')}",
    }
    return StreamingResponse(blob.content, media_type="application/octet-stream", headers=headers)


@router.get("/{file_id:uuid}")
async def get_file(
    file_id: UUID,
    links: Links,
    caller: CurrentCaller,
    state: State,
    expand: Expand = [],  # noqa: B006 - FastAPI copies it
) -> File:
    """Return a file."""
    row = await UploadLedger(state.database).get(caller.project_id, str(file_id))
    return _linked(links, shown(row)) if "download_url" in expand else shown(row)


@router.delete("/{file_id:uuid}", status_code=204)
async def delete_file(file_id: UUID, caller: CurrentCaller, state: State) -> None:
    """Delete a file's bytes for good, and take it out of the directories that hold it."""
    await Uploads(state.database, state.blobs).delete(caller.project_id, str(file_id))


def _linked(links: Linking, file: File) -> File:
    """Return a file with a link to its bytes."""
    link = signed_link(links, file_path(file.id))
    return file.changed(download_url=link)


def shown(row: UploadRow) -> File:
    """Return a file as callers see it."""
    return File(
        id=row.id,
        name=row.name,
        project_id=row.project_id,
        external_file_id=row.external_file_id,
        file_type=PurePosixPath(row.name).suffix.removeprefix(".").lower() or None,
        last_modified_at=moment(row.updated_at),
        expires_at=moment(row.expires_at),
        purpose=row.purpose,
    )


async def _create(form: UploadForm, once: Idempotent, caller: Caller, state: ApiState) -> File:
    fields = form.read(FileCreate)

    async def make(reserved_id: str) -> File:
        row = await Uploads(state.database, state.blobs).store(
            caller.project_id,
            form.file,
            name=form.name,
            purpose=fields.purpose,
            external_file_id=fields.external_file_id,
            reserved_id=reserved_id,
        )
        return shown(row)

    return await once(await form.asked(fields), make, File)


async def _page(
    caller: Caller,
    state: ApiState,
    only: UploadFilter,
    order_by: str | None,
    size: int,
    token: str | None,
) -> Page[File]:
    order = _order(order_by)
    written = ",".join(f"{name} {descends:d}" for name, descends in order)
    position = decode_cursor(token, str, str)
    if position and position[0] != written:
        raise InvalidError(("query", "page_token"), "page_token belongs to another order_by.")
    after_id = position[1] if position else None
    rows, total = await UploadLedger(state.database).page(
        caller.project_id, only, order, after_id, size + 1
    )
    following = encode_cursor(written, rows[size - 1].id) if len(rows) > size else None
    items = [shown(row) for row in rows[:size]]
    return Page(items=items, next_page_token=following, total_size=total)


def _order(order_by: str | None) -> UploadOrder:
    """Read "name desc, created_at"; the id comes last, so that no two files are equal."""
    if not order_by or not order_by.strip():
        return _NEWEST_FIRST
    order: dict[str, bool] = {}
    for part in order_by.split(","):
        name, _, way = part.strip().partition(" ")
        if name not in _ORDERED or way.strip().lower() not in {"", "asc", "desc"}:
            fields = ", ".join(_ORDERED)
            raise InvalidError(
                ("query", "order_by"),
                f"{part.strip()[:100]!r}: write one of {fields}, and ' desc' to turn it round",
            )
        order.setdefault(_ORDERED[name], way.strip().lower() == "desc")
    order.setdefault("id", False)
    return tuple(order.items())
