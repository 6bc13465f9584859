"""The parts of a result in the words of v2, and what a receiver of results is sent."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.http.parse_tasks import (
    FailedPage,
    ItemsPage,
    MarkdownPage,
    MetadataPage,
    TextPage,
)
from sheaf.contracts.views import Part
from sheaf.rules.rendering.page_items import items_v2, shown_image
from sheaf.rules.rendering.result_parts_v1 import v1_json, v1_markdown, v1_text
from sheaf.rules.rendering.written_result import WrittenResult

Writer = Callable[[WrittenResult], Iterator[bytes]]


def _of_pages(
    shown: Callable[[ParsedPage], BaseModel],
    pages: Callable[[WrittenResult], Iterable[ParsedPage]] = lambda result: result.pages,
) -> Writer:
    """Return the writer of an object whose `pages` are shown one by one."""

    def write(result: WrittenResult) -> Iterator[bytes]:
        yield b'{"pages":['
        for at, page in enumerate(pages(result)):
            yield (b"," if at else b"") + to_json(shown(page))
        yield b"]}"

    return write


def _text(page: ParsedPage) -> BaseModel:
    return TextPage(page_number=page.page, text=page.text)


def _markdown(page: ParsedPage) -> BaseModel:
    if page.error:
        return FailedPage(page_number=page.page, error=page.error)
    return MarkdownPage(
        page_number=page.page, markdown=page.md, header=page.header, footer=page.footer
    )


def _items(page: ParsedPage) -> BaseModel:
    if page.error:
        return FailedPage(page_number=page.page, error=page.error)
    return ItemsPage(
        page_number=page.page,
        items=items_v2(page),
        page_width=page.width or 0.0,
        page_height=page.height or 0.0,
    )


def _metadata(page: ParsedPage) -> BaseModel:
    return MetadataPage(
        page_number=page.page,
        printed_page_number=page.printed_page_number,
        original_orientation_angle=page.orientation,
        speaker_notes=page.speaker_notes,
    )


def _job_metadata(result: WrittenResult) -> Iterator[bytes]:
    document = result.document
    yield to_json(
        {
            "job_pages": len(document.pages),
            "total_pages": document.total_pages,
            "job_is_cache_hit": result.is_reused,
            "media_type": document.media_type,
            "engine": f"{document.engine} {document.engine_version}",
            "warnings": list(document.warnings),
            "document": document.metadata,
        }
    )


def _push(result: WrittenResult) -> Iterator[bytes]:
    pages: list[dict[str, Any]] = [
        {
            "page": page.page,
            "text": page.text,
            "md": page.md,
            "images": [shown_image(image) for image in page.images],
        }
        for page in result.pages
    ]
    names = [image.name for image in result.images()]
    pushed = {"txt": result.text, "md": result.markdown, "json": pages, "images": names}
    yield json.dumps(pushed).encode()


def _utf8(text: str) -> Iterator[bytes]:
    yield text.encode("utf-8", "replace")


def _json(text: str) -> Iterator[bytes]:
    yield to_json(text)


WRITERS: dict[Part, Writer] = {
    Part.TEXT: _of_pages(_text, lambda result: result.texts),
    Part.MARKDOWN: _of_pages(_markdown),
    Part.ITEMS: _of_pages(_items),
    Part.METADATA: _of_pages(_metadata, lambda result: result.document.pages),
    Part.TEXT_FULL: lambda result: _utf8(result.text),
    Part.MARKDOWN_FULL: lambda result: _utf8(result.markdown),
    Part.TEXT_FULL_JSON: lambda result: _json(result.text),
    Part.MARKDOWN_FULL_JSON: lambda result: _json(result.markdown),
    Part.JOB_METADATA: _job_metadata,
    Part.V1_TEXT: v1_text,
    Part.V1_MARKDOWN: v1_markdown,
    Part.V1_JSON: v1_json,
    Part.PUSH: _push,
}
"""How each part is written but the workbook, which is no text."""
