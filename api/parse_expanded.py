"""The parts of a parse result that `expand` can name."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from api.task_shown import configuration
from models.parse_tasks import (
    ContentMetadata,
    FailedPage,
    ImageMetadata,
    ImagePlace,
    ImagesMetadata,
    ItemsPage,
    ItemsPages,
    MarkdownPage,
    MarkdownPages,
    MetadataPage,
    MetadataPages,
    ParseResult,
    TextPage,
    TextPages,
)
from rules.page_items import items_v2
from services.results import TaskResult
from services.single_jobs import Task


@dataclass(frozen=True)
class Content:
    """A part of a result as a file."""

    media_type: str
    write: Callable[[TaskResult], bytes]


@dataclass(frozen=True)
class Expanding:
    """A result and what is known about its job."""

    task: Task
    result: TaskResult
    link: Callable[[str], str]
    """Makes the address of one of `CONTENTS`, or of `images/` and a picture's name."""
    image_filenames: frozenset[str] | None = None
    """The pictures to tell of; None tells of all."""


def expanded(found: ParseResult, of: Expanding, names: Sequence[str]) -> ParseResult:
    """Return a job with the parts that are named; other names give nothing."""
    values = {name: _PARTS[name](of) for name in names if name in _PARTS}
    contents = {
        kind: _content_metadata(of, kind)
        for kind in CONTENTS
        if f"{kind}_content_metadata" in names
    }
    return found.changed(**values, result_content_metadata=contents or None)


def _content_metadata(of: Expanding, kind: str) -> ContentMetadata:
    size = len(CONTENTS[kind].write(of.result))
    return ContentMetadata(size_bytes=size, presigned_url=of.link(kind))


def _images(of: Expanding) -> ImagesMetadata:
    kept = [image for _, image in of.result.images]
    names = of.image_filenames
    shown = [
        ImageMetadata(
            index=index,
            filename=image.name,
            category=image.kind,
            content_type=image.media_type,
            presigned_url=of.link(f"images/{image.name}"),
            bbox=image.box and ImagePlace(**{k: round(v) for k, v in image.box._asdict().items()}),
        )
        for index, image in enumerate(kept)
        if names is None or image.name in names
    ]
    return ImagesMetadata(total_count=len(kept), images=shown)


def _text(result: TaskResult) -> TextPages:
    return TextPages(pages=[TextPage(page_number=one.page, text=one.text) for one in result.pages])


def _markdown(result: TaskResult) -> MarkdownPages:
    return MarkdownPages(
        pages=[
            FailedPage(page_number=one.page, error=one.error)
            if one.error
            else MarkdownPage(
                page_number=one.page, markdown=one.md, header=one.header, footer=one.footer
            )
            for one in result.pages
        ]
    )


def _items(result: TaskResult) -> ItemsPages:
    return ItemsPages(
        pages=[
            FailedPage(page_number=one.page, error=one.error)
            if one.error
            else ItemsPage(
                page_number=one.page,
                items=items_v2(one),
                page_width=one.width or 0.0,
                page_height=one.height or 0.0,
            )
            for one in result.pages
        ]
    )


def _metadata(result: TaskResult) -> MetadataPages:
    return MetadataPages(
        pages=[
            MetadataPage(page_number=one.page, printed_page_number=one.printed_page_number)
            for one in result.pages
        ]
    )


def _job_metadata(of: Expanding) -> dict[str, Any]:
    document = of.result.document
    return {
        "job_pages": len(document.pages),
        "total_pages": document.total_pages,
        "job_is_cache_hit": of.result.is_reused,
        "media_type": document.media_type,
        "engine": f"{document.engine} {document.engine_version}",
        "warnings": list(document.warnings),
        "document": document.metadata,
    }


_PARTS: dict[str, Callable[[Expanding], object]] = {
    "text": lambda of: _text(of.result),
    "markdown": lambda of: _markdown(of.result),
    "items": lambda of: _items(of.result),
    "metadata": lambda of: _metadata(of.result),
    "text_full": lambda of: of.result.text,
    "markdown_full": lambda of: of.result.markdown,
    "job_metadata": _job_metadata,
    "raw_parameters": lambda of: configuration(of.task),
    "images_content_metadata": _images,
}


def _as_json(pages: BaseModel) -> bytes:
    return json.dumps(pages.model_dump(), ensure_ascii=False).encode("utf-8", "replace")


CONTENTS = {
    "text": Content("application/json", lambda result: _as_json(_text(result))),
    "markdown": Content("application/json", lambda result: _as_json(_markdown(result))),
    "items": Content("application/json", lambda result: _as_json(_items(result))),
    "metadata": Content("application/json", lambda result: _as_json(_metadata(result))),
    "text_full": Content("text/plain", lambda result: result.text.encode("utf-8", "replace")),
    "markdown_full": Content(
        "text/markdown", lambda result: result.markdown.encode("utf-8", "replace")
    ),
}
"""What a signed link can give, by the name that `expand` has for it."""
