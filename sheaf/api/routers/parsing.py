"""`/api/v1/parsing`: the job of one file of a batch, by the `job_id` of its item.

Older clients leave the version out of the path, so that every address has two forms.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response
from fastapi.responses import StreamingResponse

from sheaf.api.dependencies.auth import Caller, CurrentCaller, State
from sheaf.api.dependencies.links import DOWNLOAD_HEADERS
from sheaf.api.presenters.parse_expanded import CONTENTS
from sheaf.api.presenters.spliced import part_response
from sheaf.api.presenters.tasks import configuration
from sheaf.api.state import ApiState
from sheaf.contracts.http.parse_results import (
    JsonResult,
    MarkdownResult,
    ParsingJob,
    TextResult,
    error_code,
)
from sheaf.contracts.states import ItemStatus, SkipReason
from sheaf.contracts.views import Part
from sheaf.ledger.items.listing import ItemRow
from sheaf.rules.file_extensions import SUPPORTED_EXTENSIONS
from sheaf.rules.times import moment
from sheaf.storage.blobs import OpenBlob

ImageName = Annotated[str, Path(max_length=64, examples=["page_1.jpg"])]
JobId = Annotated[str, Path(max_length=64, examples=["0192f0c1-a2b3-7c4d-8e9f-001122334455"])]

_routes = APIRouter(tags=["parse results"])

_STATUSES = {
    ItemStatus.PENDING: "PENDING",
    ItemStatus.PROCESSING: "PENDING",
    ItemStatus.COMPLETED: "SUCCESS",
    ItemStatus.FAILED: "ERROR",
    ItemStatus.CANCELLED: "CANCELLED",
}


@_routes.get("/supported_file_extensions")
async def list_supported_file_extensions(caller: CurrentCaller) -> list[str]:  # noqa: ARG001
    """List the extensions of files that are read here; a file is told by its bytes all the same."""
    return list(SUPPORTED_EXTENSIONS)


@_routes.get("/job/{job_id}")
async def get_parsing_job(job_id: JobId, caller: CurrentCaller, state: State) -> ParsingJob:
    """Return how far the job of one file is, and why it failed."""
    return _to_response(await state.results.item(caller.project_id, job_id))


@_routes.get("/job/{job_id}/result/text", response_model=TextResult)
async def get_text(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the plain text of a file."""
    return await _written(job_id, Part.V1_TEXT, caller, state)


@_routes.get("/job/{job_id}/result/markdown", response_model=MarkdownResult)
async def get_markdown(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the markdown of a file."""
    return await _written(job_id, Part.V1_MARKDOWN, caller, state)


@_routes.get("/job/{job_id}/result/json", response_model=JsonResult)
async def get_json(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the pages of a file."""
    return await _written(job_id, Part.V1_JSON, caller, state)


@_routes.get("/job/{job_id}/result/raw/text", response_class=Response)
async def get_raw_text(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the plain text of a file, as it is."""
    return await _written(job_id, Part.TEXT_FULL, caller, state)


@_routes.get("/job/{job_id}/result/raw/markdown", response_class=Response)
async def get_raw_markdown(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the markdown of a file, as it is."""
    return await _written(job_id, Part.MARKDOWN_FULL, caller, state)


@_routes.get("/job/{job_id}/result/xlsx", response_class=Response)
@_routes.get("/job/{job_id}/result/raw/xlsx", response_class=Response)
async def get_xlsx(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the tables of a file as a workbook, a sheet each, named as in the JSON result."""
    return await _written(job_id, Part.XLSX, caller, state, DOWNLOAD_HEADERS)


@_routes.get("/job/{job_id}/result/image/{name}", response_class=StreamingResponse)
async def get_image(
    job_id: JobId, name: ImageName, caller: CurrentCaller, state: State
) -> StreamingResponse:
    """Return a picture that was kept with the result of a file."""
    return picture(*await state.results.image(caller.project_id, job_id, name))


@_routes.get("/job/{job_id}/result/{kind}", response_class=Response, include_in_schema=False)
@_routes.get("/job/{job_id}/result/raw/{kind}", response_class=Response, include_in_schema=False)
async def get_what_is_not_made(
    job_id: JobId, kind: str, caller: CurrentCaller, state: State
) -> Response:
    """Say that this server makes no such result."""
    await state.results.item(caller.project_id, job_id)
    raise HTTPException(
        404,
        f"This server makes no result {kind[:64]!r}; it has text, markdown, json, xlsx and image.",
    )


@_routes.get("/job/{job_id}/parameters")
async def get_parameters(job_id: JobId, caller: CurrentCaller, state: State) -> dict[str, Any]:
    """Return what the job of a file was asked for, without secrets."""
    return configuration(await state.single_jobs.get(caller.project_id, job_id))


@_routes.get("/job/{job_id}/details")
async def get_details(job_id: JobId, caller: CurrentCaller, state: State) -> dict[str, Any]:
    """Return what is known about the job of a file."""
    task = await state.single_jobs.get(caller.project_id, job_id)
    return {
        **_to_response(task.item).model_dump(),
        "name": task.item.display_name,
        "batch_id": task.job.public_id or task.job.id,
        "attempts": task.item.attempts,
        "started_at": moment(task.item.started_at),
        "completed_at": moment(task.item.completed_at),
        "parameters": configuration(task),
        "unsupported_parameters": task.job.unsupported_parameters,
    }


def picture(media_type: str, blob: OpenBlob) -> StreamingResponse:
    """Return an answer that is a picture."""
    headers = {**DOWNLOAD_HEADERS, "Content-Length": str(blob.size_bytes)}
    return StreamingResponse(blob.content, media_type=media_type, headers=headers)


async def _written(
    job_id: str,
    part: Part,
    caller: Caller,
    state: ApiState,
    headers: Mapping[str, str] | None = None,
) -> Response:
    result = await state.results.get(caller.project_id, job_id)
    written = await state.views.written(result, [part])
    return part_response(written, part, CONTENTS.get(part, "application/json"), headers)


def _to_response(item: ItemRow) -> ParsingJob:
    if item.status is ItemStatus.SKIPPED:
        if item.result_id is not None:
            return ParsingJob(id=item.task_id, status="SUCCESS")
        is_large = item.skip_reason is SkipReason.SIZE_LIMIT_EXCEEDED
        code = "DOCUMENT_TOO_LARGE" if is_large else None
        return ParsingJob(
            id=item.task_id, status="ERROR", error_code=code, error_message=item.skip_reason
        )
    status = _STATUSES[item.status]
    if status != "ERROR":
        return ParsingJob(id=item.task_id, status=status)
    return ParsingJob(
        id=item.task_id,
        status=status,
        error_code=error_code(item.failure_kind),
        error_message=f"{item.failure_kind}: {item.error_message}",
    )


router = APIRouter()
router.include_router(_routes, prefix="/api/v1/parsing")
router.include_router(_routes, prefix="/api/parsing", include_in_schema=False)
