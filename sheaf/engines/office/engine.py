"""Office, web and book formats by xberg, which also stands in for what liteparse refuses.

xberg gives slides, sheets and explicit pages for some formats. They are used only where they
hold the whole text: for a few files they lose words that the text of the whole document has.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from sheaf.contracts.documents import ParsedDocument, ParsedPage, ParseOptions
from sheaf.contracts.failures import DocumentError, FailureKind
from sheaf.engines.blank import blanked, word_is_blank
from sheaf.engines.detection.containers import (
    DOCX,
    MAX_ENTRIES,
    MAX_UNPACKED_BYTES,
    ODS,
    PPTX,
    XLS,
    XLSM,
    XLSX,
)
from sheaf.engines.markdown import plain_text
from sheaf.engines.office import rtf
from sheaf.engines.office.html_elements import described, prepared
from sheaf.engines.office.html_nesting import MAX_DEPTH
from sheaf.engines.office.notebooks import as_version_4
from sheaf.engines.office.rtf_changes import as_accepted
from sheaf.engines.office.sheets import headed, is_workbook, sheet_pages, without_marks
from sheaf.engines.source import Source, has_text, package_version
from sheaf.engines.system_faults import raise_if_of_machine

MAX_COMPRESSION_RATIO = 10_000
"""xberg's own limit of 100 refuses legitimate files (3 of 189); containers.py has the real gate."""

MIN_PAGE_COVERAGE = 0.98
"""Share of the document's words that its pages must hold to be used in its place."""

MAX_TABLE_CELLS = 100_000_000
"""xberg counts the places between the outermost cells; what they cost is bounded by its process."""

MAX_BYTES = 512 * 1024**2
HTML = "text/html"
RTF = "application/rtf"
NOTEBOOK = "application/x-ipynb+json"
_WORKBOOKS = "sheaf.engines.office.workbooks.reader"
OWN = {
    DOCX: "sheaf.engines.office.word.reader",
    XLSX: _WORKBOOKS,
    XLSM: _WORKBOOKS,
    XLS: _WORKBOOKS,
    ODS: _WORKBOOKS,
    PPTX: "sheaf.engines.office.slides.reader",
    "application/vnd.oasis.opendocument.text": "sheaf.engines.office.opendocument.reader",
    "application/vnd.oasis.opendocument.presentation": "sheaf.engines.office.opendocument.reader",
    "application/xml": "sheaf.engines.office.xml_documents",
}
"""Readers of our own, by the types that they read."""

WORD = re.compile(r"\w+")

FAILURES = (
    # What xberg says, in lower case, and what it means.
    (("password", "encrypted"), FailureKind.PASSWORD_REQUIRED),
    (("security limit", "security violation", "zip bomb", "too large"), FailureKind.TOO_LARGE),
    (("unsupported", "missing dependency"), FailureKind.UNSUPPORTED),
)


def read(source: Source) -> ParsedDocument:
    """Parse a document of any type but pictures.

    Raises:
        DocumentError: PasswordRequired, TooLarge, Corrupt, Unsupported, or Empty without any of the
            pages asked for.
    """
    size = source.path.stat().st_size
    if size > MAX_BYTES:
        raise DocumentError(
            FailureKind.TOO_LARGE, f"document of {size} bytes, over the limit of {MAX_BYTES}"
        )
    notes: list[str] = []
    if source.media_type in OWN:
        try:
            return _own(source)
        except DocumentError as error:
            if error.kind is not FailureKind.CORRUPT or not is_workbook(source.media_type):
                raise
            raise_if_of_machine(error)
            notes.append(f"read by xberg, without what cells show: {error.message}")
    data, left_out = _prepared(source)
    notes += left_out
    answer, content = _extract(data, source.media_type)
    names = [page.sheet_name for page in answer.pages or ()]
    whole, hidden = without_marks(content, names)
    pages = _pages(answer.pages or (), source.media_type, whole)
    has_pages = bool(pages)
    if pages and is_workbook(source.media_type):
        pages, left_out = sheet_pages(source, pages, names, hidden)
        notes += left_out
    pages = pages or [ParsedPage(page=1, text=plain_text(whole), md=whole)]
    return ParsedDocument(
        pages=source.select(pages),
        media_type=source.media_type,
        engine="xberg",
        engine_version=package_version("xberg"),
        total_pages=max(page.page for page in pages),
        metadata=described(data) if source.media_type == HTML else _metadata(answer.metadata),
        warnings=(
            *notes,
            *_warnings(source, has_pages=has_pages, is_bare=not whole.strip()),
        ),
    )


