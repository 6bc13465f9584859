"""The engines without Sheaf, behind the same pool, so that only what Sheaf adds differs."""

import asyncio
import os
from functools import cache
from pathlib import Path
from typing import Any

from sheaf.contracts.documents import (
    EngineFailure,
    EngineRequest,
    EngineResult,
    ParsedDocument,
    ParsedPage,
)
from sheaf.contracts.failures import FailureKind
from sheaf.engines import ocr

BY_LITEPARSE = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".gif", ".bmp", ".webp"}
)
MEDIA_TYPES = {
    ".csv": "text/csv", ".doc": "application/msword", ".eml": "message/rfc822",
    ".epub": "application/epub+zip", ".html": "text/html", ".ipynb": "application/x-ipynb+json",
    ".md": "text/markdown", ".msg": "application/vnd.ms-outlook", ".rtf": "application/rtf",
    ".txt": "text/plain", ".xml": "application/xml",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".odp": "application/vnd.oasis.opendocument.presentation",
}  # fmt: skip
"""By the names of the files: a bare engine is told its type."""


def handle(request: EngineRequest) -> EngineResult:
    """Parse a file by the engine that Sheaf takes for it; by xberg where Sheaf reads it itself."""
    suffix = Path(request.name).suffix.lower()
    try:
        if suffix in BY_LITEPARSE:
            pages = _liteparse(request.path, is_picture=suffix != ".pdf")
        else:
            pages = [_page(1, _xberg(request.path, MEDIA_TYPES[suffix]))]
    except (RuntimeError, OSError, KeyError) as error:
        return EngineResult(failure=EngineFailure(kind=FailureKind.CORRUPT, message=str(error)))
    return EngineResult(
        document=ParsedDocument(
            pages=tuple(pages), media_type="", engine="bare", engine_version="", total_pages=1
        )
    )


def markdown_of_pdf(path: str) -> str:
    """Return the markdown of all pages, without OCR."""
    return "\n\n".join(page.md for page in _liteparse(path, is_picture=False))


def _liteparse(path: str, *, is_picture: bool) -> list[ParsedPage]:
    pages = _engine(is_picture=is_picture).parse(path).pages
    return [_page(page.page_num, page.markdown) for page in pages]


@cache
def _engine(*, is_picture: bool) -> Any:
    from liteparse._liteparse import LiteParse

    folder = ocr.data_folder()
    return LiteParse(
        output_format="markdown",
        ocr_enabled=is_picture and folder is not None,
        tessdata_path=str(folder) if folder else os.devnull,
        num_workers=1,
        quiet=True,
        keep_headers_footers=True,  # as Sheaf does
    )


def _xberg(path: str, media_type: str) -> str:
    import xberg

    config = xberg.ExtractionConfig(use_cache=False, disable_ocr=True, output_format="markdown")
    request = xberg.ExtractInput(kind="bytes", bytes=Path(path).read_bytes(), mime_type=media_type)
    answer: Any = asyncio.run(xberg.extract(request, config))
    if not answer.results:
        raise RuntimeError("; ".join(str(error.message) for error in answer.errors))
    content: str = answer.results[0].content
    return content


def _page(number: int, markdown: str) -> ParsedPage:
    return ParsedPage(page=number, text=markdown, md=markdown)
