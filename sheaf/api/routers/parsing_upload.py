"""`/api/v1/parsing/upload`: uploading and parsing one file, as older clients do it."""

import re

from fastapi import APIRouter, Request

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.forms import MAX_V1_TEXTS, UploadForm, file_body, upload_form
from sheaf.api.dependencies.idempotency import Idempotent, Once
from sheaf.api.errors import InvalidError
from sheaf.api.state import ApiState
from sheaf.contracts.apis import JobApi
from sheaf.contracts.http.files import Purpose
from sheaf.contracts.http.job_config import BatchParseJobRecordCreate
from sheaf.contracts.http.parse_parameters import withheld_names
from sheaf.contracts.http.parse_results import ParsingJob
from sheaf.contracts.http.parse_tasks import address_refusal
from sheaf.rules.parameters.parameters import unsupported_parameters
from sheaf.rules.parameters.parse_form import parameters_of
from sheaf.storage.uploads import Uploads
from sheaf.webhooks.receivers import BadReceiverError

_ADDRESSES = {
    name: f"{address_refusal(name)} Send the file as the part `file`."
    for name in ("input_url", "input_s3_path")
}
"""Parts that name another file than the one that is sent, or one where none is sent."""

_routes = APIRouter(tags=["parse results"])


@_routes.post("/upload", openapi_extra=file_body("file", {}))
async def upload_to_parse(
    request: Request, once: Once, caller: CurrentCaller, state: State
) -> ParsingJob:
    """Upload a file and parse it; the other parts are parameters, one a part."""
    limit = state.settings.size_limit_bytes
    async with upload_form(
        request, "file", limit, max_texts=MAX_V1_TEXTS, refused=_ADDRESSES
    ) as form:
        return await _upload(form, once, caller, state)


async def _upload(
    form: UploadForm, once: Idempotent, caller: Caller, state: ApiState
) -> ParsingJob:
    parameters, unknown = parameters_of(form.texts)
    config = BatchParseJobRecordCreate(
        parameters=parameters, withheld_parameters=tuple(sorted(withheld_names(form.texts)))
    )
    try:
        state.jobs.check(caller.project_id, config)
    except ValueError as error:
        # The message begins with the field, which is a part of the form here.
        field = re.split(r"[^A-Za-z0-9_]", str(error), maxsplit=1)[0]
        raise InvalidError(("body", field), str(error)) from error
    try:
        receivers = await state.receivers.of_config(caller.project_id, config)
    except BadReceiverError as error:
        raise InvalidError(("body", error.field), str(error)) from error

    async def make(reserved_id: str) -> ParsingJob:
        upload = await Uploads(state.database, state.blobs).store(
            caller.project_id,
            form.file,
            name=form.name,
            purpose=Purpose.PARSE,
            reserved_id=reserved_id,
        )
        (file_id,) = await state.single_jobs.hide(caller.project_id, [upload], reserved_id)
        unsupported = [*unsupported_parameters(config), *unknown]
        task = await state.single_jobs.create(
            caller.project_id,
            JobApi.PARSE,
            file_id,
            config,
            reserved_id,
            {},
            unsupported,
            receivers,
        )
        return ParsingJob(id=task.item.task_id, status="PENDING")

    return await once(await form.asked(parameters), make, ParsingJob)


router = APIRouter()
router.include_router(_routes, prefix="/api/v1/parsing")
router.include_router(_routes, prefix="/api/parsing", include_in_schema=False)
