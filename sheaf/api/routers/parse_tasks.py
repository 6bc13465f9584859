"""`/api/v2/parse`: parsing one file, as a batch of one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.forms import UploadForm, file_body, upload_form
from sheaf.api.dependencies.idempotency import Idempotent, Once
from sheaf.api.dependencies.job_lists import (
    JobIds,
    TaskId,
    cancelled,
    deleted,
    job_page,
    single_job_filter,
)
from sheaf.api.dependencies.paging import Page, PageToken
from sheaf.api.dependencies.receivers import named_receivers
from sheaf.api.errors import InvalidError
from sheaf.api.presenters.tasks import parse_task
from sheaf.api.state import ApiState
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.classify_v2 import TaskStatus
from sheaf.contracts.http.directories import Moment
from sheaf.contracts.http.files import Purpose
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_tasks import (
    Deleted,
    ParseCreate,
    ParseTask,
    ParseUploadConfiguration,
)
from sheaf.contracts.http.parse_v2 import ParseConfiguration
from sheaf.jobs.configurations import Configurations, WrongProductError
from sheaf.ledger.files.uploads import UploadLedger, UploadRow
from sheaf.ledger.jobs.receivers import NewReceivers
from sheaf.ledger.records import NotFoundError
from sheaf.rules.parameters.finite_json import NotFiniteError, read_json
from sheaf.rules.parameters.parse_v2 import translate
from sheaf.storage.uploads import Uploads

router = APIRouter(prefix="/api/v2/parse", tags=["parse"])

DEFAULT_PAGE = 20
MAX_PAGE = 1000
FAST_VERSIONS = ["2026-06-15", "2025-12-11"]
"""The vendor's of the tier that uses no model. All are taken, and none changes anything here."""

_PARTS = {"configuration": {"type": "string", "description": "A configuration as JSON."}}


@router.post("")
async def create_parse_job(
    body: ParseCreate, once: Once, caller: CurrentCaller, state: State
) -> ParseTask:
    """Parse an uploaded file."""
    upload = await _upload_of(body.file_id, caller, state)
    configuration = await _merged(body, caller, state)
    receivers = await named_receivers(configuration, caller, state)

    async def make(reserved_id: str) -> ParseTask:
        echo = {"configuration_id": body.configuration_id, "user_metadata": body.user_metadata}
        return await _create(upload, configuration, receivers, echo, reserved_id, caller, state)

    return await once(body, make, ParseTask)


@router.post("/upload", openapi_extra=file_body("file", _PARTS, list(_PARTS)))
async def upload_and_parse(
    request: Request, once: Once, caller: CurrentCaller, state: State
) -> ParseTask:
    """Upload a file and parse it."""
    async with upload_form(request, "file", state.settings.size_limit_bytes) as form:
        return await _upload(form, once, caller, state)


@router.get("")
async def list_parse_jobs(
    caller: CurrentCaller,
    state: State,
    *,
    status: TaskStatus | None = None,
    job_ids: JobIds = None,
    created_at_on_or_after: Moment | None = None,
    created_at_on_or_before: Moment | None = None,
    page_size: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    page_token: PageToken = None,
) -> Page[ParseTask]:
    """List the jobs of single files, newest first; those of batches are listed by their batch."""
    created = (created_at_on_or_after, created_at_on_or_before)
    asked = single_job_filter(caller, JobApi.PARSE, status, job_ids, created)
    rows, token = await job_page(state, asked, page_size, page_token)
    return Page(
        items=[parse_task(task) for task in await state.single_jobs.tasks(rows)],
        next_page_token=token,
    )


@router.get("/versions")
async def list_versions() -> dict[str, Any]:
    """Name the versions of each tier; all of them parse alike here."""
    tiers = ("fast", "cost_effective", "agentic", "agentic_plus")
    listed: dict[str, Any] = dict.fromkeys(tiers, FAST_VERSIONS)
    return {**listed, "latest": dict.fromkeys(tiers, FAST_VERSIONS[0])}


@router.post("/{job_id}/cancel")
async def cancel_parse_job(job_id: TaskId, caller: CurrentCaller, state: State) -> ParseTask:
    """Cancel the job of a single file; one that has ended stays as it is."""
    return parse_task(await cancelled(job_id, caller, state))


@router.delete("/{job_id}")
async def delete_parse_job(job_id: TaskId, caller: CurrentCaller, state: State) -> Deleted:
    """Delete the job of a single file and its result; the file stays."""
    return await deleted(job_id, caller, state)


async def _upload(form: UploadForm, once: Idempotent, caller: Caller, state: ApiState) -> ParseTask:
    body = _written(form.texts.get("configuration"))
    configuration = body.configuration()
    _check(configuration)
    receivers = await named_receivers(configuration, caller, state)

    async def make(reserved_id: str) -> ParseTask:
        upload = await Uploads(state.database, state.blobs).store(
            caller.project_id,
            form.file,
            name=form.name,
            purpose=Purpose.PARSE,
            reserved_id=reserved_id,
        )
        echo = {"user_metadata": body.user_metadata}
        return await _create(upload, configuration, receivers, echo, reserved_id, caller, state)

    return await once(await form.asked(body), make, ParseTask)


def _written(text: str | None) -> ParseUploadConfiguration:
    try:
        value = read_json(text or "")
    except NotFiniteError as error:
        raise InvalidError(("body", "configuration", *error.place), str(error)) from error
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InvalidError(
            ("body", "configuration"),
            'configuration: not a JSON object; write it like {"tier": "fast", "version": "latest"}',
        )
    return ParseUploadConfiguration.model_validate(value)


async def _upload_of(file_id: str, caller: Caller, state: ApiState) -> UploadRow:
    try:
        return await UploadLedger(state.database).get(caller.project_id, file_id)
    except NotFoundError as error:
        raise InvalidError(("body", "file_id"), f"file_id: no file {file_id[:64]}") from error


async def _merged(body: ParseCreate, caller: Caller, state: ApiState) -> ParseConfiguration:
    """Return what was asked for; what the request sets itself goes before what was saved."""
    configuration = body.configuration()
    if body.configuration_id:
        try:
            saved = await Configurations(state.database).parse(
                caller.project_id, body.configuration_id
            )
        except (NotFoundError, WrongProductError) as error:
            raise InvalidError(("body", "configuration_id"), str(error)) from error
        given = configuration.model_dump(exclude_none=True)
        given = {**saved.model_dump(exclude_none=True), **given}
        configuration = ParseConfiguration.model_validate(given)
    _check(configuration)
    return configuration


def _check(configuration: ParseConfiguration) -> None:
    try:
        translate(configuration)
    except ValueError as error:
        raise InvalidError(("body", "page_ranges", "target_pages"), str(error)) from error


async def _create(
    upload: UploadRow,
    configuration: ParseConfiguration,
    receivers: NewReceivers,
    echo: dict[str, Any],
    reserved_id: str,
    caller: Caller,
    state: ApiState,
) -> ParseTask:
    done = translate(configuration)
    (file_id,) = await state.single_jobs.hide(caller.project_id, [upload], reserved_id)
    written = configuration.model_dump(mode="json", exclude_none=True)
    task = await state.single_jobs.create(
        caller.project_id,
        JobApi.PARSE,
        file_id,
        BatchParseJobRecordCreate(parameters=done.parameters),
        reserved_id,
        {**echo, "configuration": written, "file_id": upload.id},
        done.unsupported,
        receivers,
    )
    return parse_task(task)
