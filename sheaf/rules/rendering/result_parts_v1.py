"""Results in the words of `/api/v1/parsing`: whole answers."""

from collections.abc import Iterator

from sheaf.contracts.documents import ParsedPage
from sheaf.contracts.http.parse_results import JobMetadata, JsonPage, MarkdownResult, TextResult
from sheaf.rules.rendering.markdown_items import markdown_items
from sheaf.rules.rendering.page_items import items_v1, layout, shown_image, table_names
from sheaf.rules.rendering.page_links import links_of
from sheaf.rules.rendering.written_result import WrittenResult


def v1_text(result: WrittenResult) -> Iterator[bytes]:
    """Yield the answer with the plain text of a file."""
    answer = TextResult(text=result.text, job_metadata=_metadata(result))
    yield answer.model_dump_json().encode()


def v1_markdown(result: WrittenResult) -> Iterator[bytes]:
    """Yield the answer with the markdown of a file."""
    answer = MarkdownResult(markdown=result.markdown, job_metadata=_metadata(result))
    yield answer.model_dump_json().encode()


def v1_json(result: WrittenResult) -> Iterator[bytes]:
    """Yield the answer with the pages of a file."""
    yield b'{"pages":['
    pairs = zip(result.pages, result.document.pages, strict=True)
    for at, (page, as_read) in enumerate(pairs):
        shown = _page(page, as_read, result).model_dump_json(by_alias=True)
        yield (b"," if at else b"") + shown.encode()
    yield b'],"job_metadata":' + _metadata(result).model_dump_json().encode() + b"}"


def _page(page: ParsedPage, as_read: ParsedPage, result: WrittenResult) -> JsonPage:
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
        layout=layout(page) if result.shows_layout else [],
        links=[link._asdict() for link in links_of(page.md)],
        parsing_mode=result.document.engine,
        no_text_content=not page.text.strip(),
        printed_page_number=page.printed_page_number,
        page_header_markdown=page.header,
        page_footer_markdown=page.footer,
        slide_speaker_notes=page.speaker_notes,
    )


def _metadata(result: WrittenResult) -> JobMetadata:
    return JobMetadata(job_pages=len(result.document.pages), job_is_cache_hit=result.is_reused)
