"""`/api/v1/beta/directories/{id}/files`: how uploaded files come into a directory."""

from fastapi import APIRouter, Request

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.forms import UploadForm, body_of, upload_form
from sheaf.api.dependencies.idempotency import Idempotent, Once
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.directory_files import directory_file, explained
from sheaf.api.routers.directories import DirectoryId
from sheaf.api.state import ApiState
from sheaf.contracts.http.directories import DirectoryFile, DirectoryFileAdd, DirectoryFileUpload
from sheaf.contracts.http.files import Purpose
from sheaf.contracts.texts import MAX_KEY_BYTES
from sheaf.ledger.files.directories import DirectoryLedger
from sheaf.ledger.files.directory_files import DirectoryFileLedger, NewFile
from sheaf.ledger.files.uploads import UploadLedger
from sheaf.rules.parameters.finite_json import NotFiniteError, read_json
from sheaf.storage.uploads import Uploads

router = APIRouter(prefix="/api/v1/beta/directories/{directory_id}/files", tags=["directories"])


@router.post("", status_code=201)
async def add_file(
    directory_id: DirectoryId,
    body: DirectoryFileAdd,
    once: Once,
    caller: CurrentCaller,
    state: State,
) -> DirectoryFile:
    """Put an uploaded file into a directory, in place of one with the same `unique_id`."""
    upload = await UploadLedger(state.database).get(caller.project_id, body.file_id)
    new = NewFile(
        _unique(body.unique_id or upload.external_file_id or upload.name),
        body.display_name or upload.name,
        body.metadata,
    )

    async def make(reserved_id: str) -> DirectoryFile:
        return await _put(caller, state, directory_id, upload.id, new, reserved_id)

    return await once(body, make, DirectoryFile)


@router.post("/upload", status_code=201, openapi_extra=body_of("upload_file", DirectoryFileUpload))
async def upload_file(
    directory_id: DirectoryId, request: Request, once: Once, caller: CurrentCaller, state: State
) -> DirectoryFile:
    """Upload a file into a directory, in place of one with the same `unique_id`."""
    await DirectoryLedger(state.database).get(caller.project_id, directory_id)
    async with upload_form(request, "upload_file", state.settings.size_limit_bytes) as form:
        return await _upload(form, directory_id, once, caller, state)


async def _upload(
    form: UploadForm, directory_id: str, once: Idempotent, caller: Caller, state: ApiState
) -> DirectoryFile:
    fields = form.read(DirectoryFileUpload, **_metadata(form.texts.get("metadata")))
    new = NewFile(
        _unique(fields.unique_id or fields.external_file_id or form.name),
        fields.display_name or form.name,
        fields.metadata,
    )

    async def make(reserved_id: str) -> DirectoryFile:
        upload = await Uploads(state.database, state.blobs).store(
            caller.project_id,
            form.file,
            name=form.name,
            purpose=Purpose.USER_DATA,
            external_file_id=fields.external_file_id,
            reserved_id=reserved_id,
        )
        return await _put(caller, state, directory_id, upload.id, new, reserved_id)

    return await once(await form.asked(fields), make, DirectoryFile)


async def _put(
    caller: Caller,
    state: ApiState,
    directory_id: str,
    upload_id: str,
    new: NewFile,
    reserved_id: str,
) -> DirectoryFile:
    await DirectoryLedger(state.database).get(caller.project_id, directory_id)
    with explained():
        row = await DirectoryFileLedger(state.database).put(
            caller.project_id, directory_id, upload_id, new, reserved_id
        )
    return directory_file(row)


def _unique(text: str) -> str:
    if len(text.encode()) > MAX_KEY_BYTES:
        raise InvalidError(
            ("body", "unique_id"),
            f"unique_id would be the file's name, which is longer than {MAX_KEY_BYTES} bytes. "
            "Send a shorter unique_id.",
        )
    return text


def _metadata(text: str | None) -> dict[str, object]:
    if text is None or text.strip() == "null":
        return {"metadata": None}
    try:
        value = read_json(text)
    except NotFiniteError as error:
        raise InvalidError(("body", "metadata", *error.place), str(error)) from error
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidError(
            ("body", "metadata"), 'metadata: not a JSON object; write it like {"key": "value"}.'
        )
    return {"metadata": value}
