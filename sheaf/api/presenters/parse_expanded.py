"""The parts of a parse result that `expand` can name."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pydantic_core import to_json

from sheaf.api.presenters.spliced import SplicedResponse
from sheaf.api.presenters.tasks import configuration
from sheaf.contracts.http.parse_tasks import (
    ContentMetadata,
    ImageMetadata,
    ImagePlace,
    ImagesMetadata,
    ParseResult,
)
from sheaf.contracts.page_parts import Box
from sheaf.contracts.views import ListedImage, Part, View
from sheaf.jobs.single_jobs import Task
from sheaf.processing.results import TaskResult
from sheaf.views.files import PartFile, Written
from sheaf.views.views import Views

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

CONTENTS = {
    Part.TEXT: "application/json",
    Part.MARKDOWN: "application/json",
    Part.ITEMS: "application/json",
    Part.METADATA: "application/json",
    Part.TEXT_FULL: "text/plain",
    Part.MARKDOWN_FULL: "text/markdown",
    Part.XLSX: XLSX_TYPE,
}
"""What a signed link can give, by the name that `expand` has for it, and its media type."""

_SPLICED = {
    "text": Part.TEXT,
    "markdown": Part.MARKDOWN,
    "items": Part.ITEMS,
    "metadata": Part.METADATA,
    "text_full": Part.TEXT_FULL_JSON,
    "markdown_full": Part.MARKDOWN_FULL_JSON,
    "job_metadata": Part.JOB_METADATA,
}
"""Fields of a result that its process writes, as JSON."""

_IMAGES = "images_content_metadata"
SIGNED_AT_ONCE = 100
"""Links to pictures that are made before others have their turn."""


@dataclass(frozen=True)
class Expanding:
    """A result and what is known about its job."""

    task: Task
    result: TaskResult
    link: Callable[[str], str]
    """Makes the address of one of `CONTENTS`, or of `images/` and a picture's name."""
    image_filenames: Sequence[str] | None = None
    """The pictures to tell of; None tells of all."""


async def expanded(
    found: ParseResult, of: Expanding, names: Sequence[str], views: Views
) -> ParseResult | SplicedResponse:
    """Return a job with the parts that are named; other names give nothing.

    Raises:
        NotFoundError, UnwritableError, BusyError: as for `Views.written`.
    """
    if "raw_parameters" in names:
        found = found.changed(raw_parameters=configuration(of.task))
    parts = [part for name, part in _SPLICED.items() if name in names]
    linked = [part for part in CONTENTS if f"{part}_content_metadata" in names]
    if not (parts or linked or _IMAGES in names):
        return found
    written = await views.written(
        of.result,
        [*parts, *linked],
        lists_images=_IMAGES in names,
        image_names=of.image_filenames,
    )
    try:
        found = found.changed(
            result_content_metadata=_contents(of, linked, written) or None,
            images_content_metadata=await _images(of, written.view) if _IMAGES in names else None,
        )
        pieces = list(_pieces(found, names, written))
        return SplicedResponse(written, pieces, "application/json")
    except BaseException:
        await written.close()
        raise


def _pieces(
    found: ParseResult, names: Sequence[str], written: Written
) -> Iterator[bytes | PartFile]:
    """Yield a result as JSON, with the parts that are named in the places of their fields."""
    before = b"{"
    for name in ParseResult.model_fields:
        yield before + to_json(name) + b":"
        part = _SPLICED.get(name) if name in names else None
        yield to_json(getattr(found, name)) if part is None else written.files[part]
        before = b","
    yield b"}"


def _contents(
    of: Expanding, linked: Sequence[Part], written: Written
) -> dict[str, ContentMetadata]:
    sizes = {part: file.size_bytes for part, file in written.files.items()}
    return {
        str(part): ContentMetadata(
            size_bytes=sizes.get(part, 0), exists=part in sizes, presigned_url=of.link(part)
        )
        for part in linked
    }


async def _images(of: Expanding, view: View) -> ImagesMetadata:
    images: list[ImageMetadata] = []
    for listed in view.images:
        if len(images) % SIGNED_AT_ONCE == 0:
            await asyncio.sleep(0)
        images.append(_image(of, listed))
    return ImagesMetadata(total_count=view.images_total, images=images)


def _image(of: Expanding, listed: ListedImage) -> ImageMetadata:
    image = listed.image
    return ImageMetadata(
        index=listed.index,
        filename=image.name,
        category=image.kind,
        content_type=image.media_type,
        presigned_url=of.link(f"images/{image.name}"),
        bbox=image.box and _place(image.box),
    )


def _place(box: Box) -> ImagePlace:
    return ImagePlace(x=round(box.x), y=round(box.y), w=round(box.w), h=round(box.h))
