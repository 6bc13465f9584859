"""`/api/v1/parsing`: the job of one file of a batch, by the `job_id` of its item.

Older clients leave the version out of the path, so that every address has two forms.
"""

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response

from api.caller import CurrentCaller, State
from api.links import DOWNLOAD_HEADERS
from api.task_shown import configuration
from models.batch import ItemStatus, SkipReason
from models.documents import ParsedPage
from models.parse_results import (
    JobMetadata,
    JsonPage,
    JsonResult,
    MarkdownResult,
    ParsingJob,
    TextResult,
    error_code,
)
from rules.file_extensions import SUPPORTED_EXTENSIONS
from rules.markdown_items import markdown_items
from rules.page_items import items_v1, layout, shown_image, table_names
from rules.page_links import links_of
from rules.times import moment
from services.ledger.item_listing import ItemRow
from services.results import Results, TaskResult
from services.workbooks import MEDIA_TYPE as WORKBOOK_TYPE
from services.workbooks import WorkbookError

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
    return _shown(await Results(state.database, state.blobs).item(caller.project_id, job_id))


@_routes.get("/job/{job_id}/result/text")
async def get_text(job_id: JobId, caller: CurrentCaller, state: State) -> TextResult:
    """Return the plain text of a file."""
    found = await _result(job_id, caller, state)
    return TextResult(text=found.text, job_metadata=_metadata(found))


@_routes.get("/job/{job_id}/result/markdown")
async def get_markdown(job_id: JobId, caller: CurrentCaller, state: State) -> MarkdownResult:
    """Return the markdown of a file."""
    found = await _result(job_id, caller, state)
    return MarkdownResult(markdown=found.markdown, job_metadata=_metadata(found))


@_routes.get("/job/{job_id}/result/json")
async def get_json(job_id: JobId, caller: CurrentCaller, state: State) -> JsonResult:
    """Return the pages of a file."""
    found = await _result(job_id, caller, state)
    pages = [
        _page(page, as_read, found)
        for page, as_read in zip(found.pages, found.document.pages, strict=True)
    ]
    return JsonResult(pages=pages, job_metadata=_metadata(found))


@_routes.get("/job/{job_id}/result/raw/text", response_class=Response)
async def get_raw_text(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the plain text of a file, as it is."""
    found = await _result(job_id, caller, state)
    return Response(found.text.encode("utf-8", "replace"), media_type="text/plain")


@_routes.get("/job/{job_id}/result/raw/markdown", response_class=Response)
async def get_raw_markdown(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the markdown of a file, as it is."""
    found = await _result(job_id, caller, state)
    return Response(found.markdown.encode("utf-8", "replace"), media_type="text/markdown")


@_routes.get("/job/{job_id}/result/xlsx", response_class=Response)
@_routes.get("/job/{job_id}/result/raw/xlsx", response_class=Response)
async def get_xlsx(job_id: JobId, caller: CurrentCaller, state: State) -> Response:
    """Return the tables of a file as a workbook, a sheet each, named as in the JSON result."""
    found = await _result(job_id, caller, state)
    try:
        content = await state.workbooks.written(found.document.pages)
    except WorkbookError as error:
        raise HTTPException(
            413, f"The tables of {job_id} cannot be written as a workbook: {error}"
        ) from error
    return Response(content, media_type=WORKBOOK_TYPE, headers=DOWNLOAD_HEADERS)


@_routes.get("/job/{job_id}/result/image/{name}", response_class=Response)
async def get_image(
    job_id: JobId, name: ImageName, caller: CurrentCaller, state: State
) -> Response:
    """Return a picture that was kept with the result of a file."""
    results = Results(state.database, state.blobs)
    image, content = await results.image(caller.project_id, job_id, name)
    return Response(content, media_type=image.media_type, headers=DOWNLOAD_HEADERS)


@_routes.get("/job/{job_id}/result/{kind}", response_class=Response, include_in_schema=False)
@_routes.get("/job/{job_id}/result/raw/{kind}", response_class=Response, include_in_schema=False)
async def get_what_is_not_made(
    job_id: JobId, kind: str, caller: CurrentCaller, state: State
) -> Response:
    """Say that this server makes no such result."""
    await Results(state.database, state.blobs).item(caller.project_id, job_id)
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
        **_shown(task.item).model_dump(),
        "name": task.item.display_name,
        "batch_id": task.job.public_id or task.job.id,
        "attempts": task.item.attempts,
        "started_at": moment(task.item.started_at),
        "completed_at": moment(task.item.completed_at),
        "parameters": configuration(task),
        "unsupported_parameters": task.job.unsupported_parameters,
    }


async def _result(job_id: str, caller: CurrentCaller, state: State) -> TaskResult:
    return await Results(state.database, state.blobs).get(caller.project_id, job_id)


def _page(page: ParsedPage, as_read: ParsedPage, found: TaskResult) -> JsonPage:
    items = items_v1(page)
    # A style may write tables as HTML, or leave them out.
    parts = items if page.md == as_read.md else markdown_items(as_read.md)
    return JsonPage(
        page=page.page,
        text=page.text,
        md=page.md,
        width=page.width,
        height=page.height,
        status="ERROR" if page.error else "OK",
        items=items,
        images=[shown_image(image) for image in page.images],
        charts=[],
        tables=table_names(page.page, parts),
        layout=layout(page) if found.work.shows_layout else [],
        links=[link._asdict() for link in links_of(page.md)],
        parsing_mode=found.document.engine,
        no_text_content=not page.text.strip(),
        printed_page_number=page.printed_page_number,
        page_header_markdown=page.header,
        page_footer_markdown=page.footer,
    )


def _metadata(found: TaskResult) -> JobMetadata:
    return JobMetadata(job_pages=len(found.document.pages), job_is_cache_hit=found.is_reused)


def _shown(item: ItemRow) -> ParsingJob:
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
