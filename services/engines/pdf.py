"""PDF by liteparse, with OCR for pages without a text layer, and xberg for what it refuses.

liteparse stops at 1,000 pages and says nothing; so every call states its bound, and the number
of pages that came back is compared with what was asked for.
"""

import re
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from models.documents import ParsedDocument, ParsedPage
from models.failures import DocumentError, FailureKind
from services.engines import ocr
from services.engines.blank import blanked, pdf_is_blank
from services.engines.source import Source, named

PAGES_PER_CALL = 500
"""Pages asked for at once: bounds memory, and stays under liteparse's silent 1,000."""

HIGH_DPI = 300.0
"""Twice the 150 that liteparse draws pages at for OCR."""

PLACEHOLDER = re.compile(r"^!\[\]\(img_p\d+_\d+\.\w+\)\n*", re.MULTILINE)
"""Link to a picture that is not in the result. Turning them off at the source also takes away
the paragraph breaks around them."""


def read(source: Source) -> ParsedDocument:
    """Parse a PDF.

    Raises:
        DocumentError: PasswordRequired, Corrupt, Invalid page numbers, or Unsupported when only
            OCR could read it and its data is missing.
    """
    try:
        document = _read_with_liteparse(source)
    except _RefusedError as refusal:
        document = _read_with_xberg(source, str(refusal))
    return document


def render(
    source: Source, suffix: str, *, pages: str | None, limit: int, language: str | None
) -> Any:
    """Call liteparse; with a language, pages are read by OCR where they need it.

    Args:
        source: the file, of any name, and what is wanted of it.
        suffix: the extension of its detected type; liteparse goes by nothing else.
        pages: ascending ranges as in `1-5,10`, or None for all.
        limit: most pages to return, at most 1,000.
        language: Tesseract's, or None to leave OCR out.

    Raises:
        DocumentError: Unsupported, when liteparse is not installed.
        RuntimeError: whatever liteparse has against the file.
    """
    try:
        # Not the public wrapper: it copies every text item to a dataclass, which we drop, and
        # takes as long as the parse itself (0.55 s against 0.30 s on 54 PDFs, 2.18.0).
        from liteparse._liteparse import LiteParse
    except ImportError as error:
        raise DocumentError(
            FailureKind.UNSUPPORTED, "PDF and images need the package liteparse"
        ) from error
    # The folder is named even with OCR off: without one, liteparse may download.
    folder = ocr.data_folder()
    options = {
        "output_format": "markdown",
        "ocr_enabled": language is not None,
        "ocr_language": language or "eng",
        "tessdata_path": str(folder) if folder else "/nonexistent",
        "ocr_failure_fatal": False,
        "max_pages": limit,
        "num_workers": 1,
        "quiet": True,
        "skip_diagonal_text": source.options.skip_diagonal_text,
    }
    if source.options.crop:
        options["crop_box"] = source.options.crop
    if source.options.high_res_ocr and language is not None:
        options["dpi"] = HIGH_DPI
    if pages is not None:
        options["target_pages"] = pages
    with named(source.path, suffix) as name:
        return LiteParse(**options).parse(name)


def page_from(native: Any) -> ParsedPage:
    """Return liteparse's page as ours; a page without text has no markdown either."""
    text = native.text.strip("\n")
    return ParsedPage(
        page=native.page_num,
        text=text,
        # liteparse renders an empty page as an empty code block.
        md=PLACEHOLDER.sub("", native.markdown).strip("\n") if text.strip() else "",
        width=native.width,
        height=native.height,
    )


class _RefusedError(Exception):
    """liteparse cannot open the file."""


def _read_with_liteparse(source: Source) -> ParsedDocument:
    options = source.options
    first = (options.target_pages or ())[:PAGES_PER_CALL]
    limit = min(options.max_pages or PAGES_PER_CALL, PAGES_PER_CALL)
    answer = _render(source, _as_ranges(first) if first else None, limit, None)
    total = answer.total_pages
    wanted = source.wanted(total)
    pages = {page.page_num: page_from(page) for page in answer.pages}
    pages |= _fetch(source, list(wanted[limit:]), None)
    missing = [number for number in wanted if number not in pages]
    kept = [pages[number] for number in wanted if number in pages]
    warnings = [f"{len(missing)} pages could not be read"] if missing else []
    bare = [page.page for page in kept if not page.text.strip()]
    # Before OCR: a proof takes less time, and no language data.
    is_blank = len(bare) == len(wanted) and pdf_is_blank(source.path, kept)
    if bare and options.ocr and not is_blank:
        kept, warning = _with_ocr(source, kept, bare)
        warnings += warning
    document = ParsedDocument(
        pages=tuple(kept),
        media_type=source.media_type,
        engine="liteparse",
        engine_version=version("liteparse"),
        total_pages=total,
        is_truncated=bool(missing),
        warnings=tuple(warnings),
    )
    return blanked(document) if is_blank else document


def _with_ocr(
    source: Source, pages: list[ParsedPage], bare: list[int]
) -> tuple[list[ParsedPage], list[str]]:
    languages = source.options.languages
    is_optional = len(bare) < len(pages) and not source.options.strict_ocr
    if is_optional and not ocr.can_read(languages):
        # The pages that have text are worth more than a failure of the whole document.
        what = (
            "1 page without text was" if len(bare) == 1 else f"{len(bare)} pages without text were"
        )
        return pages, [f"{what} not read: OCR data not found"]
    read = _fetch(source, bare, ocr.language_argument(languages))
    return [read.get(page.page, page) for page in pages], []


def _fetch(source: Source, numbers: list[int], language: str | None) -> dict[int, ParsedPage]:
    pages = {}
    for start in range(0, len(numbers), PAGES_PER_CALL):
        part = numbers[start : start + PAGES_PER_CALL]
        for native in _render(source, _as_ranges(part), len(part), language).pages:
            pages[native.page_num] = page_from(native)
    return pages


def _render(source: Source, pages: str | None, limit: int, language: str | None) -> Any:
    try:
        return render(source, ".pdf", pages=pages, limit=limit, language=language)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        if "password" in str(error).lower():
            raise DocumentError(
                FailureKind.PASSWORD_REQUIRED, "the PDF is encrypted and needs a password"
            ) from error
        raise _RefusedError(str(error)) from error


def _as_ranges(numbers: Iterable[int]) -> str:
    """Write ascending page numbers as liteparse reads them: `1-5,10`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _read_with_xberg(source: Source, refusal: str) -> ParsedDocument:
    from services.engines import office
    from services.engines.source import has_text

    try:
        document = office.read(source)
    except DocumentError as error:
        if error.kind is FailureKind.CORRUPT:
            raise DocumentError(FailureKind.CORRUPT, refusal) from error
        raise
    if not has_text(document):
        raise DocumentError(FailureKind.CORRUPT, refusal)
    warning = f"read by the fallback engine, since liteparse refused it: {refusal}"
    return document.model_copy(update={"warnings": (*document.warnings, warning)})