def _own(source: Source) -> ParsedDocument:
    """Read a document by a reader of our own, which holds what xberg has no place for."""
    read: Callable[[Source], ParsedDocument] = import_module(OWN[source.media_type]).read
    try:
        document = read(source)
    except RecursionError as error:
        raise DocumentError(FailureKind.TOO_LARGE, "the document is nested too deeply") from error
    has_pages = source.media_type == PPTX or document.total_pages > 1
    document = document.changed(
        warnings=(*document.warnings, *_warnings(source, has_pages=has_pages, is_bare=False))
    )
    is_blank = source.media_type == DOCX and not has_text(document) and word_is_blank(source.path)
    return blanked(document) if is_blank else document


def _prepared(source: Source) -> tuple[bytes, list[str]]:
    """Return the document as the engine is to see it, and what was left out."""
    data = source.path.read_bytes()
    if source.media_type == HTML:
        return prepared(data, source.options)
    if source.media_type == NOTEBOOK:
        return as_version_4(data), []
    return data, []


def to_markdown(data: bytes, media_type: str) -> str:
    """Return the Markdown of a part of another document, such as the HTML of a mail."""
    if media_type == HTML:
        data, _ = prepared(data, ParseOptions())
    return _extract(data, media_type)[1]


def _extract(data: bytes, media_type: str) -> tuple[Any, str]:
    """Return what xberg answers, and its text without empty lines around it."""
    letters: dict[str, str] = {}
    if media_type == RTF:
        data, letters = rtf.prepared(as_accepted(data))
    try:
        import xberg
    except ImportError as error:
        raise DocumentError(
            FailureKind.UNSUPPORTED, "this document type needs the package xberg"
        ) from error
    config = xberg.ExtractionConfig(
        use_cache=False,
        disable_ocr=True,
        output_format="markdown",
        escape_markdown=False,
        # Else it writes what a page's head says before the text, as a heading: `## title: …`.
        html_options=xberg.ConversionOptions(
            extract_metadata=False,
            max_depth=2 * MAX_DEPTH,
            # A picture within the page is no text: 100 kB of it would be 136,000 letters.
            inline_data_media=xberg.InlineDataMedia.ALT_TEXT_ONLY,
        ),
        pages=xberg.PageConfig(extract_pages=True),
        security_limits=xberg.SecurityLimits(
            max_table_cells=MAX_TABLE_CELLS,
            max_compression_ratio=MAX_COMPRESSION_RATIO,
            max_archive_size=MAX_UNPACKED_BYTES,
            max_files_in_archive=MAX_ENTRIES,
        ),
    )
    request = xberg.ExtractInput(kind="bytes", bytes=data, mime_type=media_type)
    try:
        answer = asyncio.run(xberg.extract(request, config))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - xberg raises RuntimeError for nearly everything
        _fail_as(str(error))
    if not answer.results:
        _fail_as("; ".join(str(item.message) for item in answer.errors) or "no result")
    result = answer.results[0]
    return result, rtf.restored(result.content, letters).strip("\n")


def _fail_as(message: str) -> NoReturn:
    lowered = message.lower()
    kinds = (kind for marks, kind in FAILURES if any(mark in lowered for mark in marks))
    raise DocumentError(next(kinds, FailureKind.CORRUPT), message)


def _pages(natives: Sequence[Any], media_type: str, whole: str) -> list[ParsedPage]:
    """Return pages numbered without a gap, or none when they do not hold the whole text."""
    native = sorted(natives, key=lambda page: page.page_number)
    if [page.page_number for page in native] != list(range(1, len(native) + 1)):
        return []
    pages = []
    for page in native:
        md = page.content.strip("\n")
        if is_workbook(media_type) and page.sheet_name:
            md = headed(page.sheet_name, md)
        pages.append(ParsedPage(page=page.page_number, text=plain_text(md), md=md))
    words = sum(len(WORD.findall(page.md)) for page in pages)
    return pages if words >= MIN_PAGE_COVERAGE * len(WORD.findall(whole)) else []


def _warnings(source: Source, *, has_pages: bool, is_bare: bool) -> tuple[str, ...]:
    if has_pages and is_bare and is_workbook(source.media_type):
        # There may be pictures or diagrams on it.
        return ("no sheet has a cell: only the names of the sheets were read",)
    if has_pages or (source.options.target_pages is None and source.options.max_pages is None):
        return ()
    return ("this document has no pages to select; it counts as one page",)


def _metadata(native: Any) -> dict[str, str]:
    values = {
        "title": native.title,
        "author": ", ".join(native.authors or ()),
        "subject": native.subject,
    }
    return {name: value for name, value in values.items() if value}
