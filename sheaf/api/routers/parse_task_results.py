"""`/api/v2/parse/{id}`: the job of one file and what was read from it."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import StreamingResponse

from sheaf.api.dependencies.auth import CurrentCaller, State
from sheaf.api.dependencies.job_lists import TaskId
from sheaf.api.dependencies.links import BY_LINK, DOWNLOAD_HEADERS, Links, signed_link
from sheaf.api.presenters.parse_expanded import CONTENTS, Expanding, expanded
from sheaf.api.presenters.spliced import part_response
from sheaf.api.presenters.tasks import parse_task, place_of
from sheaf.api.routers.parsing import ImageName, picture
from sheaf.contracts.http.parse_tasks import ParseResult
from sheaf.contracts.views import Part
from sheaf.ledger.records import NotFoundError

router = APIRouter(prefix="/api/v2/parse", tags=["parse"])


@router.get("/{job_id}", response_model=ParseResult)
async def get_parse_result(
    job_id: TaskId,
    links: Links,
    caller: CurrentCaller,
    state: State,
    expand: Annotated[
        list[str],
        Query(
            max_length=50,
            description="`text`, `markdown`, `items`, `metadata`, `text_full`, `markdown_full`, "
            "`job_metadata`, `raw_parameters`, `queue_position`, and `…_content_metadata` of text, "
            "markdown, items, metadata, text_full, markdown_full, xlsx and images. "
            "What is not known gives nothing.",
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    image_filenames: Annotated[
        str | None,
        Query(max_length=10_000, description="Names between commas: the images to tell of."),
    ] = None,
) -> ParseResult | Response:
    """Return the job of a file, of a batch too, and of its result what `expand` names.

    While the job runs, and when it has failed, what was named is null.
    """
    task = await state.single_jobs.get(caller.project_id, job_id)
    place = await place_of(task, state, expand)
    found = ParseResult(job=parse_task(task, place))
    if not expand:
        return found

    def link(kind: str) -> str:
        path = f"{router.prefix}/{task.item.task_id}/download/{kind}"
        return signed_link(links, path).url

    names = None if image_filenames is None else image_filenames.split(",")
    try:
        result = await state.results.get(caller.project_id, job_id)
        return await expanded(found, Expanding(task, result, link, names), expand, state.views)
    except NotFoundError:
        return found


@router.get("/{job_id}/download/{kind}", response_class=Response, dependencies=[BY_LINK])
async def download_result(
    job_id: TaskId,
    kind: str,
    state: State,
) -> Response:
    """Return a part of a result by a signed link, which needs no key."""
    if kind not in CONTENTS:
        raise HTTPException(404, f"no such part of a result: {kind[:40]}")
    part = Part(kind)
    result = await state.results.get(None, job_id)
    written = await state.views.written(result, [part])
    return part_response(written, part, CONTENTS[part], DOWNLOAD_HEADERS)


@router.get(
    "/{job_id}/download/images/{name}", response_class=StreamingResponse, dependencies=[BY_LINK]
)
async def download_image(
    job_id: TaskId,
    name: ImageName,
    state: State,
) -> StreamingResponse:
    """Return a picture of a result by a signed link, which needs no key."""
    return picture(*await state.results.image(None, job_id, name))
